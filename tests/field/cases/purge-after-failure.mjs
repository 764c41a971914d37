import assert from 'node:assert/strict';

const ADMIN = { Authorization: 'Bearer a-long-enough-admin-token' };

export default {
  title: 'A purge, of one answer or of everything, also ends a remembered failure',
  why: 'DELETE promises that the next request asks the provider. ERROR_TTL only spares a provider that was not purged from.',
  redis: true,
  settings: { ADMIN_TOKEN: 'a-long-enough-admin-token', ERROR_TTL: '30s' },
  provider: (request, count, good) => (failing.now ? { status: 500, body: 'no' } : good),
  async run({ fetch }) {
    let latitude = 50;
    for (const purged of ['/weather', '/cache']) {
      const place = `lat=${(latitude += 1)}&lon=4`;
      failing.now = true;
      assert.equal((await fetch(`/weather?${place}`)).status, 502);
      failing.now = false;
      assert.equal((await fetch(`/weather?${place}`)).status, 502, 'it is remembered');
      const path = purged === '/cache' ? '/cache' : `/weather?${place}`;
      assert.equal((await fetch(path, { method: 'DELETE', headers: ADMIN })).status, 204);
      assert.equal((await fetch(`/weather?${place}`)).status, 200, `after DELETE ${path}`);
    }
  },
};

const failing = { now: false };
