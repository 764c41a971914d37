// Realistic queries, a few places often and many rarely (Zipf's law over 1000 places): k6 run load/mixed.js
//
// At the start everything is a MISS; the result is the share of answers from the cache over the whole run.
import { sleep } from 'k6';
import { Rate } from 'k6/metrics';
import { ask, balance, expect, thresholds, warmUp } from './common.js';

const fromCache = new Rate('from_cache');

export const options = { vus: 50, duration: '30s', thresholds: { ...thresholds, from_cache: ['rate>0.5'], http_req_duration: ['p(50)<200'] } };

const PLACES = 1000;
// cumulative[k] is the weight of the first k + 1 places together.
const cumulative = [];
for (let k = 1, sum = 0; k <= PLACES; k += 1) {
  sum += 1 / k;
  cumulative.push(sum);
}

function zipf() {
  const at = Math.random() * cumulative[PLACES - 1];
  let low = 0;
  for (let high = PLACES - 1; low < high;) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const setup = () => warmUp();

export default function () {
  const place = zipf();
  const response = ask((place % 100) / 2, Math.floor(place / 100) / 2 - 170);
  expect(response, 'HIT', 'STALE', 'MISS');
  fromCache.add(response.headers['X-Cache'] !== 'MISS');
  sleep(0.01); // limits fifty users to a few thousand requests a second
}

export const teardown = balance;
