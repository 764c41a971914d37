// The faults that a run can make, and the schedule of a run, which follows from its seed alone.
//
// `touches` says what a fault spoils:
//   redis     Redis, for every process, while it lasts
//   link      one process's connection to Redis, while it lasts
//   process   one process, while it lasts
//   provider  every call of the provider, while it lasts
//   data      what Redis remembers, from the fault on
//   nothing   it is a message that a fleet must not mind
// `strands` marks a fault after which a lease may be left without a holder that ends it; such a lease ends by itself.
// `loses` marks a fault that takes values out of Redis, `purges` one that must be taken for a purge of everything.
// `echoes` is how long its effect outlasts it, at most (ms).

import { TIMES } from './fleet.mjs';
import { FAILURES } from './provider.mjs';

const command = (...words) => ({ redis }) => redis.command(...words);
const changed = (begin, end) => ({ touches: 'redis', begin: command(...begin), end: command(...end) });
const COUNT_TAKES = TIMES.redisWithin + 20; // ms, so that most of what is sent after a count is in time
const SUBSCRIBES_AGAIN = 15_000; // a process whose SUBSCRIBE was refused tries again

const said = (...words) => ({ touches: 'nothing', moment: true, begin: command('PUBLISH', 'weather:events', words.join(' ')) });
const key = (place) => `weather:${place}:7`;

export const KINDS = {
  'link-delayed': {
    touches: 'link',
    strands: true,
    begin: ({ member, random }) => {
      const most = random.between(20, 120);
      member.link.delay(() => random.fraction() * most);
    },
    end: ({ member }) => member.link.heal(),
  },
  'link-stalled': { touches: 'link', strands: true, begin: ({ member }) => member.link.stall(), end: ({ member }) => member.link.heal() },
  'link-deaf': { touches: 'link', strands: true, begin: ({ member }) => member.link.swallowReplies(), end: ({ member }) => member.link.heal() },
  'link-refused': { touches: 'link', strands: true, begin: ({ member }) => member.link.refuse(), end: ({ member }) => member.link.heal() },
  'link-reset': { touches: 'link', strands: true, moment: true, begin: ({ member }) => member.link.reset() },

  'redis-killed': { touches: 'redis', loses: true, begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.start() },
  'redis-restarted': {
    touches: 'redis',
    loses: true,
    moment: true,
    begin: async ({ redis }) => {
      await redis.kill();
      await redis.start();
    },
  },
  'redis-frozen': { touches: 'redis', strands: true, begin: ({ redis }) => redis.freeze(), end: ({ redis }) => redis.thaw() },
  'redis-emptied': { touches: 'data', loses: true, moment: true, begin: command('FLUSHALL') },
  'redis-full': changed(['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']),
  // These three refuse the end of a lease, too.
  'redis-readonly': { ...changed(['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']), strands: true },
  'redis-noperm': { ...changed(['ACL', 'SETUSER', 'default', '-@write'], ['ACL', 'SETUSER', 'default', '+@all']), strands: true },
  'redis-misconf': { touches: 'redis', strands: true, begin: ({ redis }) => redis.failToSave(), end: ({ redis }) => redis.recoverFromFailedSave() },
  // The counts of the quota alone come too late, as where another node of a cluster holds them.
  'count-late': {
    touches: 'redis',
    strands: true,
    begin: ({ members }) => members.forEach(({ link }) => link.delay((data) => (data.includes('{budget}') ? COUNT_TAKES : 0))),
    end: ({ members }) => members.forEach(({ link }) => link.heal()),
  },
  'channel-refused': { ...changed(['ACL', 'SETUSER', 'default', 'resetchannels'], ['ACL', 'SETUSER', 'default', 'allchannels']), echoes: SUBSCRIBES_AGAIN },

  'epoch-deleted': { touches: 'data', moment: true, begin: command('DEL', 'weather:epoch') },
  'epoch-garbage': { touches: 'data', moment: true, begin: command('SET', 'weather:epoch', 'garbage') },
  'epoch-list': {
    touches: 'data',
    moment: true,
    begin: async ({ redis }) => {
      await redis.command('DEL', 'weather:epoch');
      await redis.command('RPUSH', 'weather:epoch', '1');
    },
  },
  'epoch-lowered': { touches: 'data', purges: true, moment: true, begin: command('SET', 'weather:epoch', '1') },
  // Nobody's lease; the fleet may respect it for as long as one of its own could last (LEASE_AT_MOST).
  'lease-endless': { touches: 'data', place: true, moment: true, begin: ({ redis, place }) => redis.command('SET', `weather:lease:{${key(place)}}`, 'somebody', 'NX') },
  'value-copied': { touches: 'data', place: true, moment: true, begin: ({ redis, place, otherPlace }) => redis.command('COPY', key(otherPlace), key(place), 'REPLACE') },
  // A value of a later version, which a process must leave alone.
  'value-later': { touches: 'data', place: true, moment: true, begin: ({ redis, place }) => redis.command('SET', key(place), 'wx3 of a later version\n{}') },
  'message-epoch-huge': said('epoch', '18446744073709551615'),
  'message-epoch-old': said('epoch', '0'),

  'process-killed': { touches: 'process', strands: true, begin: ({ member }) => member.stop('SIGKILL'), end: ({ member }) => member.start() },
  'process-ended': { touches: 'process', begin: ({ member }) => member.stop('SIGTERM'), end: ({ member }) => member.start() },
  // It starts while Redis is out of its reach, and finds it later.
  'process-alone': {
    touches: 'process',
    strands: true,
    begin: async ({ member }) => {
      member.link.refuse();
      await member.stop('SIGKILL');
      await member.start();
    },
    end: ({ member }) => member.link.heal(),
  },
  'process-frozen': { touches: 'process', strands: true, begin: ({ member }) => member.freeze(), end: ({ member }) => member.thaw() },

  'provider-slow': {
    touches: 'provider',
    begin: ({ provider, random }) => {
      const [least, most] = [random.between(100, 400), random.between(500, SLOW)];
      provider.takes = () => random.between(least, most);
    },
    end: ({ provider }) => provider.recover(),
  },
  ...Object.fromEntries(Object.keys(FAILURES).map((failure) => [`provider-${failure}`, {
    touches: 'provider',
    fails: true,
    begin: ({ provider }) => { provider.failure = failure; },
    end: ({ provider }) => provider.recover(),
  }])),
};

export const SLOW = 900; // ms that a call of a slow provider takes at most
export const LEASE_AT_MOST = 62_000; // ms
// The provider fails so shortly, and is then well for so long, that the breaker and the memos of failures, whose waits
// double from 0.5 s, are over before it fails again.
const FAILS_AT_MOST = 3500; // ms
export const CAUTION = 6000; // ms
const CALM_FIRST = 4000; // ms, in which every place is loaded once
export const CALM_LAST = 18_000; // ms, in which everything must recover

// Faults of the provider, of processes, and all others follow one another in a lane each, with pauses in between (ms).
const LANES = [
  { has: (touches) => touches !== 'provider' && touches !== 'process', pause: [500, 4000] },
  { has: (touches) => touches === 'process', pause: [3000, 12_000] },
  { has: (touches) => touches === 'provider', pause: [CAUTION, 2 * CAUTION] },
];

// The schedule: { at, until, name, member, place, otherPlace } in milliseconds after the start, in order. `kinds` are
// the names of the faults to choose from. Two faults overlap only if they are of different lanes.
export function makeSchedule(random, { milliseconds, members, places, kinds = Object.keys(KINDS) }) {
  const schedule = [];
  for (const { has, pause } of LANES) {
    const lane = random.fork();
    const names = kinds.filter((name) => has(KINDS[name].touches));
    if (names.length === 0) continue;
    let at = CALM_FIRST + lane.between(0, 2000);
    for (;;) {
      const name = lane.pick(names);
      const { touches, fails, moment, place } = KINDS[name];
      const until = moment ? at : at + lane.between(500, fails ? FAILS_AT_MOST : 7000);
      if (until > milliseconds - CALM_LAST) break;
      schedule.push({
        at, until, name,
        member: touches === 'link' || touches === 'process' ? lane.pick(members) : null,
        ...(place && { place: lane.pick(places), otherPlace: lane.pick(places) }),
        random: lane.fork(),
      });
      at = until + lane.between(...pause);
    }
  }
  return schedule.sort((a, b) => a.at - b.at);
}

// When which process starts again.
export function restartsOf(schedule) {
  return schedule.filter(({ name }) => name === 'process-killed' || name === 'process-ended').map(({ until, member }) => ({ at: until, process: member }));
}

// When the provider fails: { at, until }.
export function failuresOf(schedule) {
  return schedule.filter(({ name }) => KINDS[name].fails);
}

// Makes the faults of a schedule, and records each when it has ended.
export async function makeFaults(schedule, { site, members, start, record, sleep }) {
  await Promise.all(schedule.map(async (item) => {
    const { touches, strands = false, loses = false, purges = false, fails = false, echoes = 0, moment, begin, end } = KINDS[item.name];
    const scene = { ...site, ...item, members, member: members.find(({ name }) => name === item.member) };
    await sleep(start + item.at - performance.now());
    const at = performance.now();
    await begin(scene);
    if (!moment) {
      await sleep(start + item.until - performance.now());
      await end(scene);
    }
    record({ type: 'fault', name: item.name, touches, strands, loses, purges, fails, echoes, member: item.member, place: item.place ?? null, at, until: performance.now() });
  }));
}
