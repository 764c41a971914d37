import assert from 'node:assert/strict';

const BAD = [
  '{"latitude":nan,"longitude":nan}', // what the provider sent outside of a regional model
  '{"latitude":1,"longitude":2}',
  '{"error":true,"reason":"no"}',
  'null',
];

export default {
  title: 'Places that the provider answers wrongly do not keep other places from it',
  why: 'Whole replies that are wrong are failures of their place: the provider can be reached and answers in time. Five failures of the provider in a row open the circuit breaker, here six bad places precede each good one.',
  settings: { ERROR_TTL: '1ms' },
  provider: (request, count, good) => (request.url.includes('latitude=1&') ? { body: BAD[count % BAD.length] } : good),
  async run({ fetch, service }) {
    for (let i = 0; i < 12; ++i) {
      const bad = await fetch(`/weather?lat=1&lon=${i}`);
      assert.equal(bad.status, 502);
      assert.equal(JSON.parse(bad.body).type, '/problems/provider-bad-reply');
      if (i % 6 === 5) assert.equal((await fetch(`/weather?lat=2&lon=${i}`)).status, 200);
    }
    assert.equal(service.lines.find((line) => line.includes('breaker')), undefined);
  },
};
