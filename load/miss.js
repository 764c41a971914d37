// Fifty users ask for a new place each time: k6 run load/miss.js
import { ask, balance, expect, somewhere, thresholds, warmUp } from './common.js';

export const options = { vus: 50, duration: '20s', thresholds };

export const setup = () => warmUp();

export default function () {
  expect(ask(...somewhere()), 'MISS');
}

export const teardown = balance;
