import assert from 'node:assert/strict';

export default {
  title: 'A 401 or 403 of the provider is blamed on the API key only if one is sent',
  why: 'Without a key it is the address or the plan that is refused, and an operator who checks a key that is not there looks in the wrong place.',
  provider: (request) => ({ status: request.url.includes('latitude=1&') ? 401 : 403, body: '<html>Forbidden</html>', headers: { 'Content-Type': 'text/html' } }),
  async run({ fetch, start }) {
    const keyed = await start({ OPEN_METEO_API_KEY: 'k' });
    for (const lat of [1, 2]) {
      const without = JSON.parse((await fetch(`/weather?lat=${lat}&lon=1`)).body);
      assert.equal(without.type, '/problems/provider-denied');
      assert.match(without.detail, /^without an API key: /);
      assert.doesNotMatch(without.title, /key/i);
      const withKey = JSON.parse((await fetch(`/weather?lat=${lat}&lon=1`, { to: keyed })).body);
      assert.match(withKey.detail, /^with the API key of this service: /);
    }
  },
};
