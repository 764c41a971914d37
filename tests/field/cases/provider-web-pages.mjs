import assert from 'node:assert/strict';

const HTML = { 'Content-Type': 'text/html' };
const LARGE = `<html>${' '.repeat(1_100_000)}</html>`; // above the 1 MiB that a reply may have

export default {
  title: 'A web page is not from the provider, whatever its size and status',
  why: 'Open-Meteo answers and refuses in JSON. Five failures of the provider in a row open the circuit breaker; a rejection of the query (400) and a failure of the place would not.',
  async run({ start, fetch, provider }) {
    for (const answer of [
      { status: 200, headers: HTML, body: LARGE },
      { status: 400, headers: HTML, body: '<html>Bad Request</html>' },
      { status: 400, headers: HTML, body: LARGE },
    ]) {
      provider.answer = answer;
      const service = await start({ ERROR_TTL: '1ms' });
      const calls = provider.calls;
      for (let lon = 0; lon < 8; ++lon) {
        const { status, body } = await fetch(`/weather?lat=1&lon=${lon}`, { to: service });
        assert.equal(status, 502, body);
      }
      assert.equal(provider.calls, calls + 5, `${answer.status}: the breaker is open after five calls`);
    }
    provider.answer = { status: 400, body: '{"error":true,"reason":"Latitude must be in range"}' };
    const own = await fetch('/weather?lat=1&lon=0', { to: await start({}) });
    assert.equal(own.status, 400, own.body);
    assert.match(own.body, /Latitude must be in range/);
  },
};
