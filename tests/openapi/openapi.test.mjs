// Keeps GET /openapi.json true: it is a valid OpenAPI 3.1 document, and the live answers of every route and every error
// conform to it. The service answers with nothing that the document does not name.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';

import { answerOfProvider, startProvider, startRedis, startService, startSilence } from '../support/service.mjs';

// A path of the document with values for its parameters. `kind` and `file` are those of the answers that are wanted.
const filled = (path, { kind = 'x', file = 'x' } = {}) => path.replace('{kind}', kind).replace('{file}', file).replace('{api}', 'api').replace('{path}', 'forecast').replace('{model}', 'dwd_icon');

const ROOT = new URL('../../', import.meta.url);
const TOKEN = 'token-of-the-test';
const AUTHORIZED = { Authorization: `Bearer ${TOKEN}` };
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

// Headers that HTTP itself and the protection of the page add to any answer. The document does not list them.
const ANY = new Set(['date', 'content-length', 'content-type', 'connection', 'x-content-type-options', 'access-control-allow-origin', 'access-control-expose-headers', 'content-encoding',
  'content-security-policy', 'referrer-policy', 'cross-origin-opener-policy', 'cross-origin-embedder-policy', 'cross-origin-resource-policy', 'vary']);

let doc;
let ajv;
let redis;
let provider;
let service; // with everything enabled
const own = []; // more services

async function start(settings) {
  const started = await startService({ OPEN_METEO_URL: provider.url, ADMIN_TOKEN: TOKEN, MOCK_DELAY: '20ms', ERROR_TTL: '1ms', CACHE_KEEP: '0', CACHE_STALE: '0', ...settings });
  own.push(started);
  return started;
}

// Runs a test with a service whose provider decides so.
async function withProvider(decide, test) {
  const its = await startProvider();
  its.decide = decide;
  try {
    const started = await start({ OPEN_METEO_URL: `${its.url}/{api}`, CACHE_KEEP: '1h' });
    await test(started);
  } finally {
    await its.stop();
  }
}

before(async () => {
  redis = await startRedis();
  provider = await startProvider();
  provider.decide = answerOfProvider;
  service = await start({ REDIS_URL: redis.url, UPSTREAM_TIMEOUT: '300ms', UPSTREAM_LIMIT: 'off' });
  doc = JSON.parse((await ask(service, 'GET', '/openapi.json')).body);
  ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
  for (const keyword of ['components', 'info', 'openapi', 'paths', 'security', 'servers', 'tags', 'example']) ajv.addKeyword(keyword);
  ajv.addSchema({ $id: 'https://weather-cache.invalid/openapi', ...doc });
});
after(async () => {
  for (const each of own) await each.stop();
  await provider?.stop();
  await redis?.stop();
});

// Sends one request unchanged over a new connection.
function ask(to, method, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(to.url + path, { method, headers, agent: false }, async (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      for await (const part of answer) body += part;
      resolve({ status: answer.statusCode, headers: answer.headers, body });
    });
    sent.on('error', reject);
    sent.end();
  });
}

// Sends these bytes unchanged, without the corrections of node's client.
function raw(to, bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(to.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => { text += part; }).on('error', reject).on('close', () => {
      const [head, body] = text.split(/\r\n\r\n(.*)/s);
      const [line, ...lines] = head.split('\r\n');
      resolve({
        status: Number(line.split(' ')[1]),
        headers: Object.fromEntries(lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 1).trim()])),
        body,
      });
    });
    socket.write(bytes);
  });
}

const resolved = (object) => (object.$ref ? object.$ref.slice(2).split('/').reduce((at, key) => at[key], doc) : object);
const usedResponses = new Set(); // the responses of the document that were seen, such as "GET /weather 200"
const usedRefusals = new Set(); // those of REFUSALS that were seen, with any route

// What the server answers before it looks for a route: the same for all of them.
const REFUSALS = ['Malformed', 'RequestTimeout', 'ContentTooLarge', 'UriTooLong', 'HeadersTooLarge', 'NotImplemented', 'Full', 'VersionUnsupported'].map((name) => `#/components/responses/${name}`);
function assertValid(schema, value, what) {
  // References within the schema lead into the document.
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://weather-cache.invalid/openapi#/')));
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
}

// Checks that the document describes this answer for this operation.
function assertConforms(answer, method, path, status, { body = true } = {}) {
  const where = `${method} ${path} ${status}`;
  assert.equal(answer.status, status, `${where}: ${answer.body}`);
  const operation = doc.paths[path]?.[method.toLowerCase()];
  assert.ok(operation, `${where}: no such operation in the document`);
  const named = operation.responses[status];
  assert.ok(named, `${where}: no such status in the document`);
  usedResponses.add(where);
  usedRefusals.add(named.$ref);
  const response = resolved(named);
  const documented = Object.fromEntries(Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), resolved(header)]));
  for (const [name, header] of Object.entries(documented)) {
    const value = answer.headers[name];
    if (value === undefined) assert.ok(!header.required, `${where}: ${name} is missing`);
    else assertValid(header.schema, value, `${where}: ${name}`);
  }
  for (const name of Object.keys(answer.headers)) {
    if (!ANY.has(name)) assert.ok(name in documented, `${where}: the header ${name} is not in the document`);
  }
  if (!response.content) return assert.equal(answer.body ?? '', '', where);
  const type = (answer.headers['content-type'] ?? '').split(';')[0];
  const content = response.content[type] ?? response.content['*/*'];
  assert.ok(content, `${where}: ${type} is not in the document`);
  if (!body) return undefined;
  if (!type.endsWith('json')) {
    assert.notEqual(answer.body, '');
  } else {
    assertValid(content.schema ?? {}, JSON.parse(answer.body), where);
    if (type === 'application/problem+json') assert.equal(JSON.parse(answer.body).status, status);
  }
  return undefined;
}

// Sends a request, checks the answer, and returns it.
async function check(method, path, target, status, { headers = {}, to = service } = {}) {
  const answer = await ask(to, method, target, headers);
  assertConforms(answer, method, path, status);
  return answer;
}

const PROVIDERS = ['/v1/{path}', '/{api}/v1/{path}', '/data/{model}/static/meta.json'];
// Their rows in src/open_meteo/api.cpp.
const HOSTS = /LabelRow\{\w+, "([a-z-]+)"/g;
const SEGMENTS = /PathRow\{Path::\w+, "([a-z0-9-]+)"/g;

// A new question for one of the provider's paths.
const question = (() => {
  let n = 0;
  return (path, more = '') => `${filled(path)}?latitude=52.52&longitude=13.41&hourly=rain&n=${(n += 1)}${more}`;
})();

const place = (() => {
  let n = 0;
  return () => `/weather?lat=${(n += 1) / 10}&lon=20`;
})();

describe('the document', () => {
  it('is valid OpenAPI 3.1 and tells the version of the program', async () => {
    const result = await new Validator().validate(structuredClone(doc));
    assert.ok(result.valid, JSON.stringify(result.errors));
    assert.match(doc.openapi, /^3\.1\./);
    const stats = JSON.parse((await ask(service, 'GET', '/stats')).body);
    assert.equal(doc.info.version, stats.version);
  });

  it('names exactly the routes of the program', async () => {
    const source = await readFile(new URL('src/endpoints/endpoints.cpp', ROOT), 'utf8');
    const prefixes = { '/problems/': '/problems/{kind}', '/assets/': '/assets/{file}' };
    const routes = [...source.matchAll(/"(\/[a-z./-]*)"/g)].map(([, path]) => prefixes[path] ?? path);
    // The provider's paths are those of open_meteo::find_resource().
    const own = Object.keys(doc.paths).filter((path) => !PROVIDERS.includes(path));
    assert.deepEqual([...new Set(routes)].sort(), own.sort());
  });

  it("names exactly the provider's hosts and paths", async () => {
    const source = await readFile(new URL('src/open_meteo/api.cpp', ROOT), 'utf8');
    const rows = (pattern) => [...source.matchAll(pattern)].map(([, name]) => name);
    assert.deepEqual(doc.components.parameters.ProviderApi.schema.enum, rows(HOSTS));
    assert.deepEqual(doc.components.parameters.ProviderPath.schema.enum, rows(SEGMENTS));
  });

  it('names exactly the methods that each path allows', async () => {
    for (const [path, operations] of Object.entries(doc.paths)) {
      const answer = await ask(service, 'OPTIONS', filled(path, { kind: 'internal' }));
      const named = Object.keys(operations).map((method) => method.toUpperCase());
      const allowed = answer.headers.allow.split(', ').filter((method) => !['HEAD', 'OPTIONS'].includes(method));
      assert.deepEqual(allowed.sort(), named.sort(), path);
    }
  });

  it('is kept by its validator', async () => {
    const first = await ask(service, 'GET', '/openapi.json');
    const answer = await ask(service, 'GET', '/openapi.json', { 'If-None-Match': first.headers.etag });
    assertConforms(answer, 'GET', '/openapi.json', 304);
    assert.equal(first.headers['cache-control'], 'public, no-cache');
  });

  it('is checked by tests that notice what is wrong', () => {
    const good = { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': 'a' }, body: '{"status":"ok"}' };
    assertConforms(good, 'GET', '/livez', 200);
    for (const bad of [{ ...good, body: '{"status":"fine"}' }, { ...good, body: '{"status":"ok","more":1}' }, { ...good, body: '{}' },
      { ...good, headers: { ...good.headers, 'content-type': 'text/html' } }, { ...good, headers: { ...good.headers, 'x-new': '1' } },
      { ...good, headers: { ...good.headers, 'x-request-id': 'a b' } }]) {
      assert.throws(() => assertConforms(bad, 'GET', '/livez', 200), JSON.stringify(bad));
    }
  });
});

describe('answers', () => {
  it('of the weather conform, however they came about', async () => {
    for (const more of ['', '&mock=true', '&mock=true&cache=redis', '&mock=true&cache=off', '&format=html', '&mock=true&format=html']) {
      const target = place() + more;
      for (let i = 0; i < 3; i += 1) await check('GET', '/weather', target, 200, { headers: { traceparent: TRACE } });
    }
    const again = place();
    const { headers } = await check('GET', '/weather', again, 200);
    assert.equal(headers['x-cache'], 'MISS');
    await check('GET', '/weather', again, 304, { headers: { 'If-None-Match': headers.etag } });
    await check('GET', '/weather', '/weather?lat=-23%2C55&lon=1&format=html', 303, { headers: { traceparent: TRACE } });
  });

  it('of all other routes conform', async () => {
    for (const path of ['/', '/stats', '/metrics', '/openapi.json', '/robots.txt', '/health/live', '/livez', '/healthz', '/health/ready', '/readyz']) {
      await check('GET', path, path, 200, { headers: { traceparent: TRACE, 'X-Request-Id': 'mine' } });
    }
    const page = (await ask(service, 'GET', '/')).body;
    const style = /"(\/assets\/style\.[^"]+)"/.exec(page)[1];
    const { headers } = await check('GET', '/assets/{file}', style, 200);
    await check('GET', '/assets/{file}', style, 304, { headers: { 'If-None-Match': headers.etag } });
    await check('POST', '/lab/stampede', '/lab/stampede?n=3', 200);
    await check('POST', '/lab/redis-outage', '/lab/redis-outage', 200, { to: await start({ REDIS_URL: redis.url }) });
  });

  it('explain every kind of problem', async () => {
    const source = await readFile(new URL('src/base/error.cpp', ROOT), 'utf8');
    const kinds = [...source.matchAll(/\{ErrorKind::\w+, "([a-z-]+)"/g)].map(([, kind]) => kind);
    assert.ok(kinds.length > 20);
    const named = doc.paths['/problems/{kind}'].get.parameters.find(({ name }) => name === 'kind');
    assert.deepEqual(named.schema.enum, kinds);
    for (const kind of kinds) await check('GET', '/problems/{kind}', `/problems/${kind}`, 200);
  });

  it("of the provider's paths conform", async () => {
    await withProvider(answerOfProvider, async (api) => {
      for (const path of PROVIDERS) {
        const target = question(path);
        for (let i = 0; i < 2; i += 1) await check('GET', path, target, 200, { headers: { traceparent: TRACE }, to: api });
        const { headers } = await check('GET', path, target, 200, { to: api });
        await check('GET', path, target, 304, { headers: { 'If-None-Match': headers.etag }, to: api });
        await check('DELETE', path, target, 204, { headers: AUTHORIZED, to: api });
        await check('GET', path, target, 504, { headers: { 'Cache-Control': 'only-if-cached' }, to: api });
      }
      const csv = await check('GET', '/v1/{path}', question('/v1/{path}', '&format=csv'), 200, { to: api });
      assert.ok(csv.headers['content-disposition']);
    });
  });

  it('to HEAD have the same head', async () => {
    const answer = await ask(service, 'HEAD', '/stats');
    assertConforms(answer, 'GET', '/stats', 200, { body: false });
  });

  it('to purges conform', async () => {
    await check('DELETE', '/weather', place(), 204, { headers: AUTHORIZED });
    await check('DELETE', '/cache', '/cache', 204, { headers: AUTHORIZED });
  });
});

describe('errors', () => {
  it('of the question', async () => {
    for (const target of ['/weather', '/weather?lat=91&lon=x', '/weather?lat=1&lon=1&cache=off', '/weather?lat=1&lon=1&format=html&mock=maybe']) {
      await check('GET', '/weather', target, 400);
    }
    await check('DELETE', '/weather', '/weather?lat=1', 400, { headers: AUTHORIZED });
    await check('POST', '/lab/stampede', '/lab/stampede?n=0', 400);
    await check('GET', '/weather', place(), 504, { headers: { 'Cache-Control': 'only-if-cached' } });
  });

  it('of the caller', async () => {
    await check('DELETE', '/weather', place(), 401);
    await check('DELETE', '/cache', '/cache', 401, { headers: { Authorization: 'Bearer wrong-token' } });
    await check('GET', '/problems/{kind}', '/problems/none', 404);
    await check('GET', '/assets/{file}', '/assets/none.css', 404);
    for (const [path, operations] of Object.entries(doc.paths)) {
      const operation = Object.keys(operations)[0].toUpperCase();
      const answer = await ask(service, 'PATCH', filled(path));
      assertConforms(answer, operation, path, 405);
    }
    const plain = await start({ LAB: 'off', ADMIN_TOKEN: '' });
    await check('POST', '/lab/stampede', '/lab/stampede', 404, { to: plain });
    await check('POST', '/lab/redis-outage', '/lab/redis-outage', 404, { to: plain });
    await check('POST', '/lab/redis-outage', '/lab/redis-outage', 404, { to: await start({}) });
    await check('DELETE', '/cache', '/cache', 405, { to: plain });
    await check('DELETE', '/weather', place(), 405, { to: plain });
  });

  it('of the provider', async () => {
    const say = (status, reason) => { provider.answer = { status, body: { error: true, reason } }; };
    try {
      say(400, 'Latitude must be in range');
      const refused = place();
      await check('GET', '/weather', refused, 400);
      await check('GET', '/weather', refused, 400); // answered from memory
      say(500, 'oh');
      await check('GET', '/weather', place(), 502);
      await check('GET', '/weather', place(), 502, { headers: { Accept: 'text/html' } });
      provider.answer = { status: 200, body: 'nonsense' };
      await check('GET', '/weather', place(), 502);
      say(429, 'Minutely API request limit exceeded. Please try again in one minute.');
      const limited = await start({});
      await check('GET', '/weather', place(), 429, { to: limited });
    } finally {
      provider.answer = provider.good;
    }
    const silence = await startSilence();
    try {
      const slow = await start({ OPEN_METEO_URL: silence.url, UPSTREAM_TIMEOUT: '50ms' });
      await check('GET', '/weather', place(), 504, { to: slow });
    } finally {
      await silence.stop();
    }
  });

  it("on the provider's paths", async () => {
    for (const path of PROVIDERS) {
      const target = question(path);
      await check('GET', path, `${target}&apikey=secret`, 400);
      await check('GET', path, target.replace('/api/', '/customer-api/'), 401, { headers: { Host: 'customer-api.open-meteo.com' } });
      for (const method of ['GET', 'DELETE']) await check(method, path, target.replace('forecast', 'none').replace('meta.json', 'none'), 404, { headers: AUTHORIZED });
      await check('DELETE', path, target, 401);
      assertConforms(await raw(service, `DELETE ${target} HTTP/1.1\r\n\r\n`), 'DELETE', path, 400);
      for (const [method, content] of [['POST', 'a=1'], ['DELETE', 'a=1'], ['PATCH', '']]) {
        const answer = await raw(service, `${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${content.length}\r\n\r\n${content}`);
        for (const documented of ['GET', 'DELETE']) assertConforms(answer, documented, path, 405);
      }
      for (const [status, given] of [[400, 400], [401, 401], [403, 403], [502, 500], [429, 429]]) {
        await withProvider(() => ({ status: given, body: { error: true, reason: 'The words of the provider' } }), async (api) => {
          const answer = await check('GET', path, target, status, { to: api });
          if (status !== 502) assert.equal(JSON.parse(answer.body).reason, 'The words of the provider');
        });
      }
    }
    const other = '/{api}/v1/{path}'; // the first part is no host of the provider's
    for (const method of ['GET', 'DELETE']) await check(method, other, '/none/v1/forecast', 404, { headers: AUTHORIZED });
    const single = await start({ ADMIN_TOKEN: 'the-right-token', REDIS_URL: 'redis://127.0.0.1:1' });
    for (const path of PROVIDERS) {
      const answer = await check('DELETE', path, question(path), 502, { headers: { Authorization: 'Bearer the-right-token' }, to: single });
      assert.match(JSON.parse(answer.body).reason, /Purged in this process only/);
    }
    for (let i = 0; i < 10; i += 1) await check('DELETE', '/cache', '/cache', 401, { headers: { Authorization: 'Bearer a-wrong-token' }, to: single });
    for (const path of PROVIDERS) await check('DELETE', path, question(path), 429, { headers: { Authorization: 'Bearer a-wrong-token' }, to: single });
  });

  it('of a Redis that is out of reach', async () => {
    const alone = await start({ REDIS_URL: 'redis://127.0.0.1:1' }); // no server listens on port 1
    await check('DELETE', '/weather', place(), 503, { headers: AUTHORIZED, to: alone });
    await check('DELETE', '/cache', '/cache', 503, { headers: AUTHORIZED, to: alone });
  });

  it('of those who ask too much', async () => {
    const strict = await start({ CLIENT_LOADS: '1/m', MOCK_DELAY: '300ms' });
    await check('GET', '/weather', place(), 200, { to: strict });
    await check('GET', '/weather', place(), 429, { to: strict });
    const [first, second] = await Promise.all([ask(strict, 'POST', '/lab/stampede?n=2'), ask(strict, 'POST', '/lab/stampede?n=2')]);
    assertConforms(first, 'POST', '/lab/stampede', first.status);
    assertConforms(second, 'POST', '/lab/stampede', second.status);
    assert.deepEqual([first.status, second.status].sort(), [200, 429]);
    const fragile = await start({ REDIS_URL: redis.url });
    for (const status of [200, 429]) await check('POST', '/lab/redis-outage', '/lab/redis-outage', status, { to: fragile });
    const single = await start({ MOCK_LOADS: '1/d', ADMIN_TOKEN: 'the-right-token' });
    await check('GET', '/weather', `${place()}&mock=true`, 200, { to: single });
    await check('GET', '/weather', `${place()}&mock=true`, 429, { to: single });
    const guess = (path, target, status) => check('DELETE', path, target, status, { headers: { Authorization: 'Bearer a-wrong-token' }, to: single });
    for (let i = 0; i < 10; i += 1) await guess('/cache', '/cache', 401);
    await guess('/cache', '/cache', 429);
    await guess('/weather', place(), 429);
  });

  it('of a condition that does not hold', async () => {
    const page = await ask(service, 'GET', '/');
    const [asset] = /\/assets\/[^"]+/.exec(page.body);
    const targets = { '/weather': place(), '/problems/{kind}': '/problems/bad-parameter', '/assets/{file}': asset };
    for (const [path, operations] of Object.entries(doc.paths)) {
      for (const method of Object.keys(operations)) {
        await check(method.toUpperCase(), path, targets[path] ?? (PROVIDERS.includes(path) ? question(path) : path), 412, { headers: { ...AUTHORIZED, 'If-Match': '"another"' } });
      }
    }
  });

  it('of pages of other sites', async () => {
    for (const path of ['/lab/stampede', '/lab/redis-outage']) await check('POST', path, path, 403, { headers: { 'Sec-Fetch-Site': 'cross-site' } });
  });

  it('of bytes that are no request', async () => {
    const quick = await start({ REQUEST_TIMEOUT: '300ms', THREADS: '1' });
    const cases = [
      [400, 'GET / HTTP/1.1\r\n\r\n'], [413, 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'],
      [414, `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`], [431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
      [501, 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n'], [505, 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'], [408, 'GET / HT'],
    ];
    for (const [status, bytes] of cases) {
      const answer = await raw(quick, bytes);
      assertConforms(answer, 'GET', '/', status);
      assert.equal(answer.headers.connection, 'close');
    }
  });

  it('of a service that is full, or goes', async () => {
    const full = await start({ MAX_CONNECTIONS: '1', THREADS: '1', DRAIN_DELAY: '5s' });
    const socket = connect(Number(new URL(full.url).port), '127.0.0.1');
    // One request is answered and the next one has begun, so the connection is not idle and keeps the only place.
    socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /livez');
    await new Promise((done) => { socket.once('data', done); });
    const refused = await raw(full, 'GET /weather?lat=1&lon=1 HTTP/1.1\r\nHost: a\r\n\r\n');
    assertConforms(refused, 'GET', '/weather', 503);
    assertConforms(refused, 'GET', '/', 503);
    socket.destroy();

    const leaving = await start({ DRAIN_DELAY: '5s' });
    leaving.signal('SIGTERM');
    for (let answer; answer?.status !== 503;) answer = await ask(leaving, 'GET', '/health/ready');
    await check('GET', '/health/ready', '/health/ready', 503, { to: leaving });
    await check('GET', '/readyz', '/readyz', 503, { to: leaving });
  });

  // Every response of the document was seen, except those that cannot be provoked from outside.
  it('leave nothing in the document untested', () => {
    for (const [path, operations] of Object.entries(doc.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        for (const [status, { $ref }] of Object.entries(responses)) {
          const name = `${method.toUpperCase()} ${path} ${status}`;
          if ($ref === '#/components/responses/Internal' || REFUSALS.includes($ref)) continue;
          assert.ok(usedResponses.has(name), `no answer was checked as ${name}`);
        }
      }
    }
    for (const refusal of REFUSALS) assert.ok(usedRefusals.has(refusal), `no answer was checked as ${refusal}`);
  });
});
