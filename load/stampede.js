// A hundred callers at once for a place that nobody has asked for: one call behind the cache: k6 run load/stampede.js
import { ask, balance, expect, somewhere, thresholds, warmUp } from './common.js';

export const options = {
  scenarios: { herd: { executor: 'per-vu-iterations', vus: 100, iterations: 1 } },
  thresholds: { ...thresholds, mock_calls: ['count==1'] },
};

export function setup() {
  return { before: warmUp(), place: somewhere() };
}

// Whoever comes after the answer finds it in the cache; all others wait for the one call.
export default function ({ place }) {
  expect(ask(...place), 'MISS', 'HIT');
}

export const teardown = ({ before }) => balance(before);
