// Fifty users without any cache, for comparison with hit.js: k6 run load/bypass.js
import { ask, balance, expect, thresholds, warmUp } from './common.js';

export const options = { vus: 50, duration: '20s', thresholds };

export const setup = () => warmUp();

export default function () {
  expect(ask(52.52, 13.41, '&cache=off'), 'BYPASS');
}

export const teardown = balance;
