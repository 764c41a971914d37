import assert from 'node:assert/strict';

export default {
  title: 'A bad place as the probe of the open breaker shows that the provider is back',
  why: 'The provider has answered the probe in time and with a whole document, so the others may be asked again.',
  clock: true,
  settings: { ERROR_TTL: '1ms' },
  provider: (request, count, good) => {
    if (request.url.includes('latitude=3&')) return { status: 500, body: '{"error":true,"reason":"Something went wrong."}' };
    return request.url.includes('latitude=1&') ? { body: '{"latitude":nan}' } : good;
  },
  async run({ fetch, clock, provider }) {
    for (let i = 0; i < 5; ++i) assert.equal((await fetch(`/weather?lat=3&lon=${i}`)).status, 502);
    const calls = provider.calls;
    assert.equal((await fetch('/weather?lat=2&lon=1')).status, 502);
    assert.equal(provider.calls, calls, 'the breaker is open');
    clock.advance(500); // the breaker's first wait
    const bad = JSON.parse((await fetch('/weather?lat=1&lon=1')).body);
    assert.equal(bad.type, '/problems/provider-bad-reply');
    assert.equal((await fetch('/weather?lat=2&lon=1')).status, 200);
    assert.equal((await fetch('/weather?lat=2&lon=2')).status, 200);
  },
};
