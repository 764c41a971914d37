import assert from 'node:assert/strict';

export default {
  title: 'Guesses of the admin token run out',
  why: 'RFC 6585 §4: ten wrong tokens in a minute from one address, then 429 with Retry-After, also for the right one, whose acceptance would tell.',
  settings: { ADMIN_TOKEN: 'the-right-token' },
  async run({ fetch }) {
    const purge = (token) => fetch('/cache', { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
    const statuses = [];
    for (let i = 0; i < 15; i += 1) statuses.push((await purge(`guess-${i}`)).status);
    assert.deepEqual(statuses, [...Array(10).fill(401), ...Array(5).fill(429)]);
    const right = await purge('the-right-token');
    assert.equal(right.status, 429);
    assert.ok(Number(right.headers['retry-after']) <= 60);
    assert.match((await fetch('/metrics')).body, /^weather_cache_http_token_guesses_total 16$/m);
  },
};
