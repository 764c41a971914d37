// The judge of a rolling update accepts what both versions promise, and finds what they do not.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judgeRolling } from './rolling_judge.mjs';

const START = 10_000;
const SPAN = 4320;
const VERSIONS = { old: '0.1.0', present: 'present', ofLife: { 1: '0.1.0', 2: 'present', 3: '0.1.0' } };

// A has the old version and B is the present one, in its second life.
const LIVES = { A: 1, B: 2 };
const call = (process, at, version, { place = 1, took = 60, outcome = 'ok' } = {}) => ({ type: 'call', process, place, version, at: START + at, ended: START + at + took, outcome });
const answer = (process, sent, version, { place = 1, status = 200 } = {}) => ({
  type: 'answer', process, life: LIVES[process], place, sent: START + sent, at: START + sent + 2, status, ...(status === 200 ? { version, mark: 'HIT' } : { problem: 'some-problem' }),
});
const purge = (process, sent, { place = 1, status = 204 } = {}) => ({ type: 'purge', process, life: LIVES[process], place, sent: START + sent, at: START + sent + 5, status });
const started = (process, at) => ({ type: 'process', process, at: START + at, what: 'started' });

const FAR = 500_000; // long after what the tests look at
const STARTS = [started('A', -300), started('B', -300), started('B', -200)];
const LEAST = [
  ...STARTS, call('A', 0, 1), answer('A', 100, 1), answer('B', 100, 1), call('B', FAR, 90),
  ...['A', 'B'].flatMap((process) => [purge(process, 2 * FAR, { place: 9 }), purge(process, 2 * FAR, { place: null })]),
];
const judge = (events, { least = LEAST, ...more } = {}) => judgeRolling({
  name: 'a run', processes: ['A', 'B'], places: [1], versions: VERSIONS, span: SPAN, inFlight: 4, dayOrigin: 1000 * START, start: START, events: [...least, ...events], ...more,
});
const accepts = (events, more) => assert.deepEqual(judge(events, more).violations, []);
const finds = (rule, why, events, more) => {
  const { violations } = judge(events, more);
  assert.ok(violations.length > 0, 'no violation');
  for (const violation of violations) assert.match(violation.rule, rule, violation.why);
  assert.match(violations[0].why, why);
};

test('what a run saw is counted', () => {
  const { answers, calls, purges, refused, mostLoads } = judge([call('B', 1000, 2), answer('B', 2000, 0, { status: 429 })]);
  assert.deepEqual({ answers, calls, purges, refused, mostLoads }, { answers: 3, calls: 3, purges: 4, refused: 1, mostLoads: 2 });
});

test('an error of a client is a violation, also a refusal, unless the run uses a quota up', () => {
  finds(/every client gets an answer/, /^502 some-problem by B \(present\) for place 1 at 0\.2 s$/, [answer('B', 200, 0, { status: 502 })]);
  finds(/every client gets an answer/, /^429 /, [answer('B', 200, 0, { status: 429 })]);
});

test('a process that ends with an error is a violation', () => {
  finds(/every process stays alive/, /^B \(present\) at 0\.5 s: exit code 1/, [{ type: 'process', process: 'B', life: 2, at: START + 500, what: 'died', why: 'exit code 1' }]);
});

test('a purge that Redis did not take is a violation', () => {
  finds(/every purge is taken/, /^A \(0\.1\.0\) answers 503/, [purge('A', 3 * FAR, { status: 503 })]);
});

test('what was purged is not served by the purging process', () => {
  finds(/what was purged/, /^A \(0\.1\.0\) serves version 1 of place 1 at 0\.6 s, HIT, which A \(0\.1\.0\) purged at 0\.5 s/, [purge('A', 500), answer('A', 600, 1)]);
  accepts([purge('A', 500), call('A', 520, 2), answer('A', 600, 2)]);
});

test('what was purged is not served by others after the delay of a message', () => {
  accepts([purge('A', 500), answer('B', 700, 1)]);
  accepts([purge('A', 500, { place: 2 }), answer('B', 1000, 1)]);
  finds(/what was purged/, /^B \(present\) serves version 1 .* which A \(0\.1\.0\) purged with everything at 0\.5 s/, [purge('A', 500, { place: null }), answer('B', 1000, 1)]);
  accepts([purge('A', 500), answer('B', 1000, 1), { type: 'stall', at: START + 900, took: 300 }]);
});

test('what was under way when a purge began may be served', () => {
  accepts([call('B', 400, 2, { took: 200 }), purge('A', 500), answer('B', 1500, 2)]);
  finds(/what was purged/, /version 2/, [call('B', 100, 2), purge('A', 500), answer('B', 1500, 2)]);
});

test('an answer that the provider never gave was purged', () => {
  finds(/what was purged/, /version 77/, [purge('A', 500), answer('A', 2000, 77)]);
});

const loads = (count, gap) => Array.from({ length: count }, (_, i) => call(i % 2 ? 'A' : 'B', 10_000 + gap * i, 10 + i));

test('a mixed fleet loads a place at most twice in a span', () => {
  accepts(loads(20, 2100));
  finds(/twice in a span/, /^place 1: B \(present\) at 10\.0 s, A \(0\.1\.0\) at 11\.9 s, B \(present\) at 13\.8 s$/, loads(3, 1900));
});

test('loads of a place around a purge are not taken together', () => {
  assert.equal(judge([...loads(4, 100), purge('A', 10_150, { place: null })]).mostLoads, 2);
  assert.equal(judge([...loads(4, 100), purge('A', 9500)]).mostLoads, 1);
  assert.equal(judge([...loads(4, 100), purge('A', 8000), purge('A', 10_150, { place: 2 })]).mostLoads, 4);
});

// A quota of 10 a day: these are calls 3 and on.
const used = (from, count, process) => Array.from({ length: count }, (_, i) => call(process, from + i, 1, { place: 100 + from + i }));
const refusal = (process, at) => answer(process, at, 0, { place: 99, status: 429 });
const LIMITED = { least: [...STARTS, call('A', 0, 1), call('B', 10, 1, { place: 2 }), answer('A', 100, 1), answer('B', 100, 1)], limit: 10, places: [] };

test('the present version makes no call beyond the limit, but for those under way', () => {
  accepts([...used(200, 8, 'A'), refusal('B', 400)], LIMITED);
  accepts([...used(200, 8, 'A'), ...used(300, 4, 'B'), refusal('B', 400)], LIMITED);
  finds(/keeps the limit/, /^call 15 of 10 by B \(present\)/, [...used(200, 8, 'A'), ...used(300, 5, 'B'), refusal('B', 400)], LIMITED);
});

test('0.1.0 keeps the limit for its own calls', () => {
  accepts([...used(200, 8, 'B'), ...used(300, 9, 'A'), refusal('B', 400)], LIMITED);
  finds(/keeps the limit/, /^call 11 of 10 by A \(0\.1\.0\)/, [...used(200, 8, 'B'), ...used(300, 10, 'A'), refusal('B', 400)], LIMITED);
});

test('each day has a limit of its own', () => {
  const midnight = { ...LIMITED, dayOrigin: 86_400_000 - START - 50_000 };
  accepts([...used(200, 8, 'B'), ...used(60_000, 8, 'B'), refusal('B', 400)], midnight);
});

test('no process refuses a call long before the limit', () => {
  accepts([...used(200, 4, 'A'), refusal('B', 400)], LIMITED);
  finds(/no process refuses/, /^B \(present\) refuses place 99 at 0\.4 s, after 5 calls of 10$/, [...used(200, 3, 'A'), refusal('B', 400)], LIMITED);
});

test('a run that proves nothing is a violation', () => {
  const without = (left) => LEAST.filter((event) => !left(event));
  const tooShort = (why, left) => finds(/long enough/, why, [], { least: without(left) });
  tooShort(/^present never answered for 1/, ({ type, process }) => type === 'answer' && process === 'B');
  tooShort(/^present never loaded/, ({ type, process }) => type === 'call' && process === 'B');
  tooShort(/^0\.1\.0 never purged a place/, ({ type, process, place }) => type === 'purge' && process === 'A' && place === 9);
  tooShort(/^0\.1\.0 never purged everything/, ({ type, process, place }) => type === 'purge' && process === 'A' && place === null);
  finds(/long enough/, /^present never used the limit up/, [], LIMITED);
});
