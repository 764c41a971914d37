import assert from 'node:assert/strict';

export default {
  title: 'A Retry-After of 120 s with a 503 is kept for 120 s and no longer',
  why: 'RFC 9110 §10.2.3. A service that went on calling would be part of the overload.',
  clock: true,
  settings: { ERROR_TTL: '1ms' },
  provider: (request, count, good) => (count === 1 ? { status: 503, headers: { 'Retry-After': '120' }, body: '' } : good),
  async run({ fetch, clock, provider }) {
    assert.equal((await fetch('/weather?lat=1&lon=1')).status, 502);
    for (let seconds = 10; seconds < 120; seconds += 10) {
      clock.advance(10_000);
      assert.equal((await fetch(`/weather?lat=1&lon=${seconds}`)).status, 502);
    }
    assert.equal(provider.calls, 1);
    clock.advance(10_000);
    assert.equal((await fetch('/weather?lat=1&lon=1')).status, 200);
  },
};
