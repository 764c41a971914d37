// An open loop: requests arrive at a fixed rate, even if earlier ones are not answered yet: k6 run load/open_model.js
//
// A closed loop (hit.js) sends less when the service is slow, which hides the slowness. Here a request that cannot be
// sent in time is a dropped iteration, and the run fails if there is one.
//
//   RATE   requests a second; default 500
import { ask, balance, expect, thresholds, warmUp } from './common.js';

export const options = {
  scenarios: {
    open: { executor: 'constant-arrival-rate', rate: Number(__ENV.RATE || 500), timeUnit: '1s', duration: '20s', preAllocatedVUs: 100, maxVUs: 500 },
  },
  thresholds: { ...thresholds, dropped_iterations: ['count==0'], http_req_duration: ['p(95)<200'] },
};

export const setup = () => warmUp([52.52, 13.41]);

export default function () {
  expect(ask(52.52, 13.41), 'HIT');
}

export const teardown = balance;
