// A few requests of every kind, to check that the service and the scripts agree: k6 run load/smoke.js
//
//   ALLOW_PROVIDER=1   also request REAL real answers (default 5, at most 50), which use up the provider's quota
import { check } from 'k6';
import http from 'k6/http';
import { BASE_URL, ask, balance, expect, somewhere, thresholds, warmUp } from './common.js';

const REAL = __ENV.ALLOW_PROVIDER === '1' ? Math.min(Number(__ENV.REAL || 5), 50) : 0;

const scenarios = { mock: { executor: 'shared-iterations', vus: 1, iterations: 5 } };
if (REAL > 0) scenarios.real = { executor: 'shared-iterations', vus: 1, iterations: REAL, exec: 'real' };
// A real answer may come from the cache or from the provider, so only a run with the mock compares all counters.
export const options = { scenarios, thresholds: REAL > 0 ? { checks: thresholds.checks } : thresholds };

export const setup = () => warmUp([52.52, 13.41]);

export default function () {
  expect(ask(52.52, 13.41), 'HIT');
  expect(ask(...somewhere()), 'MISS');
  expect(ask(52.52, 13.41, '&cache=off'), 'BYPASS');
  for (const [path, status] of [['/', 200], ['/stats', 200], ['/metrics', 200], ['/openapi.json', 200], ['/health/live', 200],
    ['/health/ready', 200], ['/nowhere', 404]]) {
    const callback = http.expectedStatuses(status);
    check(http.get(`${BASE_URL}${path}`, { responseCallback: callback }), { [`${path} answers ${status}`]: (r) => r.status === status });
  }
  // The server rejects this before it looks into the cache, and counts it as invalid.
  const wrong = ask(91, 0);
  check(wrong, { 'a wrong place is a problem document': (r) => r.status === 400 && r.headers['Content-Type'] === 'application/problem+json' });
}

export function real() {
  const response = http.get(`${BASE_URL}/weather?lat=52.52&lon=13.41`, { headers: { Accept: 'application/json' } });
  check(response, { 'a real answer': (r) => r.status === 200 && typeof r.json('current.temperature_2m') === 'number' });
}

export const teardown = (before) => balance(before, { providerCalls: REAL });
