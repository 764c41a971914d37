// Notes when this program itself does not run, because then its measurements are wrong by as much.

import { setTimeout as delay } from 'node:timers/promises';

const STALL = 50; // ms
const NAP = 10; // ms

// Resolves when this program has run without a stall for a second, or after twenty: what has just been started is done
// with starting.
async function settled() {
  const end = performance.now() + 20_000;
  let last = performance.now();
  const unwatch = watchStalls(({ at }) => { last = at; });
  while (performance.now() < Math.min(last + 1000, end)) await delay(NAP);
  unwatch();
}

// Returns a function that resolves when it was called `count` times and all has settled.
export function barrier(count) {
  let left = count;
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  return () => {
    left -= 1;
    if (left === 0) open(settled());
    return opened;
  };
}

// Runs `attempt`, which returns the events of its runs, again if this program stood still for so long (ms) meanwhile that
// the processes must have taken Redis, which they reach through it, for dead. Such a run shows nothing.
export async function repeatedIfStalled(longest, attempt) {
  for (let left = 2; ; left -= 1) {
    const runs = await attempt();
    const worst = Math.max(0, ...runs.flatMap(({ start, events }) => events.filter(({ type, at }) => type === 'stall' && at > start).map(({ took }) => took)));
    if (worst < longest) return runs;
    console.log(`This machine is too busy: this program stood still for ${(worst / 1000).toFixed(1)} s.${left > 0 ? ' Once more.' : ''}`);
    if (left === 0) return runs;
  }
}

// Records { type: 'stall', at, took } until the function that it returns is called.
export function watchStalls(record) {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last > STALL + NAP) record({ type: 'stall', at: now, took: now - last - NAP });
    last = now;
  }, NAP);
  return () => clearInterval(timer);
}
