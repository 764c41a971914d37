import assert from 'node:assert/strict';

export default {
  title: 'A client that has ended its side while it waits for the lab gets an answer',
  why: 'RFC 9112 §9.6: a client may close its side after its last request and still read. It looks as if it had gone, so others do not wait for a run of its own.',
  // The first run lasts as long as the whole case.
  settings: { TRUSTED_PROXIES: '127.0.0.1', MOCK_DELAY: '1m', REQUEST_TIMEOUT: '1m' },
  async run({ connect, metric, until }) {
    const press = async (client) => {
      const connection = await connect();
      await connection.send(`POST /lab/stampede?n=1 HTTP/1.1\r\nHost: field\r\nX-Forwarded-For: ${client}\r\n\r\n`);
      return connection;
    };
    await press('203.0.113.1');
    await until(async () => await metric('weather_cache_cache_flights_total') === 1, 'it runs');
    const half = await press('203.0.113.2');
    half.finish();
    await until(async () => await metric('weather_cache_http_clients_gone_total') === 1, 'it is missed');
    await press('203.0.113.3');
    const answer = await half.answer();
    assert.equal(answer.status, 429);
    assert.match(answer.body, /had closed the connection, or its side of it/);
  },
};
