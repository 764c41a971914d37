// A hundred callers ask for one new place at once, which costs one provider call: k6 run load/stampede.js
import { ask, balance, expect, somewhere, thresholds, warmUp } from './common.js';

export const options = {
  scenarios: { herd: { executor: 'per-vu-iterations', vus: 100, iterations: 1 } },
  thresholds: { ...thresholds, mock_calls: ['count==1'] },
};

export function setup() {
  return { before: warmUp(), place: somewhere() };
}

// A caller that arrives after the answer finds it in the cache; all others wait for the one call.
export default function ({ place }) {
  expect(ask(...place), 'MISS', 'HIT');
}

export const teardown = ({ before }) => balance(before);
