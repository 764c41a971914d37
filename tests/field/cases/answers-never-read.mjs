import assert from 'node:assert/strict';

const PIPELINED = 205;
const CONNECTIONS = 40;

export default {
  title: 'Clients that never read their answers are cut off, and the others served',
  why: 'The memory of all connections together is bounded (CONNECTION_MEMORY), the buffers of the system included: a small sum for each of many clients is a large one.',
  settings: { CONNECTION_MEMORY: '1MiB' },
  async run({ connect, fetch, metric, until }) {
    const reading = await connect();
    const ask = 'GET /openapi.json HTTP/1.1\r\nHost: field\r\n\r\n';
    for (let i = 0; i < CONNECTIONS; i += 1) {
      const deaf = await connect();
      deaf.pause();
      await deaf.send(ask.repeat(PIPELINED));
      if (i % 10 === 9) {
        await reading.send(ask);
        assert.equal((await reading.answer()).status, 200, 'a client that reads is served meanwhile');
      }
    }
    await until(async () => await metric('weather_cache_http_connections_cut_total{reason="memory"}') > 0, 'some are cut off');
    assert.equal((await fetch('/health/ready')).status, 200);
  },
};
