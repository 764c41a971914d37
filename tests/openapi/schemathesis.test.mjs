// Lets schemathesis derive requests from the OpenAPI document, good and bad ones, and check every answer against the
// document. The service runs with everything enabled, and with a provider and a Redis that always answer well: what an
// answer is depends on the request alone. All traffic stays on 127.0.0.1.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, it } from 'node:test';

import { answerOfProvider, startProvider, startRedis, startService } from '../support/service.mjs';

const HERE = new URL('.', import.meta.url).pathname;
const DOCUMENT = new URL('../../web/openapi.json', import.meta.url).pathname;
const TOKEN = 'token-of-the-test';

const asked = { 200: 0, 400: 0 }; // questions on the provider's paths, by the status of the answer
let redis;
let provider;
let service;

before(async () => {
  redis = await startRedis();
  provider = await startProvider();
  provider.decide = (request) => {
    const answer = answerOfProvider(request);
    if (answer) asked[answer.status ?? 200] += 1;
    return answer;
  };
  service = await startService({ OPEN_METEO_URL: `${provider.url}/{api}`, REDIS_URL: redis.url, UPSTREAM_LIMIT: 'off', ADMIN_TOKEN: TOKEN, MOCK_DELAY: '1ms', MOCK_LOADS: 'off' });
});
after(async () => {
  await service?.stop();
  await provider?.stop();
  await redis?.stop();
});

// The name of a file of the page, which contains a hash.
async function nameOfAsset() {
  const page = await (await fetch(service.url)).text();
  return /"\/assets\/(style\.[^"]+)"/.exec(page)[1];
}

it('schemathesis finds nothing that contradicts the document', { timeout: 300_000 }, async ({ signal }) => {
  const child = spawn(process.env.WX_SCHEMATHESIS, ['--config-file', 'schemathesis.toml', '--no-color', 'run', DOCUMENT, '--url', service.url], {
    cwd: HERE,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1', SCHEMATHESIS_HOOKS: 'hooks', TOKEN, ASSET: await nameOfAsset() },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => { said += part; });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, said);
  const { paths } = JSON.parse(await readFile(DOCUMENT, 'utf8'));
  const operations = Object.values(paths).flatMap(Object.keys).length;
  assert.match(said, new RegExp(`Tested: +${operations}$`, 'm'), said);
  for (const [status, count] of Object.entries(asked)) assert.ok(count > 0, `the provider has answered no question with ${status}`);
});
