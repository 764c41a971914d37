// Runs each case of tests/field/cases against the built program. README.md says what a case is.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';

import { PROGRAM, startClock, startProvider, startRedis, startService } from '../support/service.mjs';
import { Connection, PATIENCE } from './wire.mjs';

const FOLDER = new URL('cases/', import.meta.url);
const MEMBERS = new Set(['title', 'why', 'settings', 'provider', 'redis', 'clock', 'steps', 'run']);
const STEP = new Set(['send', 'answers', 'then', 'on', 'passing']);
const ANSWER = new Set(['status', 'version', 'headers', 'body', 'head']);

// A misspelt member would be a check that never fails.
function known(what, members, where) {
  for (const name of Object.keys(what)) assert.ok(members.has(name), `${where}: unknown member "${name}"`);
}

function matches(actual, expected, what) {
  if (expected === null) assert.equal(actual, undefined, `${what} should be absent`);
  else if (typeof expected === 'function') expected(actual);
  else if (expected instanceof RegExp) assert.match(actual ?? '(absent)', expected, what);
  else assert.equal(actual, expected, what);
}

function compare(answer, expected, where) {
  known(expected, ANSWER, where);
  const told = `${where}: ${answer.status} ${answer.body}`;
  if (expected.status !== undefined) assert.equal(answer.status, expected.status, told);
  if (expected.version !== undefined) assert.equal(answer.version, expected.version, where);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    assert.equal(name, name.toLowerCase(), `${where}: names of headers are in lower case`);
    matches(answer.headers[name], value, `${where}: header ${name}`);
  }
  if (expected.body !== undefined) matches(answer.body, expected.body, `${where}: body`);
}

// A further request, whose answer is told from any other by its id.
async function isOpen(connection, where) {
  const id = randomUUID();
  await connection.send(`GET /nowhere HTTP/1.1\r\nHost: field\r\nX-Request-Id: ${id}\r\n\r\n`);
  const answer = await connection.answer();
  assert.deepEqual([answer.status, answer.headers['x-request-id']], [404, id], where);
  assert.equal(connection.rest.toString('latin1'), '', `${where}: more came than was asked for`);
}

async function step(field, what, connections, where) {
  known(what, STEP, where);
  const name = what.on ?? '';
  if (!connections.has(name)) connections.set(name, await field.connect());
  const connection = connections.get(name);
  if (what.send !== undefined) await connection.send(what.send);
  // Nothing tells when the service has read what was sent, so one jump of the clock could come too early.
  const passing = what.passing === undefined ? undefined : setInterval(() => field.clock.advance(what.passing), 50);
  try {
    for (const [index, expected] of (what.answers ?? []).entries()) {
      compare(await connection.answer({ head: expected.head }), expected, `${where}, answer ${index + 1}`);
    }
    if (what.then === 'open') await isOpen(connection, `${where}: the connection stays open`);
    else if (what.then === 'closed') assert.equal(await connection.ended(), '', `${where}: nothing more comes before the end`);
    else assert.equal(what.then, undefined, `${where}: "then" is 'open' or 'closed'`);
  } finally {
    clearInterval(passing);
  }
}

async function makeField(context, what) {
  const started = [];
  const keep = (each) => {
    started.push(each);
    return each;
  };
  context.after(async () => {
    for (const each of started.reverse()) await each.stop();
  });
  const clock = what.clock ? keep(await startClock()) : undefined;
  const redis = what.redis ? keep(await startRedis(clock?.setting)) : undefined;
  const provider = keep(await startProvider());
  if (what.provider) provider.decide = what.provider;
  const common = { OPEN_METEO_URL: provider.url, ...(redis && { REDIS_URL: redis.url }), ...clock?.setting };
  const start = async (settings = {}) => keep(await startService({ ...common, ...settings }));
  const settings = typeof what.settings === 'function' ? what.settings({ provider, redis }) : what.settings;
  const service = await start(settings);
  const connect = async (to = service) => {
    const connection = await Connection.open(to.url);
    keep({ stop: () => connection.close() });
    return connection;
  };
  // One request over a connection of its own, with just these headers besides Host and Connection.
  const fetch = async (path, { method = 'GET', headers = {}, body = '', to = service } = {}) => {
    const connection = await Connection.open(to.url);
    const lines = Object.entries({ Host: 'field', Connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    await connection.send(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
    try {
      return await connection.answer({ head: method === 'HEAD' });
    } finally {
      connection.close();
    }
  };
  return {
    clock, redis, provider, service, start, connect, fetch,
    url: service.url,
    // The value of a metric, with its labels as /metrics writes them.
    async metric(name) {
      const line = (await fetch('/metrics')).body.split('\n').find((each) => each.startsWith(`${name} `));
      assert.ok(line, `no metric ${name}`);
      return Number(line.slice(name.length + 1));
    },
    // Waits until `condition`, which may be asynchronous, holds.
    async until(condition, what) {
      for (const deadline = Date.now() + PATIENCE; !await condition();) {
        assert.ok(Date.now() < deadline, `within ${PATIENCE} ms: ${what}`);
        await new Promise((resolve) => { setTimeout(resolve, 10); });
      }
    },
    // Runs the program with these settings and arguments to its end.
    async program(own, ...args) {
      const child = spawn(PROGRAM, args, { env: { PATH: process.env.PATH, ...own }, stdio: ['ignore', 'pipe', 'pipe'] });
      keep({ stop: () => child.kill('SIGKILL') });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
      const [code] = await once(child, 'close');
      return { code, output };
    },
  };
}

const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.mjs') && name.includes(process.env.FIELD ?? '')).sort();
assert.notEqual(files.length, 0, 'no such case');

for (const file of files) {
  const { default: what } = await import(new URL(file, FOLDER));
  test(`${file.slice(0, -'.mjs'.length)}: ${what.title}`, async (context) => {
    known(what, MEMBERS, file);
    assert.ok(what.title && what.why, 'a case has a title and says why');
    assert.ok(Boolean(what.steps) !== Boolean(what.run), 'a case has either steps or run');
    const field = await makeField(context, what);
    if (what.run) {
      await what.run(field);
      return;
    }
    const connections = new Map();
    for (const [index, each] of what.steps.entries()) await step(field, each, connections, `step ${index + 1}`);
    // Whatever was sent, the service is still there for others.
    assert.equal((await field.fetch('/livez')).status, 200, 'the service is alive');
  });
}
