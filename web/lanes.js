// The rules of a battle, without user interface: the order of the requests, and which answers count as expected.

import { rate, ratioOfMedians, summarize, median } from './statistics.js';

export const LANES = {
  slow: { query: 'cache=off', xCache: 'BYPASS', detail: null, warm: false },
  memory: { query: 'cache=on', xCache: 'HIT', detail: 'memory', warm: true },
  redis: { query: 'cache=redis', xCache: 'HIT', detail: 'redis', warm: true },
};
const QUESTION = 'lat=52.52&lon=13.41&mock=true';
const TOGETHER_AT_MOST = 2; // per lane, since all lanes share the browser's six connections

export const parallelFor = (lanes, wished) => (lanes.length > 1 ? Math.min(wished, TOGETHER_AT_MOST) : wished);

export const NO_ANSWER = ['network', 'timeout']; // the problems of requests that got none

// The problem with an answer, or null.
export function problemOf(lane, answer) {
  if (answer.failure) return answer.failure;
  if (answer.status !== 200) return 'status';
  const { xCache, detail } = LANES[lane];
  if (answer.xCache !== xCache) return 'unexpected';
  if (detail && !answer.cacheStatus.includes(`detail=${detail}`)) return 'unexpected';
  return null;
}

// The record of one request.
export function toSample(lane, number, answer, began) {
  const problem = problemOf(lane, answer);
  const answered = problem === null || problem === 'unexpected';
  return {
    lane,
    number,
    start: answer.start - began,
    duration: answered ? answer.duration : null,
    service: answered ? (answer.timing.total?.dur ?? null) : null,
    status: answer.status ?? null,
    xCache: answer.xCache ?? null,
    cacheStatus: answer.cacheStatus || null,
    clock: answer.clock ?? null,
    problem,
  };
}

// The numbers of a lane. Errors have no time. Answers from an unexpected source do, since a visitor waits for them too.
export function laneSummary(samples) {
  const answered = samples.filter((sample) => sample.duration !== null);
  const split = answered.filter((sample) => sample.service !== null);
  return {
    ...summarize(durations(samples)),
    rate: rate(answered),
    service: median(split.map((sample) => sample.service)),
    network: median(split.map((sample) => Math.max(0, sample.duration - sample.service))),
    errors: samples.length - answered.length,
    unexpected: answered.filter((sample) => sample.problem === 'unexpected').length,
  };
}

// How long somebody waits who gets these answers one after the other, in ms.
export const waited = (samples) => samples.reduce((sum, { duration }) => sum + (duration ?? 0), 0);

// The times of the requests that were answered.
export const durations = (samples) => samples.filter((sample) => sample.duration !== null).map((sample) => sample.duration);

// Compares a lane with the lane without a cache: the ratio of their medians and what it says. Null while one of them has
// no answers. `says` is "few" (no interval: too few answers, or none wished), "same" (the interval holds 1: no
// measurable difference), "faster" or "slower".
export function compare(slow, fast, { interval = true, ...options } = {}) {
  const times = [durations(slow), durations(fast)];
  if (times.some(({ length }) => length === 0)) return null;
  if (!interval) return { ratio: median(times[0]) / median(times[1]), low: null, high: null, says: 'few' };
  const ratio = ratioOfMedians(...times, options);
  const { low, high } = ratio;
  let says = 'same';
  if (low === null) says = 'few';
  else if (low > 1) says = 'faster';
  else if (high < 1) says = 'slower';
  return { ...ratio, says };
}

// Why an answer came from another place than its lane's: the detail of its Cache-Status, else its X-Cache.
export const whyElsewhere = ({ xCache, cacheStatus }) => /detail=([\w-]+)/.exec(cacheStatus ?? '')?.[1] ?? (cacheStatus?.includes('collapsed') ? 'collapsed' : (xCache ?? ''));

// Runs `n` requests in each lane. Several lanes take turns in rounds: while the slow lane's requests wait, the other
// lanes run one after the other, in alternating order. All lanes thus see the same network, and no lane loads another.
// Resolves when the battle is done or stopped. `ask(url, signal)` must not reject.
export async function run({ lanes, n, parallel, ask, signal, onWarm, onBegin, onSample, now, id }) {
  const began = now();
  const url = (lane, tag) => `/weather?${QUESTION}&${LANES[lane].query}&run=${id}-${lane}-${tag}`;
  await Promise.all(
    lanes.filter((lane) => LANES[lane].warm).map(async (lane) => {
      const answer = await ask(url(lane, 'warm'), signal);
      if (!signal.aborted) onWarm(lane, answer);
    }),
  );
  onBegin();
  const sent = Object.fromEntries(lanes.map((lane) => [lane, 0]));
  const one = async (lane) => {
    const number = ++sent[lane];
    const answer = await ask(url(lane, number), signal);
    if (answer.failure !== 'aborted') onSample(toSample(lane, number, answer, began));
  };
  // Sends `limit` requests, `parallel` at a time; each starts when an earlier one has ended.
  const many = (lane, limit) => {
    const upTo = Math.min(n, sent[lane] + limit);
    const worker = async () => {
      while (sent[lane] < upTo && !signal.aborted) await one(lane);
    };
    return Promise.all(Array.from({ length: parallel }, worker));
  };
  if (lanes.length === 1) return void (await many(lanes[0], n));

  const quick = lanes.filter((lane) => lane !== 'slow');
  for (let round = 0; round * parallel < n && !signal.aborted; ++round) {
    const slow = lanes.includes('slow') ? many('slow', parallel) : null;
    const order = round % 2 === 0 ? quick : [...quick].reverse();
    for (const lane of order) await many(lane, parallel);
    await slow;
  }
}
