// A rolling update: four processes of 0.1.0 on one Redis are replaced by those of the present program one after the
// other, and then back again, while clients ask them. Two fleets side by side: one is asked for twenty places and told
// to purge, the other is asked for ever new places until its quota is used up.
//
//   node rolling.mjs [--seed=NUMBER] [--keep=FILE]
//
// rolling_judge.mjs says what must hold. WX_PROGRAM is the present program, WX_OLD_PROGRAM that of 0.1.0. The exit code
// is 1 after a violation. --keep writes the events of both fleets into a file.

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

import { withFleet } from './fleet.mjs';
import { follow, KNOWN_PLACES, makeRounds } from './questions.mjs';
import { Random } from './random.mjs';
import { judgeRolling } from './rolling_judge.mjs';
import { barrier, repeatedIfStalled } from './stalls.mjs';

const PROCESSES = ['A', 'B', 'C', 'D'];
const PROGRAMS = { old: process.env.WX_OLD_PROGRAM, present: process.env.WX_PROGRAM };
const VERSIONS = { old: '0.1.0', present: 'present', ofLife: { 1: '0.1.0', 2: 'present', 3: '0.1.0' } };

// All in ms after the start. Each phase, also that in which all processes are the present program, is longer than a span.
const STEP = 5000; // from one replacement to the next
const FORTH = 8000;
const BACK = FORTH + PROCESSES.length * STEP + 8000;
const END = BACK + PROCESSES.length * STEP + 6000;
const LEAVES = 100; // ms from the last question for a process to its SIGTERM

const NEXT_STEP = 333; // ms from one new place of a process to the next
const PURGE_ONE = [300, 900]; // ms from one purge of a place to the next
const PURGE_ALL = [6000, 12_000]; // ms from one purge of everything to the next

// Both versions know all of these settings. Redis has more time than usual to answer, because the machine may be busy.
const SETTINGS = { CACHE_TTL: '6s', CACHE_STALE: '6s', REDIS_TIMEOUT: '3s', UPSTREAM_CONCURRENCY: '2', UPSTREAM_LIMIT: 'off' };
const SPAN = 0.9 * 0.8 * 6000; // early refreshes begin at CACHE_EARLY of the fresh span, less 10 %
const LONGEST_STALL = 1500; // ms, well below REDIS_TIMEOUT
const LIMIT = 400; // calls a day, which are used up when all processes are the present program

const { values: options } = parseArgs({ options: { seed: { type: 'string', default: '1' }, keep: { type: 'string' } } });

// Every process is asked for every place again and again, and random ones are told to purge.
function makePlan(random) {
  const plan = makeRounds(random, { processes: PROCESSES, milliseconds: END });
  for (let at = 2000; at < END; at += random.between(...PURGE_ONE)) plan.push({ at, process: random.pick(PROCESSES), what: 'purge', place: random.pick(KNOWN_PLACES) });
  for (let at = 4000; at < END; at += random.between(...PURGE_ALL)) plan.push({ at, process: random.pick(PROCESSES), what: 'purge', place: null });
  return plan;
}

// Every process is asked for a new place again and again.
function makeWalk(random) {
  const plan = [];
  let place = 2100;
  for (let at = 0; at < END; at += NEXT_STEP) {
    for (const process of PROCESSES) plan.push({ at: at + random.between(0, NEXT_STEP - 1), process, what: 'ask', place: (place += 1) / 100 });
  }
  return plan;
}

// What clients see of the fleet: a load balancer, which sends nothing to a process that is about to end.
function balanced(members, random) {
  return members.map((member) => ({
    name: member.name,
    up: true,
    ask: (...words) => (member.up ? member : random.pick(members.filter(({ up }) => up))).ask(...words),
  }));
}

async function replaceAll(members, program, from, until) {
  for (const [i, member] of members.entries()) {
    await until(from + i * STEP);
    member.up = false;
    await delay(LEAVES);
    await member.stop('SIGTERM');
    member.program = program;
    await member.start();
  }
}

// Runs one fleet. Returns what rolling_judge.mjs needs.
function runFleet({ name, plan, places = [], settings, limit }, random, ready) {
  const processes = PROCESSES.map((process) => ({ name: process, settings: { ...SETTINGS, ...settings }, program: PROGRAMS.old }));
  return withFleet(processes, async ({ members, events, record }) => {
    await ready();
    const start = performance.now();
    const until = (at) => delay(Math.max(0, start + at - performance.now()));
    const replace = async () => {
      await replaceAll(members, PROGRAMS.present, FORTH, until);
      await replaceAll(members, PROGRAMS.old, BACK, until);
    };
    const sorted = plan(random).sort((a, b) => a.at - b.at);
    await Promise.all([replace(), follow(sorted, { members: balanced(members, random), start, record })]);
    return {
      name, processes: PROCESSES, places, versions: VERSIONS, span: SPAN, limit, inFlight: PROCESSES.length * Number(SETTINGS.UPSTREAM_CONCURRENCY),
      dayOrigin: performance.timeOrigin, start, events: [...events],
    };
  });
}

console.log(`rolling: ${PROCESSES.length} processes of ${VERSIONS.old} are replaced and back for ${END / 1000} s, seed ${options.seed}`);
const FLEETS = [
  { name: 'purges', plan: makePlan, places: KNOWN_PLACES },
  { name: 'quota', plan: makeWalk, settings: { UPSTREAM_LIMIT: `${LIMIT}/d` }, limit: LIMIT },
];
const runs = await repeatedIfStalled(LONGEST_STALL, () => {
  const random = new Random(options.seed);
  const ready = barrier(FLEETS.length);
  return Promise.all(FLEETS.map((fleet) => runFleet(fleet, random.fork(), ready)));
});
if (options.keep) await writeFile(options.keep, JSON.stringify(runs));
for (const run of runs) {
  const { answers, calls, purges, refused, mostLoads, violations } = judgeRolling(run);
  console.log(`rolling: ${run.name.padEnd(7)} ${answers} answers, ${refused} of them refused for the quota, ${calls} calls, at most ${mostLoads} for a place in a span, ${purges} purges`);
  for (const { rule, why } of violations.slice(0, 10)) console.log(`VIOLATION of "${rule}": ${why}`);
  if (violations.length > 10) console.log(`  and ${violations.length - 10} more`);
  if (violations.length > 0) process.exitCode = 1;
}
