import assert from 'node:assert/strict';

// The quarter of an hour that has begun, as the provider writes it.
const quarter = () => new Date(Math.floor(Date.now() / 900_000) * 900_000).toISOString().slice(0, 16);
const ttl = ({ headers }) => Number(/\bttl=(-?\d+)/.exec(headers['cache-status'])?.[1]);

export default {
  title: 'An answer is fresh until the provider’s next value, wherever this machine’s clock is',
  why: 'RFC 9111 §4.2.3 reckons with the Date of the reply: it is of the clock that also wrote the time of the value. With a clock 20 minutes ahead, answers were fresh for seconds.',
  clock: true,
  provider: (request, count, good) => ({ ...good, body: { ...good.body, current: { ...good.body.current, time: quarter() } } }),
  async run({ fetch, clock, service }) {
    for (const [lat, step] of [[1, 0], [2, 20 * 60_000], [3, 365 * 86_400_000], [4, -366 * 86_400_000]]) {
      clock.stepWall(step);
      const left = 900 - (Date.now() / 1000) % 900;
      const answer = await fetch(`/weather?lat=${lat}&lon=1`);
      assert.equal(answer.status, 200, answer.body);
      // At least 10 s, and up to 30 s more, which depend on the place. The call takes time, and the date has whole seconds.
      assert.ok(ttl(answer) >= Math.max(9, left - 5) && ttl(answer) <= left + 42, `${ttl(answer)} s, with ${left} s left`);
    }
    const lines = service.lines.filter((line) => line.includes("clock and the provider's differ"));
    assert.equal(lines.length, 1, lines.join('\n'));
    const metrics = (await fetch('/metrics')).body;
    const difference = Number(/^weather_cache_open_meteo_clock_difference_seconds (\S+)$/m.exec(metrics)?.[1]);
    assert.ok(Math.abs(difference - (20 * 60 - 86_400)) < 10, `${difference} s`);
  },
};
