// A randomised test of a fleet: four processes of the built program, a Redis, links that can be bad networks, and a
// provider. Everything that clients see is recorded, and afterwards the history is checked (invariants.mjs).
//
//   node history.mjs [--seconds=90] [--seed=NUMBER] [--faults=KIND,KIND|none] [--per-minute=CALLS] [--keep=FILE]
//   node history.mjs --check=FILE       checks a history that was kept
//
// The seed decides the faults, the questions, the spans and the quota (which --per-minute replaces), but not how the
// machine runs the processes: the same seed asks the same questions and makes the same faults at the same moments, and
// the answers may differ. WX_PROGRAM is the program; WX_SANITIZED=1 says that it has a sanitizer. The exit code is 1
// after a violation.

import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

import { CALM_LAST, failuresOf, KINDS, makeFaults, makeSchedule, restartsOf } from './faults.mjs';
import { historySettings, LONG_TIMES, PROCESSES, TIMES, withFleet } from './fleet.mjs';
import { judge } from './invariants.mjs';
import { Past } from './past.mjs';
import { follow, KNOWN_PLACES, makePlan } from './questions.mjs';
import { Random } from './random.mjs';
import { progressOf, scheduleOf, storyOf, summaryOf } from './story.mjs';

const QUOTAS = [1200, 1200, 1200, 200]; // calls a minute: three runs in four have enough
const PROGRESS = 10_000; // ms
const STORIES = 5;
const ALL = Object.keys(KINDS).join(',');

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '90' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    faults: { type: 'string', default: ALL },
    'per-minute': { type: 'string' },
    keep: { type: 'string' },
    check: { type: 'string' },
  },
});

function kindsOf(list) {
  const kinds = list === 'none' ? [] : list.split(',').filter(Boolean);
  const unknown = kinds.filter((name) => !KINDS[name]);
  if (unknown.length > 0) throw new Error(`unknown faults: ${unknown.join(', ')}. Use none, or some of: ${Object.keys(KINDS).join(', ')}`);
  return kinds;
}

async function run({ seed, milliseconds, kinds, quota }) {
  if (!(milliseconds >= CALM_LAST + 10_000)) throw new Error(`a run takes at least ${(CALM_LAST + 10_000) / 1000} seconds`);
  const random = new Random(seed);
  const usual = random.pick(QUOTAS); // always, so that a given quota does not change what follows
  const perMinute = quota ?? usual;
  const processes = PROCESSES.map(({ name }) => name);
  const calmFrom = milliseconds - CALM_LAST;
  const schedule = makeSchedule(random.fork(), { milliseconds, members: processes, places: KNOWN_PLACES, kinds });
  const plan = makePlan(random.fork(), { milliseconds, processes, calmFrom, restarts: restartsOf(schedule), failures: failuresOf(schedule) });
  const times = { ...TIMES, ...random.pick([{}, LONG_TIMES]) };
  const fleet = PROCESSES.map(({ name, settings }) => ({ name, settings: { ...historySettings(times, perMinute), ...settings } }));
  return withFleet(fleet, async ({ redis, provider, members, events, record }) => {
    const start = performance.now();
    const telling = setInterval(() => console.log(progressOf(events, performance.now() - start)), PROGRESS);
    const sleep = (ms) => delay(Math.max(0, ms));
    try {
      await Promise.all([
        makeFaults(schedule, { site: { redis, provider }, members, start, record, sleep }),
        follow(plan, { members, start, record }),
      ]);
    } finally {
      clearInterval(telling);
    }
    const setting = {
      processes: PROCESSES.map(({ name, memory }) => ({ name, memory })), times, perMinute, start, calmFrom: start + calmFrom,
      clockOrigin: performance.timeOrigin, sanitized: process.env.WX_SANITIZED === '1',
    };
    return { setting, events };
  });
}

async function history() {
  if (options.check) return JSON.parse(await readFile(options.check, 'utf8'));
  console.log(`history: seed ${options.seed}, ${options.seconds} s`);
  return run({
    seed: options.seed, milliseconds: Number(options.seconds) * 1000, kinds: kindsOf(options.faults),
    quota: options['per-minute'] && Number(options['per-minute']),
  });
}

const { setting, events } = await history();
if (options.keep) await writeFile(options.keep, JSON.stringify({ setting, events }));
const past = new Past({ setting, events });
const verdict = judge(past);
for (const violation of verdict.violations.slice(0, STORIES)) console.log(`\n${storyOf(past, violation)}`);
if (verdict.violations.length > 0) console.log(`\nThe faults of this run:\n${scheduleOf(past)}`);
console.log(`\n${summaryOf(past, verdict)}`);
if (verdict.violations.length > 0) {
  if (!options.check) console.log(`\nRepeat it with: make history SECONDS=${options.seconds} SEED=${options.seed}${options.faults === ALL ? '' : ` FAULTS=${options.faults}`} PER_MINUTE=${setting.perMinute}`);
  process.exitCode = 1;
}
