// Checks the OpenAPI document against the rules of redocly (redocly.yaml) and spectral (.spectral.yaml). The packages'
// own commands read the same files: npx spectral lint ../../web/openapi.json

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { lint, loadConfig } from '@redocly/openapi-core';

const HERE = new URL('.', import.meta.url).pathname;
const DOCUMENT = new URL('../../web/openapi.json', import.meta.url).pathname;

// What redocly finds wrong with the document in this file, as "rule: message at place".
async function redocly(file) {
  const config = await loadConfig({ configPath: `${HERE}redocly.yaml` });
  const found = await lint({ ref: file, config });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`);
}

// The same for spectral. It exits with 1 if it finds anything.
async function spectral(file) {
  const arguments_ = ['lint', '--ruleset', '.spectral.yaml', '--fail-severity', 'hint', '--format', 'json', '--quiet', file];
  const { stdout } = await promisify(execFile)(`${HERE}node_modules/.bin/spectral`, arguments_, { cwd: HERE }).catch((error) => {
    assert.equal(error.code, 1, error.stderr);
    return error;
  });
  return JSON.parse(stdout).map(({ code, message, path }) => `${code}: ${message} at ${path.join('/')}`);
}

describe('the document keeps the rules', () => {
  it('of redocly', async () => {
    assert.deepEqual(await redocly(DOCUMENT), []);
  });

  it('of spectral', async () => {
    assert.deepEqual(await spectral(DOCUMENT), []);
  });

  it('which notice what is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weather-cache-openapi-'));
    try {
      const wrong = JSON.parse(await readFile(DOCUMENT, 'utf8'));
      delete wrong.security;
      wrong.paths['/weather'].get.operationId = wrong.paths['/'].get.operationId;
      const file = join(folder, 'wrong.json');
      await writeFile(file, JSON.stringify(wrong));
      const redoclys = (await redocly(file)).join('\n');
      assert.match(redoclys, /^security-defined: /m);
      assert.match(redoclys, /^operation-operationId-unique: /m);
      assert.match((await spectral(file)).join('\n'), /^operation-operationId-unique: /m);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
