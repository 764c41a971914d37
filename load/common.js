// Shared by the scripts: the address of the service, the requests, and the comparison of the counts of client and
// server.
//
//   BASE_URL   the service; default http://localhost:8080. Other clients must not use it during the run, because its
//              counters are compared with k6's.
import { check, fail } from 'k6';
import http from 'k6/http';
import { Counter } from 'k6/metrics';

export const BASE_URL = (__ENV.BASE_URL || 'http://localhost:8080').replace(/\/+$/, '');

// Every answer adds one to the counter of its X-Cache, and teardown subtracts the server's count. A remainder is the
// number of answers that only one of the two has counted.
const KINDS = ['HIT', 'STALE', 'MISS', 'BYPASS', 'error'];
const unbalanced = Object.fromEntries(KINDS.map((kind) => [kind, new Counter(`unbalanced_${kind.toLowerCase()}`)]));
const mockCalls = new Counter('mock_calls');

// For `options`: all checks pass, and both sides count the same.
export const thresholds = {
  checks: ['rate==1'],
  ...Object.fromEntries(KINDS.map((kind) => [`unbalanced_${kind.toLowerCase()}`, ['count==0']])),
};

// Sends one query, always to the mock, because calls to the real provider use up its quota.
export function ask(lat, lon, more = '') {
  const response = http.get(`${BASE_URL}/weather?lat=${lat}&lon=${lon}&mock=true${more}`, {
    headers: { Accept: 'application/json' },
    tags: { name: '/weather' }, // one series for all places
  });
  (unbalanced[response.headers['X-Cache']] || unbalanced.error).add(1);
  return response;
}

export function expect(response, ...kinds) {
  return check(response, {
    'status is 200': (r) => r.status === 200,
    [`X-Cache is ${kinds.join(' or ')}`]: (r) => kinds.includes(r.headers['X-Cache']),
  });
}

// A random place with five decimals. There are 6e14 of them, so almost none occurs twice.
export const somewhere = () => [(Math.random() * 180 - 90).toFixed(5), (Math.random() * 360 - 180).toFixed(5)];

function stats() {
  const response = http.get(`${BASE_URL}/stats`);
  if (response.status !== 200) fail(`${BASE_URL}/stats answers ${response.status}; check that BASE_URL is a running weather-cache`);
  return response.json();
}

function counted({ requests, mock, provider_calls: provider }) {
  return {
    HIT: requests.hit_memory + requests.hit_redis,
    STALE: requests.stale,
    MISS: requests.miss + requests.collapsed + requests.lease,
    BYPASS: requests.bypass,
    error: requests.error + requests.invalid,
    mock: mock.calls,
    provider: Object.values(provider).reduce((sum, n) => sum + n, 0),
  };
}

// For setup: requests these places until all are a HIT, and returns the server's counters.
export function warmUp(...places) {
  for (const [lat, lon] of places) {
    let left = 20;
    while (http.get(`${BASE_URL}/weather?lat=${lat}&lon=${lon}&mock=true`).headers['X-Cache'] !== 'HIT') {
      left -= 1;
      if (left === 0) fail(`${BASE_URL} does not answer ${lat} ${lon} from its cache`);
    }
  }
  return counted(stats());
}

// For teardown; `before` is the result of warmUp().
export function balance(before, { providerCalls = 0 } = {}) {
  const after = counted(stats());
  for (const kind of KINDS) unbalanced[kind].add(before[kind] - after[kind]);
  mockCalls.add(after.mock - before.mock);
  if (after.provider - before.provider > providerCalls) fail('the service called the weather provider more often than the script allows');
}
