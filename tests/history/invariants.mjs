// What must hold in every history, and the few exceptions. Pure functions of a Past.
//
// Each invariant has a name, a sentence, and a `check` that yields what breaks it: { event, why, excuse }. A report with
// an excuse, the name of one of EXCUSES, is counted and is no violation.

import { CAUTION, LEASE_AT_MOST, SLOW } from './faults.mjs';
import { TIMES } from './fleet.mjs';
import { RECOVERY } from './past.mjs';
import { WIND } from './provider.mjs';

// What a clock, a scheduler and a local network may cost (ms). The time for which this program did not run is added
// where a time is measured.
const SLACK = 300;
// On a busy machine a process may run this much after its timer; an answer that is never sent is later.
const TIMER = 1000;
// A message from one process to another.
const MESSAGE = 300;
// A look into Redis behind an answer.
const LOOK = 1000;
// The provider notices the end of a call this much later than the process, which may have begun the next one.
const OVERLAP = 20;
// So many calls may belong to one load, which is repeated once after a lost connection.
const CALLS_OF_A_LOAD = 2;
// The interval at which each process compares Redis with what it knows.
const WATCH = 29_000;
// The purger looks after a purge again, at the latest after a lease.
const SECOND_LOOK = 4000;
// A question of a place that others load waits for up to four commands of Redis, for the call, and near the quota for
// the count.
const PROMPT = 2000;
const COUNT_WAIT = 1000;

// The faults during which a write can be under way for long.
const HOLD_BACK = ['link-delayed', 'link-stalled', 'count-late', 'redis-frozen', 'process-frozen'];

// All exceptions. There are no others.
export const EXCUSES = {
  'one message': 'A purge reaches the other processes after the delay of one message.',
  deaf: 'A process that was cut off serves what it has until it is back and has looked.',
  lost: 'Redis lost a purge, and no process that knows of it has looked since.',
  'late write': 'A write that was under way during a purge ended after it, until the second look.',
  'debt died': 'The process that owed a purge to Redis ended before Redis took it.',
  'count lost': 'Redis and a process were both lost, with the calls that nobody else had seen.',
};

const total = ({ fresh, stale, keep }) => fresh + stale + keep;
const leaseOf = ({ callWithin }) => callWithin + 2000;
const reals = (past) => past.answers.filter(({ mock }) => !mock);

// Whether a lease without a holder may make questions for this place wait.
function strandedLease(past, place, from, to) {
  const lease = leaseOf(past.setting.times);
  return past.faults.some((fault) => fault.at < to
    && ((fault.strands && fault.until + lease + PROMPT > from) || (fault.name === 'lease-endless' && fault.place === place && fault.at + LEASE_AT_MOST + PROMPT > from)));
}

// A refusal for the quota is right if enough of it is used, or for a minute after the provider has refused.
function rightlyRefused(past, { status, process, at }, part = 0.7) {
  return status === 429 && (past.nearQuota(process, at, part) || past.hadFault(at - 75_000, at, ({ name }) => name === 'provider-429'));
}

export const INVARIANTS = [
  {
    name: 'in time',
    says: 'Every question is answered within REQUEST_TIMEOUT.',
    * check(past) {
      for (const answer of past.answers) {
        const took = answer.at - answer.sent;
        if (answer.status !== 0 && took <= past.setting.times.answerWithin + TIMER) continue;
        if (!past.ran(answer.process, answer.sent - SLACK, answer.at)) continue;
        if (answer.status === 0) yield { event: answer, why: `no answer: ${answer.error}` };
        else if (took > past.setting.times.answerWithin + TIMER + past.stalled(answer.sent, answer.at)) yield { event: answer, why: `answered after ${Math.round(took)} ms` };
      }
    },
  },
  {
    name: 'prompt',
    says: 'While the provider is well, no question waits for longer than calls and Redis may take, whatever Redis does.',
    * check(past) {
      for (const answer of past.answers) {
        const took = answer.at - answer.sent;
        if (answer.status === 0 || took <= PROMPT) continue;
        if (!past.ran(answer.process, answer.sent - SLACK, answer.at)) continue;
        if (!past.providerWell(answer.sent, answer.at) || strandedLease(past, answer.place, answer.sent, answer.at)) continue;
        const limit = PROMPT + past.stalled(answer.sent, answer.at)
          + (past.hadFault(answer.sent - SLOW, answer.at, ({ name }) => name === 'provider-slow') ? SLOW : 0)
          + (past.nearQuota(answer.process, answer.at, 0.7) ? COUNT_WAIT : 0);
        if (took <= limit) continue;
        yield { event: answer, why: `answered after ${Math.round(took)} ms` };
      }
    },
  },
  {
    name: 'real',
    says: 'Every answer is one that the provider gave for this place, before; that of the mock is never taken for one.',
    * check(past) {
      for (const answer of past.answers) {
        if (answer.broken !== undefined) yield { event: answer, why: `not JSON: ${answer.broken}` };
        if (answer.status !== 200) continue;
        if (answer.placeInBody !== answer.place) yield { event: answer, why: `it is of place ${answer.placeInBody}` };
        const mocks = answer.windSpeed < WIND || /mock/i.test(answer.source);
        if (mocks !== answer.mock) yield { event: answer, why: answer.mock ? 'it is not the mock’s' : 'it is the mock’s' };
        if (answer.mock || mocks) continue;
        const call = past.callOf(answer);
        if (!call) yield { event: answer, why: 'the provider never gave this value' };
        else if (call.outcome !== 'ok') yield { event: answer, why: `its call ended otherwise: ${call.outcome}` };
        else if (call.at > answer.at) yield { event: answer, why: 'it is from the future' };
      }
    },
  },
  {
    name: 'honest age',
    says: 'Age is the time since the provider was asked.',
    * check(past) {
      for (const answer of past.answers) {
        const call = answer.status === 200 && answer.age !== undefined && past.callOf(answer);
        if (!call) continue;
        const outside = (slack) => answer.age < Math.floor((answer.sent - call.at - slack) / 1000) || answer.age > (answer.at - call.at + slack) / 1000;
        if (!outside(SLACK) || !outside(SLACK + past.stalled(call.at - 1000, answer.at))) continue;
        yield { event: answer, why: `Age ${answer.age}, true between ${((answer.sent - call.at) / 1000).toFixed(1)} and ${((answer.at - call.at) / 1000).toFixed(1)} s` };
      }
    },
  },
  {
    name: 'within its spans',
    says: 'No answer is called fresh after its fresh span, and none is served after all its spans.',
    * check(past) {
      for (const answer of past.answers) {
        const call = answer.status === 200 && past.callOf(answer);
        if (!call) continue;
        const age = answer.sent - call.at - SLACK;
        const limit = answer.mark === 'HIT' ? past.setting.times.fresh : total(past.setting.times);
        if (age <= limit || !past.ran(answer.process, answer.sent - SLACK, answer.at)) continue;
        if (age - past.stalled(call.at - SLACK, answer.at) > limit) yield { event: answer, why: `${answer.mark} at an age of ${Math.round(age + SLACK)} ms` };
      }
    },
  },
  {
    name: 'kept covers failure',
    says: 'A client of a process that keeps an answer never sees the provider’s failure, nor a used-up quota.',
    * check(past) {
      const newest = new Map(); // by process, life and place: the call of the newest value that it has served
      for (const answer of reals(past).sort((a, b) => a.at - b.at)) {
        if (!past.hasMemory(answer.process)) continue;
        const key = `${answer.process}/${answer.life}/${answer.place}`;
        const held = newest.get(key);
        if (answer.status === 200) {
          const call = past.callOf(answer);
          if (call && !(held?.call.version > call.version)) newest.set(key, { call, at: answer.at });
        } else if (held && held.at < answer.sent && (answer.status >= 500 || answer.status === 429)) {
          if (answer.at > held.call.at + total(past.setting.times) - 1000 || !past.ran(answer.process, answer.sent - SLACK, answer.at)) continue;
          if (past.purged(answer.place, held.call.at, answer.at, WATCH) || past.foundRedis(answer.process, held.call.at, answer.at)) continue;
          yield { event: answer, why: `${answer.problem}, although ${answer.process} served version ${held.call.version} ${Math.round(answer.sent - held.at)} ms before` };
        }
      }
    },
  },
  {
    name: 'purged is gone',
    says: 'What the provider gave before a purge began is not served after the purge.',
    * check(past) {
      const answers = reals(past).filter(({ status }) => status === 200);
      for (const purge of past.purges) {
        if (purge.status !== 204 && purge.status !== 503) continue;
        for (let i = firstAfter(answers, purge.at); i < answers.length; ++i) {
          const answer = answers[i];
          if (answer.sent > purge.at + total(past.setting.times) + LOOK) break; // 'within its spans' judges it
          if (purge.place !== null && purge.place !== answer.place) continue;
          const call = past.callOf(answer);
          if (!call || call.ended + SLACK > purge.sent) continue;
          const found = { event: answer, purge, why: `version ${answer.version} was purged ${Math.round(answer.sent - purge.sent)} ms before` };
          if (answer.process === purge.process && answer.life === purge.life) yield found;
          else if (purge.status === 204) yield { ...found, excuse: excuseOf(past, purge, answer) };
          else if (paid(past, purge) + MESSAGE < answer.sent) yield { ...found, excuse: debtDied(past, purge) ? 'debt died' : excuseOf(past, purge, answer) };
        }
      }
    },
  },
  {
    name: 'versions rise',
    says: 'A client of one process never gets an older answer after a newer one.',
    * check(past) {
      const newest = new Map();
      for (const answer of reals(past)) {
        const call = answer.status === 200 && past.callOf(answer);
        if (!call) continue;
        const key = `${answer.process}/${answer.life}/${answer.place}`;
        const list = newest.get(key) ?? newest.set(key, []).get(key);
        for (const held of list) {
          if (held.at >= answer.sent || call.ended >= held.call.at) continue;
          if (past.foundRedis(answer.process, held.call.at, answer.at)) continue;
          if (past.purged(answer.place, held.call.at, answer.at, WATCH)) continue; // 'purged is gone' judges it
          // A process without a memory has what Redis has, and that only if every write was in time.
          if (!past.hasMemory(answer.process) && !fleetWell(past, call.at, answer.at)) continue;
          yield { event: answer, why: `version ${call.version}, although ${answer.process} served version ${held.call.version} ${Math.round(answer.sent - held.at)} ms before` };
        }
        list.push({ call, at: answer.at });
        if (list.length > 30) list.shift();
      }
    },
  },
  {
    name: 'one load at a time',
    says: 'A process does not load a place twice at once, and neither does the fleet while Redis is well.',
    * check(past) {
      for (const [first, second] of neighbours(past.calls)) {
        if (second.at + OVERLAP >= first.ended || second.at + OVERLAP + past.stalled(first.at, second.at) >= first.ended || past.purged(second.place, first.at, second.at, 0)) continue;
        if (forced(past, first, second)) continue;
        if (first.process !== second.process && !fleetWell(past, first.at - leaseOf(past.setting.times), second.at)) continue;
        yield { event: second, why: `${second.process} called ${Math.round(first.ended - second.at)} ms before the call of ${first.process} ended` };
      }
    },
  },
  {
    name: 'one call per span',
    says: 'A process does not load what it holds and is fresh, whatever Redis does or forgets; neither does the fleet while Redis is well.',
    * check(past) {
      const least = 0.7 * past.setting.times.fresh - SLACK; // early refreshes begin at 0.72 of the fresh span
      const good = past.calls.filter(({ outcome }) => outcome === 'ok');
      // An answer is as old as its request, so its span begins with the call.
      const excluded = (first, second) => second.at - first.at > least || second.at < first.ended || second.at - first.at + past.stalled(first.at, second.at) > least
        || past.purged(second.place, first.at - LOOK, second.at, WATCH) || forced(past, first, second);
      for (const { name } of past.setting.processes.filter(({ memory }) => memory)) {
        for (const [first, second] of neighbours(good.filter(({ process }) => process === name))) {
          if (excluded(first, second) || !past.ran(name, first.at, second.at) || past.foundRedis(name, first.at, second.at)) continue;
          // After a gap, a value that cannot be read may follow a purge.
          const unreadable = past.hadFault(first.at, second.at, ({ name: kind, place }) => (kind === 'value-later' || kind === 'value-copied') && place === second.place);
          if (unreadable && past.lastCutOff(name, second.at) > first.at - RECOVERY) continue;
          yield { event: second, why: `${name} had asked for it ${Math.round(second.at - first.at)} ms before` };
        }
      }
      for (const [first, second] of neighbours(good)) {
        if (first.process === second.process && past.hasMemory(first.process)) continue; // see above
        if (excluded(first, second) || !fleetWell(past, first.at, second.at)) continue;
        yield { event: second, why: `${first.process} had asked for it ${Math.round(second.at - first.at)} ms before, and Redis was well` };
      }
    },
  },
  {
    name: 'failures are remembered',
    says: 'A process does not repeat a failed load at once, and neither does another one while Redis is well.',
    * check(past) {
      for (const { name } of past.setting.processes) {
        const failed = past.calls.filter(({ process, outcome }) => process === name && outcome !== 'ok');
        for (const calls of neighbours(failed, CALLS_OF_A_LOAD + 1)) {
          const [first, last] = [calls[0], calls.at(-1)];
          if (last.at - first.at > 400 || last.at - first.at + past.stalled(first.at, last.at) > 400 || !past.ran(name, first.at, last.at)) continue;
          if (past.purged(last.place, first.at - LOOK, last.at, 0) || past.wasForced(name, last.place, first.at - LOOK, last.at)) continue;
          yield { event: last, why: `${name} made ${calls.length} calls that failed within ${Math.round(last.at - first.at)} ms` };
        }
      }
      for (const [first, second] of neighbours(past.calls.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'broken off'))) {
        const pause = second.at - first.ended;
        if (first.process === second.process || pause < 0 || pause > 400) continue;
        if (!fleetWell(past, first.at - leaseOf(past.setting.times), second.at) || past.purged(second.place, first.at - LOOK, second.at, 0)) continue;
        if (forced(past, first, second)) continue;
        yield { event: second, why: `the call of ${first.process} failed ${Math.round(pause)} ms before, and Redis was well` };
      }
    },
  },
  {
    name: 'forced is new',
    says: 'A forced question gets an answer that the provider gave after it was asked.',
    * check(past) {
      for (const answer of past.answers) {
        const call = answer.forced && answer.status === 200 && past.callOf(answer);
        if (!call || call.ended + SLACK >= answer.sent) continue;
        // A load that fails or is refused leaves it with what was kept.
        if (!past.providerWell(answer.sent - CAUTION, answer.at) || rightlyRefused(past, { ...answer, status: 429 })) continue;
        if (strandedLease(past, answer.place, answer.sent, answer.at)) continue;
        yield { event: answer, why: `version ${call.version} is ${Math.round(answer.sent - call.ended)} ms older than the question` };
      }
    },
  },
  {
    name: 'shared',
    says: 'While Redis is well, every process answers with what one of them has loaded, whatever failed before.',
    * check(past) {
      const byPlace = grouped(past.calls.filter(({ outcome }) => outcome === 'ok'));
      for (const answer of reals(past)) {
        if (answer.status < 500 && answer.status !== 429) continue;
        for (const call of byPlace.get(answer.place) ?? []) {
          if (call.ended + MESSAGE > answer.sent || answer.at > call.at + past.setting.times.fresh - SLACK) continue;
          if (!fleetWell(past, call.at, answer.at) || past.purged(answer.place, call.at - LOOK, answer.at, WATCH)) continue;
          if (past.failed(answer.place, call.at - SLACK, answer.at)) continue; // a forced load, since
          yield { event: answer, why: `${answer.status} ${answer.problem}, although ${call.process} loaded version ${call.version} ${Math.round(answer.sent - call.ended)} ms before` };
        }
      }
    },
  },
  {
    name: 'recovers',
    says: 'A while after every fault each question gets an answer.',
    * check(past) {
      for (const answer of past.answers) {
        if (answer.status === 200 || rightlyRefused(past, answer)) continue;
        // Where failures are remembered for longer, one may have come twice in a row.
        const memo = answer.how?.includes('error-memo') ? 2 * (past.setting.times.error - TIMES.error) : 0;
        if (past.hadFault(answer.sent - CAUTION - memo, answer.at, ({ touches, member }) => touches !== 'nothing' && touches !== 'data' && (member === null || member === answer.process))) continue;
        if (past.faults.some(({ name, place, at }) => name === 'lease-endless' && place === answer.place && at < answer.at && at + LEASE_AT_MOST + PROMPT > answer.sent)) continue;
        yield { event: answer, why: `${answer.status} ${answer.problem ?? answer.error}` };
      }
    },
  },
  {
    name: 'refused with reason',
    says: 'A question is refused for the quota only if nearly all of it is used.',
    * check(past) {
      for (const answer of past.answers) {
        if (answer.problem !== 'provider-limited' || answer.how?.includes('error-memo')) continue; // the first refusal is judged
        if (rightlyRefused(past, answer, 0.9)) continue;
        yield { event: answer, why: `refused after ${past.countedUntil(answer.at)[0]} calls in this minute, of ${past.setting.perMinute}` };
      }
    },
  },
  {
    name: 'within the quota',
    says: 'In no minute does the provider get more calls than UPSTREAM_LIMIT allows the fleet.',
    * check(past) {
      // A call that was counted at the very end of a minute may arrive in the next.
      const late = (call) => past.minuteOf(call.at - SLACK) !== past.minuteOf(call.at);
      for (const [minute, calls] of grouped(past.calls.filter((call) => !late(call)), ({ at }) => past.minuteOf(at))) {
        if (calls.length <= past.setting.perMinute) continue;
        const [from, to] = [calls[0].at, calls.at(-1).at];
        const lost = past.hadFault(from, to, ({ loses }) => loses) && past.hadFault(from, to, ({ name }) => name === 'process-killed');
        yield { event: calls[past.setting.perMinute], why: `${calls.length} calls in minute ${minute}, of ${past.setting.perMinute}`, excuse: lost ? 'count lost' : undefined };
      }
    },
  },
  {
    name: 'flat memory',
    says: 'A process does not grow.',
    * check(past) {
      if (past.setting.sanitized) return; // a sanitizer keeps freed memory for a while
      for (const samples of grouped(past.memory, ({ process, life }) => `${process}/${life}`).values()) {
        const first = samples.find(({ at }) => at > samples[0].at + 20_000);
        const last = samples.at(-1);
        if (first && last.kib > 1.5 * first.kib + 16_384) yield { event: last, why: `${last.kib} KiB, at first ${first.kib} KiB` };
      }
    },
  },
  {
    name: 'stays alive',
    says: 'No process ends unless it is told to or killed, or with an error, and no sanitizer reports anything.',
    * check(past) {
      for (const deed of past.deeds) if (deed.what === 'died') yield { event: deed, why: deed.why };
    },
  },
];

// Whether one of two calls may be that of a forced question, which neither respects nor leaves the memo of a failure that
// another process has set.
function forced(past, first, second) {
  return [first, second].some(({ process, place }) => past.wasForced(process, place, first.at - past.setting.times.callWithin, second.at));
}

// Whether every process was connected to a Redis that worked, remembered all and was in time, and had recovered before.
function fleetWell(past, from, to) {
  return past.setting.processes.every(({ name }) => past.hadRedis(name, from - RECOVERY, to))
    && !past.hadFault(from, to, ({ touches }) => touches === 'process') && past.stalled(from, to) === 0;
}

// When a process that answered 503 to a purge must have paid what it owes to Redis.
function paid(past, purge) {
  const troubles = past.faults.filter(({ touches, member, at, until }) => until > purge.sent - RECOVERY && at < purge.at + RECOVERY
    && (touches === 'redis' || touches === 'data' || member === purge.process));
  const over = Math.max(purge.at, ...troubles.map(({ until }) => until)) + RECOVERY;
  return Math.max(over, past.lastCutOff(purge.process, over) + RECOVERY, past.triedAgainBy(purge));
}

function debtDied(past, purge) {
  return !past.ran(purge.process, purge.sent, paid(past, purge));
}

// The exception by which a process other than the purger may still serve what was purged.
function excuseOf(past, purge, answer) {
  const stalled = past.stalled(purge.sent, answer.sent);
  if (answer.sent < purge.at + MESSAGE + stalled) return 'one message';
  if (isDeaf(past, purge, answer)) return 'deaf';
  const loses = (fault) => fault.loses || (purge.place === null ? fault.name.startsWith('epoch-') : fault.name === 'value-copied' && fault.place === purge.place);
  if (past.hadFault(Math.max(purge.sent - RECOVERY, answer.sent - WATCH), answer.sent, loses)) return 'lost';
  const writes = past.faults.filter(({ name, at, until }) => HOLD_BACK.includes(name) && at < purge.at && until > purge.sent);
  if (writes.some(({ until }) => answer.sent < Math.max(until, purge.at) + SECOND_LOOK + LOOK + stalled)) return 'late write';
  return undefined;
}

// Whether the process was cut off around the purge, and has not looked since: its first answer for the place after that
// starts the look. A new process is not deaf: its memory is empty.
function isDeaf(past, purge, answer) {
  const cut = past.lastCutOff(answer.process, answer.sent, ({ name }) => name !== 'process-killed' && name !== 'process-ended');
  if (cut < purge.sent - RECOVERY) return false;
  const first = past.answers.find(({ process, place, sent, mock }) => process === answer.process && place === answer.place && !mock && sent > cut + RECOVERY);
  return !first || answer.sent <= first.at + LOOK + past.stalled(first.sent, answer.sent);
}

function firstAfter(answers, moment) {
  let [low, high] = [0, answers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (answers[middle].sent < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function grouped(list, keyOf = ({ place }) => place) {
  const groups = new Map();
  for (const each of list) {
    const key = keyOf(each);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(each);
  }
  return groups;
}

// Calls of the same place that follow each other, in groups of `count`.
function* neighbours(calls, count = 2) {
  for (const list of grouped(calls).values()) {
    for (let i = 0; i + count <= list.length; ++i) yield list.slice(i, i + count);
  }
}

// Checks a history. Returns the violations in the order of time, and how often each exception applied.
export function judge(past) {
  const violations = [];
  const excused = Object.fromEntries(Object.keys(EXCUSES).map((name) => [name, 0]));
  for (const { name, says, check } of INVARIANTS) {
    for (const found of check(past)) {
      if (found.excuse) excused[found.excuse] += 1;
      else violations.push({ invariant: name, says, ...found });
    }
  }
  return { violations: violations.sort((a, b) => a.event.at - b.event.at), excused };
}
