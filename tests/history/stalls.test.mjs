import assert from 'node:assert/strict';
import { test } from 'node:test';

import { barrier, repeatedIfStalled } from './stalls.mjs';

const runWith = (...stalls) => [{ start: 1000, events: [{ type: 'call', at: 1100 }, ...stalls.map(([at, took]) => ({ type: 'stall', at, took }))] }];

test('a run without a long stall counts', async () => {
  const runs = runWith([1200, 1499], [900, 9000]);
  assert.equal(await repeatedIfStalled(1500, async () => runs), runs);
});

test('a run with a long stall is repeated, twice at most', async () => {
  const runs = [runWith([1200, 1500]), runWith([1200, 10]), runWith()];
  let attempts = 0;
  assert.equal(await repeatedIfStalled(1500, async () => runs[attempts++]), runs[1]);
  attempts = 0;
  const busy = runWith([1200, 5000]);
  assert.equal(await repeatedIfStalled(1500, async () => { attempts += 1; return busy; }), busy);
  assert.equal(attempts, 3);
});

test('a barrier opens when everybody has come', async () => {
  const ready = barrier(2);
  let through = 0;
  const first = ready().then(() => { through += 1; });
  await new Promise(setImmediate);
  assert.equal(through, 0);
  await Promise.all([first, ready()]);
  assert.equal(through, 1);
});
