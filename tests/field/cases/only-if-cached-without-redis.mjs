import assert from 'node:assert/strict';

const PATH = '/weather?lat=52.52&lon=13.41';
const ONLY_IF_CACHED = { headers: { 'Cache-Control': 'only-if-cached' } };

export default {
  title: 'A request for a cached answer loads nothing, and says so if Redis cannot tell whether there is one',
  why: 'RFC 9111 §5.2.1.7: only-if-cached gets a stored answer or 504. "Nothing is cached" would be a guess without Redis.',
  redis: true,
  clock: true,
  settings: { CACHE_TTL: '1m', CACHE_STALE: '1h', CACHE_EARLY: '1' },
  async run({ fetch, clock, redis, provider }) {
    const problem = async () => {
      const { status, headers, body } = await fetch(PATH, ONLY_IF_CACHED);
      assert.equal(status, 504);
      return [JSON.parse(body).type, headers['cache-status']];
    };
    assert.deepEqual(await problem(), ['/problems/not-cached', 'weather-cache; detail=only-if-cached']);
    assert.equal((await fetch(PATH)).status, 200);
    clock.advance(120_000);
    const stale = await fetch(PATH, ONLY_IF_CACHED);
    assert.deepEqual([stale.status, stale.headers['x-cache']], [200, 'STALE']);
    assert.equal(provider.calls, 1, 'it starts no refresh');
    clock.advance(48 * 3_600_000);
    await redis.stop();
    assert.deepEqual(await problem(), ['/problems/cache-unavailable', 'weather-cache; detail=redis-unavailable']);
    const metrics = (await fetch('/metrics')).body;
    assert.match(metrics, /^weather_cache_cache_redis_reads_total\{result="error"\} [1-9]/m);
    // Both 504s are the client's own: without only-if-cached it would get an answer, whatever Redis does.
    assert.match(metrics, /^weather_cache_http_responses_total\{class="5xx"\} 0$/m);
    assert.match(metrics, /^weather_cache_http_responses_total\{class="5xx-client"\} 2$/m);
    assert.equal(provider.calls, 1);
  },
};
