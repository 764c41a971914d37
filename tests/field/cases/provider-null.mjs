import assert from 'node:assert/strict';

// The provider's answer with other current values.
const having = (good, values) => ({ ...good, body: { ...good.body, current: { ...good.body.current, ...values } } });

export default {
  title: 'A null of the provider is an answer, kept like any other, and the page shows a dash',
  why: 'A null in a whole answer says that the provider has no value at this place. It is no failure of the provider.',
  settings: { CACHE_TTL: '15m' },
  provider: (request, count, good) => having(good, request.url.includes('latitude=1&') ? { temperature_2m: null } : { temperature_2m: null, wind_speed_10m: null }),
  async run({ fetch, provider }) {
    const first = await fetch('/weather?lat=1&lon=2');
    assert.equal(first.status, 200, first.body);
    const { current } = JSON.parse(first.body);
    assert.deepEqual([current.temperature_2m, current.wind_speed_10m], [null, 11.3]);
    assert.equal((await fetch('/weather?lat=1&lon=2')).headers['x-cache'], 'HIT');
    const calls = provider.calls;
    for (const [language, words] of [['en', 'no value here'], ['pt-BR', 'sem valor aqui']]) {
      const page = await fetch(`/weather?lat=2&lon=2&lang=${language}`, { headers: { Accept: 'text/html' } });
      assert.equal(page.status, 200);
      assert.equal(page.body.split(words).length - 1, 2, `${words}: once for each of the two values`);
    }
    assert.equal(provider.calls, calls + 1);
  },
};
