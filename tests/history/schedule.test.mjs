// A run follows from its seed: what is asked, and which faults are made.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CALM_LAST, failuresOf, KINDS, makeFaults, makeSchedule, restartsOf } from './faults.mjs';
import { follow, makePlan } from './questions.mjs';
import { Random } from './random.mjs';

const MINUTES = 120_000;
const MEMBERS = ['A', 'B', 'C', 'D'];
const scheduleOf = (seed, kinds) => makeSchedule(new Random(seed), { milliseconds: MINUTES, members: MEMBERS, places: [1, 2, 3], kinds });
const planOf = (seed) => makePlan(new Random(seed), { milliseconds: 30_000, processes: MEMBERS, calmFrom: 12_000 });
const plain = (list) => JSON.stringify(list.map(({ random, ...rest }) => [rest, random?.next().toString()]));

test('the generator gives the numbers of SplitMix64', () => {
  const random = new Random(0);
  assert.deepEqual([random.next(), random.next(), random.next()], [0xe220a8397b1dcdafn, 0x6e789e6aa1b965f4n, 0x06c45d188009454fn]);
});

test('numbers stay within their bounds and reach both ends', () => {
  const random = new Random(1);
  const seen = new Set(Array.from({ length: 1000 }, () => random.between(3, 6)));
  assert.deepEqual([...seen].sort(), [3, 4, 5, 6]);
});

test('the same seed makes the same schedule, another seed another one', () => {
  assert.equal(plain(scheduleOf(7)), plain(scheduleOf(7)));
  assert.notEqual(plain(scheduleOf(7)), plain(scheduleOf(8)));
});

test('the same seed asks the same questions, another seed others', () => {
  assert.equal(plain(planOf(7)), plain(planOf(7)));
  assert.notEqual(plain(planOf(7)), plain(planOf(8)));
});

test('a schedule has only the kinds that were asked for, and every kind comes in some schedule', () => {
  const names = (seed, kinds) => scheduleOf(seed, kinds).map(({ name }) => name);
  assert.deepEqual(new Set(names(1, ['redis-killed', 'provider-500'])), new Set(['redis-killed', 'provider-500']));
  assert.deepEqual(scheduleOf(1, []), []);
  const seen = new Set(Array.from({ length: 50 }, (_, seed) => names(seed)).flat());
  assert.deepEqual([...Object.keys(KINDS)].filter((name) => !seen.has(name)), []);
});

test('faults of the provider, of processes and others overlap, but not two of a kind, and the end of a run is calm', () => {
  const laneOf = ({ name }) => (['provider', 'process'].includes(KINDS[name].touches) ? KINDS[name].touches : 'others');
  for (let seed = 0; seed < 20; ++seed) {
    const schedule = scheduleOf(seed);
    for (const name of ['provider', 'process', 'others']) {
      const lane = schedule.filter((fault) => laneOf(fault) === name);
      assert.ok(lane.length > 3);
      for (let i = 1; i < lane.length; ++i) assert.ok(lane[i].at > lane[i - 1].until);
    }
    assert.ok(schedule.every(({ until }) => until <= MINUTES - CALM_LAST));
  }
});

test('a fault that touches one process names it', () => {
  for (const { name, member } of scheduleOf(3)) {
    assert.equal(member !== null, ['link', 'process'].includes(KINDS[name].touches), name);
  }
});

test('everything is purged in some runs and not in others', () => {
  const purgesAll = (seed) => planOf(seed).some(({ what, place }) => what === 'purge' && place === null);
  assert.equal(new Set(Array.from({ length: 20 }, (_, seed) => purgesAll(seed))).size, 2);
});

test('purges end when the calm begins, and every process is asked until the end', () => {
  const plan = planOf(5);
  assert.ok(plan.some(({ what, place }) => what === 'purge' && place !== null));
  assert.ok(plan.filter(({ what }) => what === 'purge').every(({ at }) => at < 12_000));
  for (const member of MEMBERS) assert.ok(plan.some(({ at, process, what }) => what === 'ask' && process === member && at > 29_000));
  for (let i = 1; i < plan.length; ++i) assert.ok(plan[i].at >= plan[i - 1].at);
});

test('a process that starts again may be asked to purge first, and a place is asked for again when the provider is well', () => {
  const schedule = Array.from({ length: 20 }, (_, i) => scheduleOf(i)).flat();
  const [restarts, failures] = [restartsOf(schedule), failuresOf(schedule)];
  assert.ok(restarts.length > 0 && restarts.every(({ at, process }) => schedule.some(({ name, until, member }) => /^process-(killed|ended)$/.test(name) && until === at && member === process)));
  assert.ok(failures.length > 0 && failures.every(({ name }) => KINDS[name].fails));
  const usual = makePlan(new Random(1), { milliseconds: 30_000, processes: MEMBERS, calmFrom: 12_000 });
  const more = (events) => {
    const plan = makePlan(new Random(1), { milliseconds: 30_000, processes: MEMBERS, calmFrom: 12_000, ...events });
    const known = new Set(usual.map((item) => JSON.stringify(item)));
    const others = plan.filter((item) => !known.has(JSON.stringify(item)));
    assert.equal(plan.length, usual.length + others.length); // nothing else has changed
    return others;
  };
  const firsts = more({ restarts: Array.from({ length: 40 }, (_, i) => ({ at: 100 * i, process: 'B' })) });
  assert.ok(firsts.length > 5 && firsts.length < 35 && firsts.every(({ what, first, process }) => what === 'purge' && first && process === 'B'));
  const retries = more({ failures: [{ at: 5000, until: 7000 }] });
  assert.deepEqual(new Set(retries.map(({ place }) => place)).size, 1);
  assert.equal(retries[0].what, 'purge');
  assert.ok(retries.some(({ forced, at }) => forced && at > 7000));
  for (const member of MEMBERS) assert.ok(retries.some(({ what, process, at }) => what === 'ask' && process === member && at < 7000) && retries.some(({ forced, process, at }) => !forced && process === member && at > 7300));
});

test('a process is asked only while it is up, and the first question waits for it', async () => {
  const asked = [];
  const member = (name, up) => ({ name, up, ask: async (method, path) => { asked.push(`${name} ${method} ${path}`); return { status: 204 }; } });
  const members = [member('A', true), member('B', false)];
  const item = (process, what, more) => ({ at: 0, process, what, place: 2, ...more });
  setTimeout(() => { members[1].up = true; }, 20);
  await follow([item('A', 'purge'), item('B', 'purge'), item('B', 'purge', { place: 3, first: true })], { members, start: performance.now(), record: () => {} });
  assert.deepEqual(asked, ['A DELETE /weather?lat=2&lon=7', 'B DELETE /weather?lat=3&lon=7']);
});

test('a fault is made at its moment, ended at its end, and recorded', async () => {
  const done = [];
  const provider = { failure: null, recover() { done.push(`recovered from ${provider.failure}`); } };
  const schedule = [{ at: 100, until: 300, name: 'provider-500', member: null }];
  const waits = [];
  const start = performance.now();
  await makeFaults(schedule, { site: { provider }, members: [], start, record: (event) => done.push(event), sleep: async (ms) => waits.push(ms) });
  assert.equal(done[0], 'recovered from 500');
  assert.equal(done[1].name, 'provider-500');
  assert.equal(done[1].fails, true);
  assert.equal(waits.length, 2);
  assert.ok(waits[0] <= 100 && waits[1] <= 300 && waits[1] > waits[0]);
});
