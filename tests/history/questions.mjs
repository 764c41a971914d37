// The questions of the clients, and the events that record their answers.

import { setTimeout as delay } from 'node:timers/promises';
import { TOKEN } from './fleet.mjs';

const PLACES = 20; // that many are asked for again and again
const QUESTIONS_PER_SECOND = 12; // of each process
const ROUNDS_NEXT = 100; // ms from one question of a process to the next in makeRounds()
const ADMIN = { Authorization: `Bearer ${TOKEN}` };

export const KNOWN_PLACES = Array.from({ length: PLACES }, (_, i) => i + 1);

const path = (place, mock) => `/weather?lat=${place}&lon=7${mock ? '&mock=true' : ''}`;

function answerOf(question, answer) {
  const event = { type: 'answer', ...question, process: answer.process, life: answer.life, sent: answer.sent, at: answer.at, status: answer.status };
  if (answer.status === 0) return { ...event, error: answer.error };
  event.mark = answer.headers['x-cache'] ?? '';
  event.how = answer.headers['cache-status'] ?? '';
  if (answer.headers.age !== undefined) event.age = Number(answer.headers.age);
  try {
    const body = JSON.parse(answer.body);
    if (answer.status === 200) {
      event.version = body.current.temperature_2m;
      event.windSpeed = body.current.wind_speed_10m;
      event.source = body.source;
      event.placeInBody = body.latitude;
    } else {
      event.problem = body.type?.replace('/problems/', '');
      event.detail = body.detail;
    }
  } catch {
    event.broken = answer.body.slice(0, 200);
  }
  return event;
}

// Asks for a place. `forced` wants a new answer, `mock` the mock's.
async function ask(member, place, { forced = false, mock = false } = {}) {
  const headers = forced ? { 'Cache-Control': 'no-cache', ...ADMIN } : {};
  return answerOf({ place, forced, mock }, await member.ask('GET', path(place, mock), headers));
}

// Purges one place, or everything (null).
async function purge(member, place) {
  const answer = await member.ask('DELETE', place === null ? '/cache' : path(place, false), ADMIN);
  return { type: 'purge', place, process: answer.process, life: answer.life, sent: answer.sent, at: answer.at, status: answer.status };
}

// Popular places are asked for more often.
const somePlace = (random) => KNOWN_PLACES[Math.min(random.between(0, PLACES - 1), random.between(0, PLACES - 1))];

// The plan of a run's questions, which follows from the seed alone. Each item is { at, process, what, place, ... } in
// milliseconds after the start; with `first`, it waits until the process is up.
export function makePlan(random, { milliseconds, processes, calmFrom, restarts = [], failures = [] }) {
  const plan = [];
  for (const process of processes) {
    const stream = random.fork();
    for (let at = 0; at < milliseconds; at += stream.between(1, 2000 / QUESTIONS_PER_SECOND)) {
      const place = somePlace(stream);
      const [forced, mock] = [stream.chance(0.01), stream.chance(0.03)];
      plan.push({ at, process, what: 'ask', place, forced: forced && !mock, mock });
    }
  }
  // Crowds: every process is asked for the same place within 50 ms, half of the time for a place that is new.
  const crowds = random.fork();
  let newPlace = 3000;
  for (let at = 500; at < milliseconds; at += crowds.between(200, 1500)) {
    const place = crowds.chance(0.5) ? (newPlace += 1) / 100 : crowds.pick(KNOWN_PLACES);
    for (const process of processes) {
      for (let i = 0; i < 2; ++i) plan.push({ at: at + crowds.between(0, 50), process, what: 'ask', place, forced: false, mock: false });
    }
  }
  // In some runs nobody purges everything, because that hides what is missed of a purge of one place.
  const purges = random.fork();
  const everything = purges.pick([0, 0.3]);
  for (let at = 2000; at < calmFrom; at += purges.between(500, 4000)) {
    plan.push({ at, process: purges.pick(processes), what: 'purge', place: purges.chance(everything) ? null : somePlace(purges) });
  }
  // The first thing that a process is asked after its start, when it knows least, may be a purge.
  const firsts = random.fork();
  for (const { at, process } of restarts) {
    const place = somePlace(firsts);
    if (firsts.chance(0.5)) plan.push({ at, process, what: 'purge', place, first: true });
  }
  // A place of which nobody has an answer when the provider begins to fail, which somebody wants anew when it is well.
  const retries = random.fork();
  for (const { at, until } of failures) {
    const place = somePlace(retries);
    plan.push({ at, process: retries.pick(processes), what: 'purge', place });
    for (const after of [100, 700, 1500]) plan.push({ at: until + after, process: retries.pick(processes), what: 'ask', place, forced: true, mock: false });
    for (const process of processes) {
      for (const when of [at + 100, until + 500, until + 800, until + 1200, until + 2000]) plan.push({ at: when, process, what: 'ask', place, forced: false, mock: false });
    }
  }
  return plan.sort((a, b) => a.at - b.at);
}

// Another plan: every process is asked for every known place once in each two seconds, in an order that changes.
export function makeRounds(random, { processes, milliseconds }) {
  const plan = [];
  for (const process of processes) {
    let order = [];
    for (let at = 0; at < milliseconds; at += ROUNDS_NEXT) {
      if (order.length === 0) order = [...KNOWN_PLACES];
      const [place] = order.splice(random.between(0, order.length - 1), 1);
      plan.push({ at: at + random.between(0, ROUNDS_NEXT - 1), process, what: 'ask', place });
    }
  }
  return plan;
}

async function untilUp(member) {
  for (let waited = 0; !member.up && waited < 5000; ++waited) await delay(1);
}

// Asks what the plan says, of the members that are up, and records every answer.
export async function follow(plan, { members, start, record }) {
  const pending = new Set();
  for (const item of plan) {
    const wait = start + item.at - performance.now();
    if (wait > 0) await delay(wait);
    const member = members.find(({ name }) => name === item.process);
    if (!member.up && !item.first) continue;
    const begun = item.first ? untilUp(member) : Promise.resolve();
    const asked = begun.then(() => (item.what === 'ask' ? ask(member, item.place, item) : purge(member, item.place))).then(record);
    pending.add(asked);
    asked.then(() => pending.delete(asked));
  }
  await Promise.all(pending);
}
