// What the scripts share: where the service is, what to ask, and that client and server counted alike.
//
//   BASE_URL   the service; http://localhost:8080. Nobody else should ask it meanwhile: its counters are compared.
import { check, fail } from 'k6';
import http from 'k6/http';
import { Counter } from 'k6/metrics';

export const BASE_URL = (__ENV.BASE_URL || 'http://localhost:8080').replace(/\/+$/, '');

// Every answer adds one to the counter of its X-Cache; teardown takes away what the server counted meanwhile. What is
// left is what one of the two did not see.
const KINDS = ['HIT', 'STALE', 'MISS', 'BYPASS', 'error'];
const unbalanced = Object.fromEntries(KINDS.map((kind) => [kind, new Counter(`unbalanced_${kind.toLowerCase()}`)]));
const mockCalls = new Counter('mock_calls');

// For `options`: everything checked, and both sides agree.
export const thresholds = {
  checks: ['rate==1'],
  ...Object.fromEntries(KINDS.map((kind) => [`unbalanced_${kind.toLowerCase()}`, ['count==0']])),
};

// One question, always of the mock: never of the weather provider, whose quota is somebody's.
export function ask(lat, lon, more = '') {
  const response = http.get(`${BASE_URL}/weather?lat=${lat}&lon=${lon}&mock=true${more}`, {
    headers: { Accept: 'application/json' },
    tags: { name: '/weather' }, // one series, however many places
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

// A place that hardly anybody asks for twice: five decimals, 6e14 of them.
export const somewhere = () => [(Math.random() * 180 - 90).toFixed(5), (Math.random() * 360 - 180).toFixed(5)];

function stats() {
  const response = http.get(`${BASE_URL}/stats`);
  if (response.status !== 200) fail(`${BASE_URL}/stats answers ${response.status}: is the service there?`);
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

// For setup: asks for these places until all are a HIT, and notes where the server's counters stand.
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

// For teardown; `before` is what warmUp returned.
export function balance(before, { providerCalls = 0 } = {}) {
  const after = counted(stats());
  for (const kind of KINDS) unbalanced[kind].add(before[kind] - after[kind]);
  mockCalls.add(after.mock - before.mock);
  if (after.provider - before.provider > providerCalls) fail('the weather provider was asked');
}
