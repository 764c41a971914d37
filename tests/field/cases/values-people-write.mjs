import assert from 'node:assert/strict';

export default {
  title: 'What people write for settings and places is taken if it has one meaning, and else they are told what to write',
  why: 'A number alone can only be seconds, and the provider itself calls the coordinates latitude and longitude; "64M" may mean 64,000,000 or 67,108,864 bytes.',
  async run({ fetch, program }) {
    const taken = [
      ['IDLE_TIMEOUT', '900', '15m'], ['CACHE_KEEP', '1h30m', '90m'], ['CACHE_KEEP', '1.5h', '90m'], ['CACHE_KEEP', '2d', '48h'],
      ['MEMORY_LIMIT', '64Mi', '64MiB'], ['MEMORY_LIMIT', '1.5GiB', '1536MiB'], ['UPSTREAM_LIMIT', '600/min', '600/m'],
      ['LOG_LEVEL', 'warning', 'warn'], ['REDIS_URL', 'redis://h?protocol=3', 'redis://h'],
    ];
    for (const [name, written, meant] of taken) {
      const { code, output } = await program({ [name]: written }, '--check-config');
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`^${name}=${meant.replaceAll('.', '\\.')}`, 'm'), written);
    }
    const refused = await program({ MEMORY_LIMIT: '64M' }, '--check-config');
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /MEMORY_LIMIT: .*write MiB .* or MB/);

    const ask = (query) => fetch(`/weather?${query}&mock=true`);
    assert.equal((await ask('lat=52.52&lon=13.41')).headers['x-cache'], 'MISS');
    for (const query of ['latitude=52.52&longitude=13.41', 'lat=+52.52&lon=%2B13.41']) {
      assert.equal((await ask(query)).headers['x-cache'], 'HIT', query);
    }
    const twice = await ask('lat=52.52&lon=13.41&latitude=52.52');
    assert.equal(twice.status, 400);
    assert.match(twice.body, /"\/problems\/bad-parameter"/);
  },
};
