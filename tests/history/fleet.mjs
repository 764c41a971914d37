// The processes of the fleet: the built program, each with its own link to Redis and its own port of the provider.

import { readFile } from 'node:fs/promises';
import { request, Agent } from 'node:http';
import { startService } from '../support/service.mjs';
import { Link } from './link.mjs';
import { Provider } from './provider.mjs';
import { Redis } from './redis.mjs';
import { watchStalls } from './stalls.mjs';

export const TOKEN = 'history-token';

// Short spans, so that a run of two minutes sees each of them end many times. Milliseconds. The lease of a load lasts
// 2 s longer than a call may take; both are well above what any wait may last while the provider is well
// (invariants.mjs), so that a wait for a lease is seen.
export const TIMES = {
  fresh: 3000,
  stale: 2000,
  keep: 7000,
  error: 500,
  answerWithin: 6000,
  callWithin: 2500,
  redisWithin: 300,
};
// Instead of some of these in some runs, so that a process shows it if it does not look for what it has missed, or goes
// on with a failure that is over.
export const LONG_TIMES = { fresh: 12_000, error: 4000 };

// `times` is TIMES, or with LONG_TIMES. `perMinute` is UPSTREAM_LIMIT, which the whole fleet shares.
export const historySettings = (times, perMinute) => ({
  CACHE_TTL: `${times.fresh}ms`,
  ERROR_TTL: `${times.error}ms`,
  CACHE_STALE: `${TIMES.stale}ms`,
  CACHE_KEEP: `${TIMES.keep}ms`,
  CACHE_SOFT_WAIT: '500ms',
  REQUEST_TIMEOUT: `${TIMES.answerWithin}ms`,
  UPSTREAM_TIMEOUT: `${TIMES.callWithin}ms`,
  UPSTREAM_CONCURRENCY: '8',
  DRAIN_TIMEOUT: '8s', // more than REQUEST_TIMEOUT, so that an exit code of 1 is a fault
  MOCK_DELAY: '50ms',
  REDIS_TIMEOUT: `${TIMES.redisWithin}ms`,
  UPSTREAM_LIMIT: `${perMinute}/m`,
});

// The kinds of process in a fleet of four.
export const PROCESSES = [
  { name: 'A', memory: true, settings: {} },
  { name: 'B', memory: true, settings: {} },
  { name: 'C', memory: false, settings: { MEMORY_LIMIT: '0' } },
  { name: 'D', memory: true, settings: { CACHE_WRITE: 'before', CACHE_REFRESH: 'inline' } }, // as on Cloud Run
];

const SANITIZER = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:/;
const SAMPLE = 1000; // ms between two measurements of a process's memory
// A client gives up after this time, in which every process should have answered long ago.
const PATIENCE = 18_000; // ms

export class Member {
  #record;
  #settings;
  #service = null;
  #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #sampling;
  name;
  link;
  up = false;
  life = 0; // how often it was started
  program; // if not the built one

  // `settings` are those of the process, but for the addresses, the token of TOKEN and the number of processes in the
  // fleet.
  static async open({ name, settings }, { redis, provider, record, fleetSize = PROCESSES.length }) {
    const member = new Member();
    member.name = name;
    member.#record = record;
    member.link = await Link.open(redis.port);
    member.#settings = {
      FLEET_SIZE: String(fleetSize), ADMIN_TOKEN: TOKEN, ...settings,
      REDIS_URL: `redis://127.0.0.1:${member.link.port}`, OPEN_METEO_URL: await provider.serve(name),
    };
    member.#sampling = setInterval(() => member.#measureMemory(), SAMPLE);
    return member;
  }

  async start() {
    const service = await startService(this.#settings, this.program);
    this.#service = service;
    this.life += 1;
    this.up = true;
    this.#note('started');
    service.ended.then(({ code, signal }) => {
      if (this.#service === service && this.up) {
        this.up = false;
        this.#note('died', `${signal ?? `exit code ${code}`}\n${service.lines.slice(-30).join('\n')}`);
      }
      if (service.lines.some((line) => SANITIZER.test(line))) this.#note('died', service.lines.slice(-200).join('\n'));
    });
  }

  async stop(signal) {
    this.up = false;
    this.#note(signal === 'SIGTERM' ? 'told to end' : 'killed');
    const service = this.#service;
    service.signal(signal);
    const { code } = await service.ended;
    if (signal === 'SIGTERM' && code !== 0) this.#note('died', `exit code ${code}\n${service.lines.slice(-30).join('\n')}`);
    this.#note('ended');
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }

  // What the process of this life has logged.
  get log() {
    return this.#service.lines;
  }

  kill() {
    this.up = false;
    this.#service?.signal('SIGKILL');
  }

  freeze() {
    this.#service.signal('SIGSTOP');
  }

  thaw() {
    this.#service.signal('SIGCONT');
  }

  async close() {
    clearInterval(this.#sampling);
    if (this.up) await this.stop('SIGTERM');
    this.#agent.destroy();
    await this.link.close();
  }

  // Sends a request. Never rejects. The answer's `status` is 0 if there was none.
  ask(method, path, headers = {}) {
    const target = new URL(path, this.#service.url);
    const sent = performance.now();
    const life = this.life;
    return new Promise((resolve) => {
      const done = (fields) => resolve({ process: this.name, life, sent, at: performance.now(), ...fields });
      const sending = request(target, { method, headers: { Accept: 'application/json', ...headers }, agent: this.#agent, timeout: PATIENCE });
      sending.on('timeout', () => sending.destroy(new Error('no answer')));
      sending.on('error', (error) => done({ status: 0, error: error.message }));
      sending.on('response', (response) => {
        const pieces = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('error', (error) => done({ status: 0, error: error.message }));
        response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces).toString() }));
      });
      sending.end();
    });
  }

  async #measureMemory() {
    if (!this.up) return;
    try {
      const status = await readFile(`/proc/${this.#service.pid}/status`, 'utf8');
      const [, kib] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
      if (kib) this.#record({ type: 'memory', process: this.name, life: this.life, at: performance.now(), kib: Number(kib) });
    } catch {
      // It has just ended.
    }
  }

  #note(what, why) {
    this.#record({ type: 'process', process: this.name, life: this.life, at: performance.now(), what, ...(why && { why }) });
  }
}

const running = new Set(); // what an interrupt must kill
let interruptible = false;

function killOnInterrupt() {
  if (interruptible) return;
  interruptible = true;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      for (const each of running) each.kill();
      process.exit(130);
    });
  }
}

// Starts a Redis, a provider and the processes ({ name, settings, program }), calls `use` with them, and ends them all.
// Returns what `use` returns. `events` has all that they and this program's stalls record.
export async function withFleet(processes, use) {
  killOnInterrupt();
  const events = [];
  const record = (event) => events.push(event);
  const redis = await Redis.start();
  running.add(redis);
  const provider = new Provider(record);
  const members = [];
  const unwatch = watchStalls(record);
  try {
    for (const { program, ...each } of processes) {
      const member = await Member.open(each, { redis, provider, record });
      member.program = program;
      members.push(member);
      running.add(member);
    }
    await Promise.all(members.map((member) => member.start()));
    return await use({ redis, provider, members, events, record });
  } finally {
    unwatch();
    await Promise.allSettled(members.map((member) => member.close()));
    provider.close();
    await redis.close();
    for (const each of [redis, ...members]) running.delete(each);
  }
}
