import assert from 'node:assert/strict';

export default {
  title: 'No call is made for clients that have left while they waited for their turn',
  why: 'A call that nobody awaits any more costs the budget and delays those who wait.',
  // The first call is held while the others come and go, which takes long on a busy machine.
  settings: { UPSTREAM_CONCURRENCY: '1', CLIENT_LOADS: 'off', UPSTREAM_TIMEOUT: '1m', REQUEST_TIMEOUT: '1m' },
  async run({ connect, metric, provider, until }) {
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    provider.decide = async (request, count, good) => {
      if (count === 1) await held;
      return good;
    };
    const ask = async (place) => {
      const connection = await connect();
      await connection.send(`GET /weather?lat=${place}&lon=0 HTTP/1.1\r\nHost: field\r\n\r\n`);
      return connection;
    };
    const first = await ask(1);
    await until(() => provider.calls === 1, 'the first call');
    const leaving = [];
    for (let place = 2; place <= 9; place += 1) leaving.push(await ask(place));
    const queued = await ask(10);
    // A flight for each place: the first, those of the eight, and the one that stays.
    await until(async () => await metric('weather_cache_cache_flights_total') === 10, 'all wait');
    for (const connection of leaving) connection.close();
    await until(async () => await metric('weather_cache_http_clients_gone_total') === 8, 'the eight are missed');
    release();
    assert.equal((await first.answer()).status, 200);
    assert.equal((await queued.answer()).status, 200, 'the one that stays is served');
    assert.equal(provider.calls, 2);
  },
};
