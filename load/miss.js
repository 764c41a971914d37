// Fifty users, each time a place that nobody has asked for: k6 run load/miss.js
import { ask, balance, expect, somewhere, thresholds, warmUp } from './common.js';

export const options = { vus: 50, duration: '20s', thresholds };

export const setup = () => warmUp();

export default function () {
  expect(ask(...somewhere()), 'MISS');
}

export const teardown = balance;
