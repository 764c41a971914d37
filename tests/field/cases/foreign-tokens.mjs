import assert from 'node:assert/strict';

const PATH = '/weather?lat=52.52&lon=13.41&mock=true';

export default {
  title: 'A token that a proxy sends with every request is no guess of the admin token',
  why: 'RFC 6750: Authorization belongs to whoever it was made for; only a request that needs the admin token can be a guess. But a forced load tells whether a token is right, so only some wrong ones are looked at.',
  settings: { ADMIN_TOKEN: 'the-right-token', MOCK_DELAY: '1ms', CACHE_TTL: '1h' },
  async run({ fetch, metric }) {
    const ask = (token) => fetch(PATH, { headers: { 'Cache-Control': 'no-cache', Authorization: `Bearer ${token}` } });
    assert.equal((await ask('the-right-token')).headers['x-cache'], 'MISS');
    assert.equal((await ask('the-right-token')).headers['x-cache'], 'MISS', 'forced');
    for (let i = 0; i < 30; i += 1) assert.equal((await ask('of-the-proxy')).headers['x-cache'], 'HIT');
    assert.equal(await metric('weather_cache_http_token_guesses_total'), 0);
    assert.equal((await ask('the-right-token')).headers['x-cache'], 'HIT', 'no token is looked at for a while');
    const purge = await fetch('/cache', { method: 'DELETE', headers: { Authorization: 'Bearer the-right-token' } });
    assert.equal(purge.status, 204, 'the admin is not locked out');
  },
};
