import assert from 'node:assert/strict';

const commands = async (fetch) => Number(/^weather_cache_redis_commands_total (\d+)$/m.exec((await fetch('/metrics')).body)[1]);

export default {
  title: 'A flood of new mock places is limited before Redis hears of it, and a battle never is',
  why: 'Each new place fills memory and Redis. MOCK_LOADS is 600/h here, a fifth of it at once: 120 places in 12 minutes.',
  redis: true,
  settings: { MOCK_DELAY: '1ms', MOCK_LOADS: '600/h' },
  async run({ fetch }) {
    // The battle of the page: one place, 100 requests in each of three lanes, six at once.
    for (const lane of ['on', 'redis', 'off']) {
      for (let i = 0; i < 102; i += 6) {
        const answers = await Promise.all(Array.from({ length: 6 }, () => fetch(`/weather?lat=52.52&lon=13.41&mock=true&cache=${lane}`)));
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200], lane);
      }
    }
    let limited = 0;
    for (let i = 0; i < 200; i += 1) {
      const { status, headers } = await fetch(`/weather?lat=1&lon=${i / 10}&mock=true`);
      limited += status === 429 ? 1 : 0;
      if (status === 429) assert.ok(Number(headers['retry-after']) <= 720);
    }
    assert.ok(limited >= 80, `${limited} of 200 are refused`); // 120 are free; the battle's loads have used a few
    const before = await commands(fetch);
    for (let i = 0; i < 100; i += 1) assert.equal((await fetch(`/weather?lat=2&lon=${i / 10}&mock=true`)).status, 429);
    assert.ok(await commands(fetch) - before < 20, 'Redis hears nothing of them, but for the service\'s own upkeep');
    assert.equal((await fetch('/weather?lat=52.52&lon=13.41&mock=true&cache=off')).status, 200, 'what is not stored is not limited');
  },
};
