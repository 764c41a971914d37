// The built program, a Redis, and a provider that follows a script, for tests in Node. Each listens on a port that the
// system chooses, and is stopped through its handle.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ftruncateSync, openSync, closeSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export const PROGRAM = process.env.WX_PROGRAM ?? new URL('../../build/release/weather-cache', import.meta.url).pathname;
// The same program with a clock that a test can move.
const MOVABLE = join(dirname(PROGRAM), 'tests/program/weather-cache-movable');

async function ended(child) {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

// Starts the service with these settings and nothing from this process's environment. It waits long for Redis, because
// on a busy machine 50 ms pass before any program answers. With the setting of startClock(), it runs on that clock.
// `program` is another one than the built one, for example of an earlier version.
export async function startService(settings = {}, program = settings.WX_TEST_CLOCK ? MOVABLE : PROGRAM) {
  const child = spawn(program, [], {
    env: { PATH: process.env.PATH, ADDRESS: '127.0.0.1', PORT: '0', LOG_FORMAT: 'json', THREADS: '2', OPEN_METEO_URL: 'http://127.0.0.1:1', REDIS_TIMEOUT: '5s', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = [];
  const url = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      const reader = createInterface({ input: stream });
      reader.on('line', (line) => {
        lines.push(line);
        const found = /listening on http:\/\/[^"]*?:(\d+)/.exec(line);
        if (found) resolve(`http://127.0.0.1:${found[1]}`);
      });
    }
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}:\n${lines.join('\n')}`)));
  });
  return {
    url,
    pid: child.pid,
    lines, // what it has logged so far
    ended: ended(child).then(() => ({ code: child.exitCode, signal: child.signalCode })),
    signal(name) {
      child.kill(name);
    },
    async stop(signal = 'SIGKILL') {
      child.kill(signal);
      await ended(child);
    },
  };
}

// A clock for startService({ ...clock.setting }), moved as tests/support/movable_clock.hpp says.
export async function startClock() {
  const folder = await mkdtemp(join(tmpdir(), 'weather-cache-clock-'));
  const path = join(folder, 'clock');
  const file = openSync(path, 'w+');
  const offsets = new BigInt64Array(2); // nanoseconds of the steady clock, milliseconds of the wall clock
  ftruncateSync(file, offsets.byteLength);
  const move = (steady, wall) => {
    offsets[0] += BigInt(steady) * 1_000_000n;
    offsets[1] += BigInt(wall);
    writeSync(file, offsets, 0, offsets.byteLength, 0);
  };
  return {
    setting: { WX_TEST_CLOCK: path },
    // Lets milliseconds pass on both clocks.
    advance(span) {
      if (span < 0) throw new RangeError('the steady clock never goes back');
      move(span, span);
    },
    // Sets the wall clock only.
    stepWall(span) {
      move(0, span);
    },
    async stop() {
      closeSync(file);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// With the setting of startClock(), the server's wall clock moves with the services' clocks.
export async function startRedis(clockSetting) {
  const moved = clockSetting && { ...clockSetting, LD_PRELOAD: join(dirname(PROGRAM), 'tests/preload/libwx_moved_time.so') };
  const folder = await mkdtemp(join(tmpdir(), 'weather-cache-page-'));
  const socket = join(folder, 'redis.sock');
  const child = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder], { env: { ...process.env, ...moved }, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (/ready to accept connections/i.test(line)) break;
  }
  child.stdout.resume();
  return {
    url: `unix://${socket}`,
    async stop() {
      child.kill('SIGKILL');
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// A server that accepts every connection and never sends anything.
export async function startSilence() {
  const sockets = new Set();
  const server = createListener((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // the client may break off the connection
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

// A provider whose next answers are those of `answer`: { status, headers, body }, with a body as Open-Meteo writes it, or
// a text or Buffer that is sent as it is. `decide(request, count, good)` chooses an answer for each call, if it is set; it
// may take its time and return a promise.
export async function startProvider() {
  const good = {
    status: 200,
    body: {
      latitude: 52.52, longitude: 13.419998, generationtime_ms: 0.02, utc_offset_seconds: 0, timezone: 'GMT', timezone_abbreviation: 'GMT', elevation: 38.0,
      current_units: { time: 'iso8601', interval: 'seconds', temperature_2m: '°C', wind_speed_10m: 'km/h' },
      current: { time: '2024-11-23T18:15', interval: 900, temperature_2m: 4.2, wind_speed_10m: 11.3 },
    },
  };
  const provider = { good, answer: good, decide: undefined, calls: 0 };
  const server = createServer(async (request, response) => {
    provider.calls += 1;
    const { status = 200, headers, body = '' } = (await provider.decide?.(request, provider.calls, good)) ?? provider.answer;
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  provider.url = `http://127.0.0.1:${server.address().port}`;
  provider.stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return provider;
}

// What a provider with all of Open-Meteo's paths answers, for `decide`: the columns that the question asks for, as JSON or
// CSV; a rejection if they are not words; nothing for the question of /weather.
export function answerOfProvider(request) {
  const { pathname, searchParams: asked } = new URL(request.url, 'http://provider');
  if (asked.get('current') === 'temperature_2m,wind_speed_10m') return undefined;
  const refuse = (reason) => ({ status: 400, body: { error: true, reason } });
  if (pathname.endsWith('/meta.json')) return { body: { last_run_availability_time: 1735149600, update_interval_seconds: 10800 } };
  if (pathname.endsWith('/search')) return { body: { results: [{ id: 2950159, name: 'Berlin', latitude: 52.52437, longitude: 13.41053 }], generationtime_ms: 0.5 } };
  if (pathname.endsWith('/get')) return { body: { id: 2950159, name: 'Berlin' } };
  if (asked.get('latitude') !== '52.52' || asked.get('longitude') !== '13.41') return refuse('Latitude must be in range of -90 to 90°.');
  if (pathname.endsWith('/elevation')) return { body: { elevation: [38] } };
  const columns = (asked.get('hourly') ?? '').split(',').filter(Boolean);
  if (!columns.every((name) => /^[a-z0-9_]+$/.test(name))) return refuse('Cannot initialize a variable from this value.');
  if (asked.get('format') === 'csv') {
    return {
      headers: { 'Content-Type': 'text/csv; charset=utf-8', 'Content-Disposition': 'attachment; filename="open-meteo-52.52N13.42E38m.csv"' },
      body: `latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n52.52,13.42,38.0,0,GMT,GMT\n\n${['time', ...columns].join()}\n${['2026-11-10T00:00', ...columns.map(() => 2.5)].join()}\n`,
    };
  }
  const place = { latitude: 52.52, longitude: 13.42, generationtime_ms: 0.02, utc_offset_seconds: 0, timezone: 'GMT', timezone_abbreviation: 'GMT', elevation: 38 };
  const series = Object.fromEntries([['time', ['2026-11-10T00:00']], ...columns.map((name) => [name, [2.5]])]);
  return { headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: columns.length > 0 ? { ...place, hourly: series } : place };
}
