// The judge of a storm accepts what the rules allow, and finds what they do not.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { callsOfBreaker, callsOfMemos, judgeStorm } from './storm_judge.mjs';

const LIMITS = { span: 7200, errorTtl: 1000, longestMemo: 30_000, breakerAfter: 5, breakerWait: 500, longestBreakerWait: 30_000, concurrency: 2 };
const START = 1000;

const call = (process, at, { place = 1, outcome = 'ok' } = {}) => ({ type: 'call', process, place, at: START + at, ended: START + at + 60, outcome });
const answer = (process, at, { place = 1, status = 200 } = {}) => ({ type: 'answer', process, place, sent: START + at, at: START + at + 2, status, ...(status !== 200 && { problem: 'provider-error' }) });
const deed = (process, at, what, why) => ({ type: 'process', process, at: START + at, what, ...(why && { why }) });
const purge = (at) => ({ type: 'purge', process: 'A', place: null, sent: START + at, at: START + at + 5, status: 204 });
const failures = (count, { process = 'A', place = (i) => i } = {}) => Array.from({ length: count }, (_, i) => call(process, 20_000 + i, { place: place(i), outcome: '500' }));

// The least of a run that proves something: two processes share a load, and a call fails.
const LEAST = [deed('A', -100, 'started'), deed('B', -100, 'started'), call('A', 0), answer('A', 10), answer('B', 20), call('A', 20_000, { outcome: '500' })];
const judge = (events, { loaders = 2, least = LEAST } = {}) => judgeStorm({
  fault: { name: 'a fault', loaders }, processes: ['A', 'B'], places: [1], limits: LIMITS, start: START, failing: { from: 20_000, until: 60_000 }, events: [...least, ...events],
});
const violationsOf = (events, more) => judge(events, more).violations;

const accepts = (events, more) => assert.deepEqual(violationsOf(events, more), []);
const finds = (pattern, events, more) => {
  const violations = violationsOf(events, more);
  assert.equal(violations.length, 1, violations.join('\n'));
  assert.match(violations[0], pattern);
};

test('what a run saw is counted', () => {
  const { calls, retries, answers, errors } = judge([call('B', 7300), answer('A', 30, { status: 502 })]);
  assert.deepEqual({ calls, retries, answers, errors }, { calls: 2, retries: 1, answers: 3, errors: 1 });
});

test('each process may load a place once in a span', () => {
  accepts([call('B', 100), call('A', 7300), call('B', 7400)]);
  finds(/^one call per process, place and span: 1 calls too early, at most 0 .*A, life 1, place 1: calls at 0\.0, 5\.0 s/, [call('A', 5000)]);
});

test('the time in which the test itself did not run is not held against a process', () => {
  accepts([call('A', 5000), { type: 'stall', at: START + 10, took: 2500 }]);
  finds(/^one call per process/, [call('A', 5000), { type: 'stall', at: START + 10, took: 1000 }]);
});

test('more processes than the fault obliges to load are a storm', () => {
  accepts([call('A', 7300), call('A', 14_600)], { loaders: 1 });
  finds(/^calls of 1 process per place and span: 1 calls too early/, [call('B', 100)], { loaders: 1 });
});

test('a purge of everything costs one load of each place', () => {
  accepts([purge(1000), call('A', 1100)]);
  finds(/^one call per process, place and span: 2 calls too early, at most 1/, [purge(1000), call('A', 1100), call('A', 2000)]);
});

test('a process that has started again may load again, but not when others could share', () => {
  const again = [deed('A', 1000, 'started'), call('A', 1100)];
  accepts(again);
  finds(/^calls of 1 process per place/, again, { loaders: 1 });
});

test('an error of a client is a violation', () => {
  finds(/^every client gets an answer: 1 errors, at most 0; the first is 502 provider-error by B for place 1 at 0\.0 s/, [answer('B', 30, { status: 502 })]);
});

test('a process that ends is a violation', () => {
  finds(/^every process stays alive: B ended/, [deed('B', 30, 'died', 'exit code 1')]);
});

test('memos let a place be tried after 1, 2, 4 and more seconds', () => {
  assert.equal(callsOfMemos(1, LIMITS), 1);
  assert.equal(callsOfMemos(3000, LIMITS), 2);
  assert.equal(callsOfMemos(3001, LIMITS), 3);
  assert.equal(callsOfMemos(40_000, LIMITS), 6);
  assert.equal(callsOfMemos(121_001, LIMITS), 9); // 0, 1, 3, 7, 15, 31, 61, 91, 121
});

test('a breaker lets through the calls that open it, and then one after each wait', () => {
  assert.equal(callsOfBreaker(1, LIMITS), 7);
  assert.equal(callsOfBreaker(376, LIMITS), 8);
  assert.equal(callsOfBreaker(40_000, LIMITS), 13);
  assert.equal(callsOfBreaker(40_000, { ...LIMITS, concurrency: 1 }), 11);
});

test('more calls of a failing provider than memos or breakers let through are a violation', () => {
  accepts(failures(12));
  finds(/^the breaker bounds .*: 14 by A, at most 13/, failures(13));
  accepts([...failures(5, { place: () => 1 }), ...failures(6, { process: 'B', place: () => 1 })]);
  finds(/^memos bound .*: 13 for place 1, at most 12/, [...failures(6, { place: () => 1 }), ...failures(6, { process: 'B', place: () => 1 })]);
});

test('processes that share a memo do not call a failing provider while it lasts', () => {
  const shared = { loaders: 1, least: LEAST };
  accepts([call('B', 21_000, { outcome: '500' })], shared);
  finds(/^a memo holds for the fleet: 1 calls too early for place 1, at most 0; calls at 20\.0, 20\.6 s/, [call('B', 20_600, { outcome: '500' })], shared);
  accepts([call('B', 20_600, { outcome: '500' })]);
});

test('a run that proves nothing is a violation', () => {
  const without = (left) => LEAST.filter((event) => event !== left);
  finds(/^the run is too short: B was never asked for 1/, [], { least: without(LEAST[4]) });
  finds(/^the run is too short: place 1 was never loaded/, [], { least: without(LEAST[2]) });
  finds(/^the run is too short: no call has failed/, [], { least: without(LEAST[5]) });
});
