// What happened in a run, in a form that can be asked. Pure: no clock, no sockets. All times are milliseconds of one
// clock, that of the program that recorded the history.
//
// The setting: { processes: [{ name, memory }], times (those of fleet.mjs), perMinute, calmFrom, clockOrigin (the wall
// clock's time when the clock of the events was 0), sanitized }.
//
// The events:
//   answer   a client's question and what came back: { process, life, place, forced, mock, sent, at, status, version,
//            age, mark (X-Cache), how (Cache-Status), problem }; status 0: no answer
//   call     a call of the provider: { process, place, version, at, ended, outcome }
//   purge    { process, life, place (null: everything), sent, at, status }
//   fault    { name, touches, strands, loses, purges, fails, echoes, member (null: all), place (null: all), at, until }
//   process  { process, life, at, what }: started, killed, told to end, ended, died (with why)
//   memory   the resident memory of a process: { process, life, at, kib }
//   stall    the recording program itself did not run for a while: { at, took }

export const MINUTE = 60_000;
// A process is well again this long after a fault of its Redis has ended: it has reconnected, listens, and its breaker
// is closed (which waits up to 1 s between two attempts).
export const RECOVERY = 3000;
// For so long after an outage of Redis, a process leaves the parts of the others to them.
const LEAVES_PARTS = 5000;
// Within this time of the boundary of two minutes a call counts in both.
const BOUNDARY = 2000;
// The faults by which a process that starts cannot read the epoch.
const OUT_OF_REACH = ['redis-killed', 'redis-frozen', 'link-stalled', 'link-deaf', 'link-refused', 'process-alone'];

export class Past {
  #calls;
  #counted = new Map(); // the calls of each minute

  constructor({ setting, events }) {
    this.setting = setting;
    this.events = [...events].sort((a, b) => momentOf(a) - momentOf(b));
    const of = (type) => this.events.filter((event) => event.type === type);
    this.answers = of('answer');
    this.calls = of('call');
    this.purges = of('purge');
    this.faults = of('fault');
    this.deeds = of('process');
    this.memory = of('memory');
    this.stalls = of('stall');
    this.#calls = new Map(this.calls.map((call) => [`${call.place}/${call.version}`, call]));
    for (const call of this.calls) {
      for (const minute of this.minutesOf(call.at)) this.#counted.set(minute, [...(this.#counted.get(minute) ?? []), call]);
    }
  }

  // The call that an answer's value came from, if there was one.
  callOf(answer) {
    return answer.mock ? undefined : this.#calls.get(`${answer.place}/${answer.version}`);
  }

  hasMemory(process) {
    return this.setting.processes.find(({ name }) => name === process).memory;
  }

  // Which life of the process this moment is in.
  lifeAt(process, at) {
    return this.deeds.filter((deed) => deed.process === process && deed.what === 'started' && deed.at <= at).length;
  }

  // For how long the recording program did not run between two moments.
  stalled(from, to) {
    return this.stalls.filter(({ at, took }) => at > from && at - took < to).reduce((sum, { took }) => sum + took, 0);
  }

  // Whether some fault that `matches` was there at some time in between.
  hadFault(from, to, matches) {
    return this.faults.some((fault) => fault.at < to && fault.until > from && matches(fault));
  }

  // The last moment before `to` at which something was between this process and Redis, or -Infinity: a fault that
  // `matches`.
  lastCutOff(process, to, matches = () => true) {
    const cuts = this.faults.filter((fault) => fault.at < to && matches(fault)
      && (fault.touches === 'redis' || (['link', 'process'].includes(fault.touches) && fault.member === process)));
    return Math.max(-Infinity, ...cuts.map(({ until, echoes = 0 }) => Math.min(until + echoes, to)));
  }

  // Whether this process was connected to a Redis that worked and forgot nothing, all the time.
  hadRedis(process, from, to) {
    return this.lastCutOff(process, to) < from && this.keptData(from, to)
      && !this.deeds.some((deed) => deed.process === process && deed.what === 'started' && deed.at > from && deed.at < to);
  }

  keptData(from, to) {
    return !this.hadFault(from, to, ({ touches, loses }) => loses || touches === 'data');
  }

  // When a purge that Redis did not take has reached the fleet at the latest: it is repeated every few seconds, or each
  // minute if Redis is a replica or gives no permission.
  paidBy(purge) {
    const reasons = this.faults.filter(({ at, until }) => at < purge.at && until > purge.sent);
    return Math.max(Math.max(purge.at, ...reasons.map(({ until }) => until)) + 6000, this.triedAgainBy(purge));
  }

  // When a purge that was refused lastingly (by a replica, or for want of a permission) is tried again, at the latest after
  // the reason is over; -Infinity if it was not.
  triedAgainBy(purge) {
    const lasting = this.faults.filter(({ name, at, until }) => (name === 'redis-readonly' || name === 'redis-noperm') && at < purge.at && until > purge.sent);
    return Math.max(...lasting.map(({ until }) => until)) + 61_000;
  }

  // When every process has learned of a purge of everything that Redis took, at the latest.
  learnedBy(purge) {
    const cuts = this.faults.filter(({ touches, at, until, echoes = 0 }) => ['redis', 'link', 'process'].includes(touches) && at < purge.at + RECOVERY && until + echoes > purge.sent - RECOVERY);
    return Math.max(purge.at, ...cuts.map(({ until, echoes = 0 }) => until + echoes + RECOVERY));
  }

  // Whether the process found Redis in between, which it could not reach since it had started: it learns then of all
  // purges of everything, and takes what it has loaded before for purged.
  foundRedis(process, from, to) {
    const start = this.deeds.filter((deed) => deed.process === process && deed.what === 'started' && deed.at < from).at(-1)?.at;
    return this.faults.some(({ name, member, at, until }) => OUT_OF_REACH.includes(name) && (member === null || member === process)
      && at < start && start < until && from < until + RECOVERY && to > until);
  }

  // Whether somebody purged this place, or everything. A purge is repeated by those who know of it when they see that
  // Redis has lost it (within `watch`).
  purged(place, from, to, watch) {
    if (this.purges.some((purge) => (purge.place === null || purge.place === place) && purge.sent < to && purge.at > from)) return true;
    if (this.purges.some((purge) => purge.place === null && purge.status === 503 && purge.sent < to && this.paidBy(purge) > from)) return true;
    if (this.hadFault(from - watch, to, ({ purges }) => purges)) return true;
    // A process that is cut off or cannot listen learns of a purge of everything late, and takes what it has loaded in
    // between for purged with all the rest.
    if (this.purges.some((purge) => purge.place === null && purge.sent < to && this.learnedBy(purge) > from)) return true;
    return this.hadFault(from - watch, to, ({ loses, touches }) => loses || touches === 'data')
      && this.purges.some((purge) => purge.place === null && purge.sent < to && purge.at > from - watch);
  }

  // Whether the provider answered every call that was under way at some time in between.
  providerWell(from, to) {
    return !this.hadFault(from - this.setting.times.callWithin, to, ({ fails }) => fails);
  }

  // Whether some call for this place that was under way in between failed.
  failed(place, from, to) {
    return this.calls.some((call) => call.place === place && call.outcome !== 'ok' && call.ended > from && call.at < to);
  }

  // Whether a client of this process asked for a new answer that a call at this moment may serve.
  wasForced(process, place, from, to) {
    return this.answers.some((answer) => answer.forced && answer.place === place && answer.process === process && answer.sent < to && answer.at > from);
  }

  // Whether the process ran all the time, and in the same life.
  ran(process, from, to) {
    return !this.deeds.some((deed) => deed.process === process && deed.at > from && deed.at < to)
      && !this.hadFault(from, to, ({ name, touches, member }) => touches === 'process' && name !== 'process-alone' && member === process);
  }

  // The minute of the provider's clock.
  minuteOf(at) {
    return Math.floor((this.setting.clockOrigin + at) / MINUTE);
  }

  // The minutes in which a call at this moment counts.
  minutesOf(at) {
    return [...new Set([this.minuteOf(at - BOUNDARY), this.minuteOf(at + BOUNDARY)])];
  }

  // How many calls had been counted in the fullest minute of this moment, by whom: [all, those of the process].
  countedUntil(at, process) {
    const counts = this.minutesOf(at).map((minute) => {
      const calls = (this.#counted.get(minute) ?? []).filter((call) => call.at < at);
      return [calls.length, calls.filter((call) => call.process === process).length];
    });
    return counts.reduce((fullest, each) => (each[0] > fullest[0] ? each : fullest));
  }

  // Whether so much of the fleet's quota was used in the minute around `at` that answers may be refused for it. A process
  // that may count alone takes each other one that it has seen, past ones included, to have made as many calls as itself
  // since it has last heard of theirs.
  nearQuota(process, at, part) {
    const { perMinute, processes } = this.setting;
    const lives = this.deeds.filter((deed) => deed.what === 'started' && deed.at < at).length;
    const [all, own] = this.countedUntil(at, process);
    const alone = this.lastCutOff(process, at, ({ name }) => name !== 'count-late') > at - RECOVERY - LEAVES_PARTS; // late counts are not lost
    return all + (alone ? (Math.max(processes.length, lives) - 1) * own : 0) >= part * perMinute;
  }
}

// The moment at which an event began.
export const momentOf = (event) => (event.type === 'answer' || event.type === 'purge' ? event.sent : event.at);
