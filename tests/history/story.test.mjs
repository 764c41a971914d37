// A violation is told so that a person can follow it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Past } from './past.mjs';
import { progressOf, scheduleOf, storyOf, summaryOf } from './story.mjs';

const answer = (sent, version, more = {}) => ({ type: 'answer', process: 'A', life: 1, place: 1, forced: false, mock: false, sent, at: sent + 2, status: 200, version, mark: 'HIT', age: 0, ...more });
const answers = Array.from({ length: 20 }, (_, i) => answer(1000 * i, i));
const events = [
  ...answers,
  answer(14_100, 7, { place: 2 }),
  { type: 'call', process: 'B', place: 1, version: 14, at: 14_200, ended: 14_260, outcome: 'ok' },
  { type: 'call', process: 'B', place: 2, version: 1, at: 14_200, ended: 14_260, outcome: 'ok' },
  { type: 'purge', process: 'C', life: 1, place: null, sent: 14_300, at: 14_305, status: 503 },
  { type: 'fault', name: 'link-refused', touches: 'link', member: 'D', place: null, at: 2000, until: 14_400 },
  { type: 'fault', name: 'redis-killed', touches: 'redis', member: null, place: null, at: 100, until: 200 },
  { type: 'process', process: 'D', life: 1, at: 14_500, what: 'killed' },
  { type: 'memory', process: 'D', life: 1, at: 14_500, kib: 7 },
];
const past = new Past({ setting: { processes: [], perMinute: 100 }, events });
const violation = { invariant: 'versions rise', says: 'Versions rise.', why: 'they fell', event: answers[15] };

test('the story has the violation, ten answers for its place, and what else happened meanwhile', () => {
  const story = storyOf(past, violation);
  assert.match(story, /^VIOLATION of "versions rise": they fell\n {2}Versions rise\.\n/);
  assert.equal(story.match(/A is asked for place 1,/g).length, 10);
  assert.match(story, /^> {3}15\.000 s {2}A is asked for place 1, and after 2 ms answers: version 15, HIT, Age 0$/m);
  assert.match(story, /17\.000 s/);
  assert.match(story, /B calls the provider for place 1; after 60 ms: version 14/);
  assert.match(story, /C is told to purge everything, and after 5 ms answers: 503/);
  assert.match(story, /link-refused \(D\) for 12400 ms/);
  assert.match(story, /D is killed/);
  assert.doesNotMatch(story, /place 2|redis-killed|KiB/);
});

test('the story is in the order of time', () => {
  const moments = [...storyOf(past, violation).matchAll(/^[> ] +([\d.]+) s/gm)].map(([, moment]) => Number(moment));
  assert.deepEqual(moments, [...moments].sort((a, b) => a - b));
});

test('the schedule has every fault', () => {
  assert.deepEqual(scheduleOf(past).split('\n').map((line) => line.trim()), ['0.100 s  redis-killed for 100 ms', '2.000 s  link-refused (D) for 12400 ms']);
});

test('progress and summary count', () => {
  assert.equal(progressOf(events, 1500).trim(), '1.500 s: 21 answers, 2 calls, 1 purges, 2 faults');
  const summary = summaryOf(past, { violations: [violation], excused: { deaf: 2, lost: 0 } });
  assert.match(summary, /^21 answers: 21 HIT$/m);
  assert.match(summary, /^exceptions: 2 deaf$/m);
  assert.match(summary, /^violations: 1 versions rise$/m);
});
