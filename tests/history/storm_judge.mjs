// How many calls of the provider a fleet may make while its Redis has a fault, first with a provider that is well, then
// with one that fails. Pure: no clock, no sockets. All times are milliseconds of one clock.
//
// A run: { fault: { name, loaders }, processes, places, limits, start, failing: { from, until }, events }
//   loaders    how many processes the fault may oblige to load for themselves; the others share what one has loaded
//   places     those that every process is asked for again and again
//   failing    while the provider fails
//   start      when the run began
//   events     answers, calls, purges of everything, deeds of processes, and stalls, as in past.mjs
//
// The limits, each from a rule of docs/cache.md:
//   span       the shortest time after which a process may load again what it has loaded: CACHE_EARLY, less 10 %, of
//              CACHE_TTL
//   errorTtl, longestMemo        the first and the longest memo of a failed load, which doubles in between
//   breakerAfter, breakerWait, longestBreakerWait        the provider's breaker opens after so many failures, then lets
//              one load through after a wait, which doubles after each that fails, and is up to a quarter shorter
//   concurrency                  UPSTREAM_CONCURRENCY

import { grouped } from './invariants.mjs';
import { Past } from './past.mjs';

// What a scheduler and a local network may add to the way of a call to the provider (ms). The time for which this
// program did not run is added to it.
const SLACK = 300;

// How many loads of a place the memos of failures let through in this time.
export function callsOfMemos(milliseconds, { errorTtl, longestMemo }) {
  let loads = 0;
  for (let [at, memo] = [0, errorTtl]; at < milliseconds; at += memo, memo = Math.min(2 * memo, longestMemo)) loads += 1;
  return loads;
}

// How many calls of a process its breaker lets through in this time.
export function callsOfBreaker(milliseconds, { breakerAfter, breakerWait, longestBreakerWait, concurrency }) {
  // When the failures begin, a call in each other slot may succeed and make the breaker count anew after one failure;
  // when it opens, one in each other slot is under way.
  let calls = breakerAfter + 2 * (concurrency - 1);
  for (let [at, wait] = [0.75 * breakerWait, breakerWait]; at < milliseconds; wait = Math.min(2 * wait, longestBreakerWait), at += 0.75 * wait) calls += 1;
  return calls;
}

// The calls of one place that were more than `loaders` in a span.
function tooEarly(past, calls, loaders, span) {
  return calls.filter((call, i) => {
    if (i < loaders) return false;
    const before = calls[i - loaders];
    return call.at - before.at + SLACK + past.stalled(before.at - SLACK, call.at) < span;
  });
}

// Returns what the run saw, and what of it breaks a rule: { calls, retries, answers, errors, violations }.
export function judgeStorm(run) {
  const { fault, processes, places, limits, failing, start, events } = run;
  const past = new Past({ setting: {}, events });
  const { answers, deeds } = past;
  const errors = answers.filter(({ status }) => status !== 200);
  const calls = past.calls.filter(({ outcome }) => outcome === 'ok');
  const retries = past.calls.filter(({ outcome }) => outcome !== 'ok');
  const purges = past.purges.length;
  const violations = [];
  const violated = (rule, seen, allowed, example = '') => violations.push(`${rule}: ${seen}, at most ${allowed}${example && `; ${example}`}`);
  const when = (...these) => `${these.map(({ at }) => ((at - start) / 1000).toFixed(1)).join(', ')} s`;

  if (errors.length > 0) {
    const [first] = errors;
    violated('every client gets an answer', `${errors.length} errors`, 0, `the first is ${first.status} ${first.problem ?? first.error ?? ''} by ${first.process} for place ${first.place} at ${when(first)}`);
  }
  for (const deed of deeds) if (deed.what === 'died') violated('every process stays alive', `${deed.process} ended`, 'none', deed.why);

  // A purge of everything costs each loader one load of each place.
  const findStorms = (rule, groups, loaders) => {
    const spots = [...groups].map(([name, list]) => ({ name, list, early: tooEarly(past, list, loaders, limits.span) }));
    const beyond = spots.filter(({ early }) => early.length > purges * loaders);
    if (beyond.length === 0) return;
    const worst = beyond.reduce((a, b) => (b.early.length > a.early.length ? b : a));
    violated(rule, `${beyond.reduce((sum, { early }) => sum + early.length, 0)} calls too early`, `${purges * loaders} for each place`,
      `${worst.name}: calls at ${when(...worst.list)}`);
  };
  // A process that has started again has an empty memory.
  findStorms('one call per process, place and span', grouped(calls, (call) => `${call.process}, life ${past.lifeAt(call.process, call.at)}, place ${call.place}`), 1);
  findStorms(`calls of ${fault.loaders} process${fault.loaders === 1 ? '' : 'es'} per place and span`, grouped(calls, ({ place }) => `place ${place}`), fault.loaders);

  const time = failing.until - failing.from;
  const [ofBreaker, ofMemos] = [callsOfBreaker(time, limits), callsOfMemos(time, limits)];
  for (const [process, list] of grouped(retries, ({ process: name }) => name)) {
    if (list.length > ofBreaker) violated('the breaker bounds the calls of a failing provider', `${list.length} by ${process}`, ofBreaker);
  }
  for (const [place, list] of grouped(retries, ({ place: name }) => name)) {
    // A memo is the fleet's while it lasts, but a process that was not asked meanwhile does not know how many failures
    // came before, and begins to count anew.
    if (list.length > ofMemos * processes.length) violated('memos bound the calls of a failing provider', `${list.length} for place ${place}`, ofMemos * processes.length);
    const early = fault.loaders === 1 ? tooEarly(past, list, 1, limits.errorTtl) : [];
    if (early.length > 0) violated('a memo holds for the fleet', `${early.length} calls too early for place ${place}`, 0, `calls at ${when(...list)}`);
  }

  // Without these a run proves nothing.
  for (const name of processes) {
    const served = new Set(answers.filter(({ process, status }) => process === name && status === 200).map(({ place }) => place));
    const missing = places.filter((place) => !served.has(place));
    if (missing.length > 0) violations.push(`the run is too short: ${name} was never asked for ${missing.join(', ')}`);
  }
  for (const place of places) if (!calls.some((call) => call.place === place)) violations.push(`the run is too short: place ${place} was never loaded`);
  if (!retries.length) violations.push('the run is too short: no call has failed');
  return { calls: calls.length, retries: retries.length, answers: answers.length, errors: errors.length, violations };
}
