// What must hold while the processes of a fleet are replaced by those of another version, and back. Pure: no clock, no
// sockets. All times are milliseconds of one clock.
//
// A run: { name, processes, places, versions: { old, present, ofLife }, span, limit, inFlight, dayOrigin, start, events }
//   places      those that every process is asked for again and again; none in a run with a limit
//   versions    the names of both versions, and that of each life of a process: { 1: 'old', 2: 'present', ... }
//   span        the shortest time after which a version may load again what it has loaded
//   limit       UPSTREAM_LIMIT in a day, if the run uses it up; then answers may be refused
//   inFlight    how many calls of the old version may be under way at once
//   dayOrigin   the time of day when the clock of the events was 0
//   events      answers, calls, purges, deeds of processes, and stalls, as in past.mjs; Redis is well all the time
//
// What both versions promise when Redis is well holds in the mix as well (docs/cache.md). The quota is the exception:
// 0.1.0 has counters of its own and does not see the calls of later versions, so it may use the limit once more.

import { grouped } from './invariants.mjs';
import { Past } from './past.mjs';

const DAY = 86_400_000;
// What a scheduler and a local network may cost (ms). The time for which this program did not run is added to it.
const SLACK = 300;
// A message from one process to another.
const MESSAGE = 300;
// What is loaded around a purge may be loaded again.
const AROUND = 1000;
// Near the end of a day, a call counts in both days.
const BOUNDARY = 2500;
// 0.1.0 cannot read the value that the present version stores, and throws its own copy away when it hears of it. So it
// loads once more; what it stores, both versions read.
const LOADS_PER_SPAN = 2;

class Run {
  constructor(given) {
    Object.assign(this, given);
    this.past = new Past({ setting: {}, events: given.events });
    this.loads = this.past.calls.filter(({ outcome }) => outcome === 'ok');
  }

  seconds(moment) {
    return `${((moment - this.start) / 1000).toFixed(1)} s`;
  }

  versionOf({ process, life, at }) {
    return this.versions.ofLife[life ?? this.past.lifeAt(process, at)];
  }

  who(event) {
    return `${event.process} (${this.versionOf(event)})`;
  }

  purged(place, from, to) {
    return this.past.purges.some((purge) => (purge.place === null || purge.place === place) && purge.sent < to && purge.at > from);
  }

  day(at) {
    return Math.floor((this.dayOrigin + at) / DAY);
  }

  // The calls until then in the day that had most of them, for a moment that may count in two.
  used(at, calls) {
    const days = [this.day(at - BOUNDARY), this.day(at + BOUNDARY)];
    return Math.max(...days.map((day) => calls.filter((call) => call.at < at && this.day(call.at) === day).length));
  }
}

// Each rule yields what breaks it.
const RULES = {
  * 'every client gets an answer'(run) {
    for (const answer of run.past.answers) {
      if (answer.status === 200 || (answer.status === 429 && run.limit !== undefined)) continue;
      yield `${answer.status} ${answer.problem ?? answer.error ?? ''} by ${run.who(answer)} for place ${answer.place} at ${run.seconds(answer.sent)}`;
    }
  },

  * 'every process stays alive, and ends well when it is told to'(run) {
    for (const deed of run.past.deeds) if (deed.what === 'died') yield `${run.who(deed)} at ${run.seconds(deed.at)}: ${deed.why}`;
  },

  * 'every purge is taken'(run) {
    for (const purge of run.past.purges) if (purge.status !== 204) yield `${run.who(purge)} answers ${purge.status} at ${run.seconds(purge.sent)}`;
  },

  // Except what was under way when the purge began, and elsewhere for the delay of one message.
  * 'what was purged is not served'(run) {
    for (const purge of run.past.purges.filter(({ status }) => status === 204)) {
      for (const answer of run.past.answers) {
        if (answer.status !== 200 || (purge.place !== null && purge.place !== answer.place)) continue;
        const own = answer.process === purge.process && answer.life === purge.life;
        const call = run.past.callOf(answer);
        if (answer.sent < purge.at + (own ? 0 : MESSAGE + run.past.stalled(purge.sent, answer.sent)) || (call && call.ended + SLACK > purge.sent)) continue;
        yield `${run.who(answer)} serves version ${answer.version} of place ${answer.place} at ${run.seconds(answer.sent)}, ${answer.mark}, which ${run.who(purge)} purged ${purge.place === null ? 'with everything ' : ''}at ${run.seconds(purge.sent)}`;
      }
    }
  },

  * 'a mixed fleet loads a place at most twice in a span'(run) {
    for (const loads of run.crowds) if (loads.length > LOADS_PER_SPAN) yield `place ${loads[0].place}: ${loads.map((load) => `${run.who(load)} at ${run.seconds(load.at)}`).join(', ')}`;
  },

  * 'the present version keeps the limit for the whole fleet, and 0.1.0 for its own calls'(run) {
    if (run.limit === undefined) return;
    const ofOld = run.past.calls.filter((call) => run.versionOf(call) === run.versions.old);
    for (const call of run.past.calls) {
      const old = run.versionOf(call) === run.versions.old;
      // The calls of 0.1.0 that are under way may arrive before one that the present version has counted first.
      const used = run.used(call.at, old ? ofOld : run.past.calls) + 1;
      if (used > run.limit + (old ? 0 : run.inFlight)) yield `call ${used} of ${run.limit} by ${run.who(call)} at ${run.seconds(call.at)}`;
    }
  },

  * 'no process refuses a call before the limit'(run) {
    if (run.limit === undefined) return;
    for (const answer of run.past.answers.filter(({ status }) => status === 429)) {
      const used = run.used(answer.at, run.past.calls);
      if (used + run.inFlight < run.limit) yield `${run.who(answer)} refuses place ${answer.place} at ${run.seconds(answer.sent)}, after ${used} calls of ${run.limit}`;
    }
  },

  // Otherwise it proves nothing.
  * 'the run is long enough'(run) {
    const { old, present } = run.versions;
    for (const version of [old, present]) {
      const of = (list) => list.filter((event) => run.versionOf(event) === version);
      const answers = of(run.past.answers).filter(({ status }) => status === 200);
      const missing = run.places.filter((place) => !answers.some((answer) => answer.place === place));
      if (missing.length > 0) yield `${version} never answered for ${missing.join(', ')}`;
      if (of(run.loads).length === 0) yield `${version} never loaded`;
      if (run.limit === undefined && !of(run.past.purges).some(({ place }) => place !== null)) yield `${version} never purged a place`;
      if (run.limit === undefined && !of(run.past.purges).some(({ place }) => place === null)) yield `${version} never purged everything`;
    }
    const [first, last] = [run.past.calls[0], run.past.calls.at(-1)];
    if (run.limit === undefined || run.day(first.at - BOUNDARY) !== run.day(last.at + BOUNDARY)) return;
    if (!run.past.answers.some((answer) => answer.status === 429 && run.versionOf(answer) === present)) yield `${present} never used the limit up`;
  },
};

// The loads of each place that follow one another within a span, without a purge in between; one list for each load.
function crowdsOf(run) {
  const crowds = [];
  for (const [place, loads] of grouped(run.loads)) {
    for (const [i, first] of loads.entries()) {
      const together = (load) => load.at - first.at + SLACK + run.past.stalled(first.at - SLACK, load.at) < run.span && !run.purged(place, first.at - AROUND, load.at);
      const crowd = [first];
      for (const load of loads.slice(i + 1)) {
        if (!together(load)) break;
        crowd.push(load);
      }
      crowds.push(crowd);
    }
  }
  return crowds;
}

// Returns what the run saw, and what of it breaks a rule: { answers, calls, purges, refused, mostLoads, violations }.
export function judgeRolling(given) {
  const run = new Run(given);
  run.crowds = crowdsOf(run);
  const violations = Object.entries(RULES).flatMap(([rule, check]) => [...check(run)].map((why) => ({ rule, why })));
  const { answers, calls, purges } = run.past;
  return {
    answers: answers.length, calls: calls.length, purges: purges.length,
    refused: answers.filter(({ status }) => status === 429).length,
    mostLoads: Math.max(...run.crowds.map(({ length }) => length)),
    violations,
  };
}
