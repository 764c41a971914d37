// Whether a fault of Redis makes a fleet call the provider in storms: nine fleets of four processes, one for each
// fault, side by side, each with a Redis and a provider of its own. Unless a fault says otherwise, it lasts from second 5
// to second 50, and the provider fails from second 20 on. So the fault is there while the provider is well and while it
// fails, and it ends under the watch, because a fleet could also begin a storm when its Redis is well again.
//
//   node storm.mjs [--faults=NAME,NAME] [--seed=NUMBER] [--keep=FOLDER]
//
// storm_judge.mjs says what must hold. WX_PROGRAM is the program. The exit code is 1 after a violation. --keep writes
// the events of each fleet, and the logs of its processes, into files there.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

import { KINDS } from './faults.mjs';
import { withFleet } from './fleet.mjs';
import { follow, KNOWN_PLACES, makeRounds } from './questions.mjs';
import { Random } from './random.mjs';
import { barrier, repeatedIfStalled } from './stalls.mjs';
import { judgeStorm } from './storm_judge.mjs';

const PROCESSES = ['A', 'B', 'C', 'D'];
const END = 60_000; // ms after the start, as all these
const FAULT = { from: 5000, until: 50_000 };
const FAILING = { from: 20_000, until: END };
const AGAIN = 5000; // ms after which a fault that Redis or a process can undo is made again

// The spans are short enough for several in a run; the kept span is the usual one, and outlasts it. Redis has more time
// than usual to answer, because a machine that runs nine fleets may be busy. All else is as usual.
const SETTINGS = { CACHE_TTL: '10s', CACHE_STALE: '10s', REDIS_TIMEOUT: '3s' };
const LONGEST_STALL = 1500; // ms, well below REDIS_TIMEOUT
const LIMITS = {
  span: 0.9 * 0.8 * 10_000,
  errorTtl: 1000, longestMemo: 30_000,
  breakerAfter: 5, breakerWait: 500, longestBreakerWait: 30_000,
  concurrency: 2,
};

// A purge of everything, which the process answers.
const purge = (at, process) => ({ at, process, what: 'purge', place: null });
const lasting = (kind, probe, refusal) => ({
  begin: KINDS[kind].begin,
  end: KINDS[kind].end,
  // The first word of Redis's refusal proves that the fault is there.
  async proof({ redis }) {
    const reply = await redis.command(...probe);
    if (!reply.startsWith(refusal)) throw new Error(`Redis does not refuse ${probe[0]} with ${refusal}, it says ${reply}`);
  },
});
const refusesWrites = (kind, refusal) => lasting(kind, ['SET', 'probe', '1'], refusal);
const again = (kind) => ({
  async begin(scene) {
    for (let at = FAULT.from; at < FAULT.until; at += AGAIN) {
      await scene.until(at);
      await KINDS[kind].begin(scene);
    }
  },
});

// The faults. `loaders` is how many processes have to load for themselves: those that cannot store what the others
// could read, or cannot read it.
const FAULTS = {
  oom: { loaders: 4, ...refusesWrites('redis-full', '-OOM') },
  readonly: { loaders: 4, ...refusesWrites('redis-readonly', '-READONLY') },
  noperm: { loaders: 4, ...refusesWrites('redis-noperm', '-NOPERM') },
  misconf: { loaders: 4, ...refusesWrites('redis-misconf', '-MISCONF') },
  // The epoch is lost after a purge, and one process starts anew while nobody else has noticed.
  'epoch-deleted': {
    loaders: 1, ...again('epoch-deleted'), plan: [purge(3000, 'A')],
    async also({ members, until }) {
      const member = members.find(({ name }) => name === 'D');
      await until(FAULT.from + 1000);
      await member.stop('SIGTERM');
      await member.start();
    },
  },
  // A purge of everything meets a key that holds no number.
  'epoch-garbage': { loaders: 1, ...again('epoch-garbage'), plan: [purge(FAULT.from + 1000, 'A')] },
  'channel-refused': { loaders: 1, ...lasting('channel-refused', ['PUBLISH', 'weather:events', 'probe'], '-NOPERM') },
  // One process loses Redis, loads for itself, and is back while the provider is well.
  'cut-off-early': {
    loaders: 2,
    async begin({ members, until }) {
      members.at(-1).link.refuse();
      await until(12_000);
      members.at(-1).link.heal();
    },
  },
  // One process hears that the others renew what they have, and loses Redis before it has looked; then the provider
  // fails. The purge brings many renewals into that moment.
  'cut-off-late': {
    loaders: 2, plan: [purge(11_500, 'A')],
    async begin({ members, until }) {
      await until(FAILING.from - 100);
      members.at(-1).link.refuse();
    },
    end: ({ members }) => members.at(-1).link.heal(),
  },
};

const { values: options } = parseArgs({
  options: {
    faults: { type: 'string', default: Object.keys(FAULTS).join(',') },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
});

async function makeFault(fault, scene) {
  await scene.until(FAULT.from);
  const lasts = fault.end !== undefined;
  await Promise.all([fault.begin(scene), fault.also?.(scene)]);
  if (!lasts) return;
  await scene.until(FAULT.from + 1000);
  await fault.proof?.(scene);
  await scene.until(FAULT.until);
  await fault.proof?.(scene);
  await fault.end(scene);
}

async function breakProvider(provider, { until }) {
  await until(FAILING.from);
  provider.failure = '500';
}

// Runs one fleet, which begins when `ready` says that all of them have started.
function runFleet(name, random, ready) {
  const fault = FAULTS[name];
  return withFleet(PROCESSES.map((process) => ({ name: process, settings: SETTINGS })), async ({ redis, provider, members, events, record }) => {
    await ready();
    const start = performance.now();
    const until = (at) => delay(Math.max(0, start + at - performance.now()));
    const scene = { redis, provider, members, until };
    const plan = [...makeRounds(random, { processes: PROCESSES, milliseconds: END }), ...(fault.plan ?? [])].sort((a, b) => a.at - b.at);
    await Promise.all([makeFault(fault, scene), breakProvider(provider, scene), follow(plan, { members, start, record })]);
    return {
      fault: { name, loaders: fault.loaders }, processes: PROCESSES, places: KNOWN_PLACES, limits: LIMITS, start, failing: FAILING,
      events: [...events], logs: Object.fromEntries(members.map((member) => [member.name, member.log])),
    };
  });
}

const names = options.faults.split(',').filter(Boolean);
const unknown = names.filter((name) => !FAULTS[name]);
if (unknown.length > 0) throw new Error(`unknown faults: ${unknown.join(', ')}. Use some of: ${Object.keys(FAULTS).join(', ')}`);

console.log(`storm: ${names.length} fleets of ${PROCESSES.length} processes for ${END / 1000} s, seed ${options.seed}`);
const runs = await repeatedIfStalled(LONGEST_STALL, () => {
  const random = new Random(options.seed);
  const ready = barrier(names.length);
  return Promise.all(names.map((name) => runFleet(name, random.fork(), ready)));
});
if (options.keep) await mkdir(options.keep, { recursive: true });
for (const run of runs) {
  const { calls, retries, answers, errors, violations } = judgeStorm(run);
  console.log(`storm: ${run.fault.name.padEnd(16)} ${String(calls).padStart(4)} calls, ${String(retries).padStart(3)} of the failing provider, ${answers} answers, ${errors} errors`);
  for (const violation of violations) console.log(`VIOLATION of ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
  if (options.keep) await writeFile(join(options.keep, `${run.fault.name}.json`), JSON.stringify(run));
}
