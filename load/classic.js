// The simplest closed loop: k6 run load/classic.js
import { check } from 'k6';
import http from 'k6/http';

const url = `${__ENV.BASE_URL || 'http://localhost:8080'}/weather?lat=52&lon=13&mock=true`;
const params = { headers: { Accept: 'application/json' } };

export const options = {
  vus: 50,
  duration: '10s',
  thresholds: { http_req_duration: ['p(95)<200'], http_req_failed: ['rate==0'], checks: ['rate==1'] },
};

// The warm-up: the first answer is slow, all later ones are hits.
export function setup() {
  http.get(url, params);
}

export default function () {
  const response = http.get(url, params);
  check(response, {
    'status is 200': (r) => r.status === 200,
    'X-Cache is HIT': (r) => r.headers['X-Cache'] === 'HIT',
  });
}
