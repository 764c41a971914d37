// Tells what happened in a run, and around a violation, so that a person can follow it. Pure functions of a Past.

import { momentOf } from './past.mjs';

const seconds = (ms) => `${(ms / 1000).toFixed(3).padStart(8)} s`;

function tell(event) {
  switch (event.type) {
    case 'answer': {
      const forced = `${event.forced ? ' (forced)' : ''}${event.mock ? ' (mock)' : ''}`;
      const what = event.status === 200
        ? `version ${event.version}, ${event.mark}${event.age === undefined ? '' : `, Age ${event.age}`}`
        : `${event.status || 'no answer'} ${event.problem ?? event.error ?? ''}`;
      return `${event.process} is asked for place ${event.place}${forced}, and after ${Math.round(event.at - event.sent)} ms answers: ${what}`;
    }
    case 'call':
      return `${event.process} calls the provider for place ${event.place}; after ${Math.round((event.ended ?? event.at) - event.at)} ms: ${event.outcome === 'ok' ? `version ${event.version}` : event.outcome}`;
    case 'purge':
      return `${event.process} is told to purge ${event.place === null ? 'everything' : `place ${event.place}`}, and after ${Math.round(event.at - event.sent)} ms answers: ${event.status}`;
    case 'fault':
      return `${event.name}${event.place ? ` (place ${event.place})` : ''}${event.member ? ` (${event.member})` : ''}${event.until > event.at ? ` for ${Math.round(event.until - event.at)} ms` : ''}`;
    case 'process':
      return `${event.process} ${event.what === 'ended' || event.what === 'died' ? 'has' : 'is'} ${event.what}${event.why ? `: ${event.why}` : ''}`;
    case 'memory':
      return `${event.process} has ${event.kib} KiB`;
    case 'stall':
      return `this machine did not run the test for ${Math.round(event.took)} ms`;
    default:
      return JSON.stringify(event);
  }
}

// The violation, and around it: ten answers for its place, and every call, purge, fault and change of a process from the
// first of them to the last.
export function storyOf(past, violation, { before = 8, after = 2 } = {}) {
  const { event, purge } = violation;
  const same = past.answers.filter(({ place }) => place === event.place);
  const earlier = same.filter(({ at }) => at <= event.at).slice(-before);
  const shown = [...earlier, ...same.filter((answer) => momentOf(answer) > event.at).slice(0, after)];
  const from = Math.min(...[...earlier, event, ...(purge ? [purge] : [])].map(momentOf));
  const until = Math.max(event.at, ...shown.map(({ at }) => at));
  const others = past.events.filter((each) => !['answer', 'memory'].includes(each.type) && (each.until ?? each.at) >= from && momentOf(each) <= until
    && (each.place === undefined || each.place === null || event.place === undefined || each.place === event.place));
  const lines = [...new Set([...shown, ...others, event])].sort((a, b) => momentOf(a) - momentOf(b))
    .map((each) => `${each === event ? '>' : ' '} ${seconds(momentOf(each))}  ${tell(each)}`);
  return [`VIOLATION of "${violation.invariant}": ${violation.why}`, `  ${violation.says}`, ...lines].join('\n');
}

// All faults of a run, one a line.
export function scheduleOf(past) {
  return past.faults.map((fault) => `  ${seconds(fault.at)}  ${tell(fault)}`).join('\n');
}

// One line while a run is under way.
export function progressOf(events, milliseconds) {
  const count = (type) => events.filter((event) => event.type === type).length;
  return `${seconds(milliseconds)}: ${count('answer')} answers, ${count('call')} calls, ${count('purge')} purges, ${count('fault')} faults`;
}

// What a run saw, in a few lines.
export function summaryOf(past, { violations, excused }) {
  const count = (list) => [...list].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${n} ${name}`).join(', ') || 'none';
  const marks = countBy(past.answers, ({ status, mark, problem }) => (status === 200 ? mark : `${status || 'no answer'} ${problem ?? ''}`.trim()));
  return [
    `${past.answers.length} answers: ${count(marks)}`,
    `${past.calls.length} calls of the provider, ${past.calls.filter(({ outcome }) => outcome !== 'ok').length} of them failed; ${past.setting.perMinute} are allowed in a minute`,
    `${past.purges.length} purges, ${past.purges.filter(({ status }) => status === 503).length} of them not taken by Redis`,
    `${past.faults.length} faults: ${count(countBy(past.faults, ({ name }) => name))}`,
    `this machine stood still for ${Math.round(past.stalled(-Infinity, Infinity))} ms`,
    `exceptions: ${count(Object.entries(excused).filter(([, n]) => n > 0))}`,
    `violations: ${count(countBy(violations, ({ invariant }) => invariant))}`,
  ].join('\n');
}

function countBy(list, nameOf) {
  const counts = new Map();
  for (const each of list) counts.set(nameOf(each), (counts.get(nameOf(each)) ?? 0) + 1);
  return counts;
}
