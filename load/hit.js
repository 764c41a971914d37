// Fifty users ask for one place, always from the cache: k6 run load/hit.js
import { ask, balance, expect, thresholds, warmUp } from './common.js';

export const options = { vus: 50, duration: '20s', thresholds: { ...thresholds, http_req_duration: ['p(95)<200'] } };

export const setup = () => warmUp([52.52, 13.41]);

export default function () {
  expect(ask(52.52, 13.41), 'HIT');
}

export const teardown = balance;
