import assert from 'node:assert/strict';

export default {
  title: 'No message about a wrong setting repeats its value',
  why: 'A secret may be given to any setting by mistake, and what a service says at its start ends in logs that many can read.',
  async run({ program }) {
    const secret = 'S3CR3T';
    for (const [name, value] of [
      ['OPEN_METEO_URL', `https://h/?apikey=${secret}`], ['OPEN_METEO_URL', `https://user:${secret}@h`],
      ['REDIS_URL', `redis://:${secret}@h:port`], ['REDIS_URL', `redis://h?token=${secret}`], ['REDIS_URL', secret],
      ['PORT', secret], ['CACHE_TTL', secret], ['TRUSTED_PROXIES', secret], ['LOG_LEVEL', secret],
    ]) {
      for (const args of [[], ['--check-config']]) {
        const { code, output } = await program({ PORT: '0', ADDRESS: '127.0.0.1', [name]: value }, ...args);
        assert.notEqual(code, 0, name);
        assert.match(output, new RegExp(name), 'it names the setting');
        assert.doesNotMatch(output, new RegExp(secret), name);
      }
    }
    for (const name of ['PORT', 'CACHE_TTL']) {
      const { code, output } = await program({}, `--${name.toLowerCase().replace('_', '-')}=${secret}`);
      assert.notEqual(code, 0);
      assert.doesNotMatch(output, new RegExp(secret), `the flag of ${name}`);
    }
  },
};
