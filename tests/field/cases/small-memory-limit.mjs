import assert from 'node:assert/strict';

export default {
  title: 'Every memory limit that is accepted keeps answers, and a smaller one is refused with the smallest that works',
  why: 'A limit that keeps nothing looks like a cache and calls the provider for every request.',
  settings: { MEMORY_LIMIT: '256KiB' },
  async run({ fetch, start, program, provider }) {
    const small = await start({ MEMORY_LIMIT: '16KiB' });
    for (const to of [undefined, small]) {
      // Any place may be the one whose shard is too small.
      for (let latitude = 1; latitude <= 20; latitude += 1) {
        const path = `/weather?lat=${latitude}.12345&lon=-170.54321`;
        assert.equal((await fetch(path, { to })).headers['x-cache'], 'MISS');
        assert.equal((await fetch(path, { to })).headers['x-cache'], 'HIT', path);
      }
    }
    assert.equal(provider.calls, 40);
    for (const MEMORY_LIMIT of ['1', '16383', '15KiB']) {
      const { code, output } = await program({ MEMORY_LIMIT }, '--check-config');
      assert.equal(code, 2, output);
      assert.match(output, /MEMORY_LIMIT: .*the smallest limit is 16KiB/);
    }
    assert.equal((await program({ MEMORY_LIMIT: '0' }, '--check-config')).code, 0);
  },
};
