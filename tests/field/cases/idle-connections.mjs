import assert from 'node:assert/strict';

const LIMIT = 8;

export default {
  title: 'Idle connections give way to new clients',
  why: 'RFC 9112 §9.5: a server may close an idle connection at any time. Clients that keep all places and ask nothing must not keep others, and the health check, out.',
  settings: { MAX_CONNECTIONS: String(LIMIT), THREADS: '1' }, // each thread closes the longest idle one of its own
  async run({ connect, fetch }) {
    const idle = [];
    for (let i = 0; i < LIMIT; i += 1) {
      const connection = await connect();
      await connection.send('GET /livez HTTP/1.1\r\nHost: field\r\n\r\n');
      assert.equal((await connection.answer()).status, 200);
      idle.push(connection);
    }
    for (let i = 0; i < 3; i += 1) assert.equal((await fetch('/weather?lat=1&lon=2&mock=true')).status, 200, 'a new client');
    assert.equal((await fetch('/health/ready')).status, 200);
    assert.equal(await idle[0].ended(), '', 'the one that was idle for longest was closed, without a word');
    // Connections that have not sent anything yet are idle, too.
    for (let i = 0; i < 5 * LIMIT; i += 1) await connect();
    assert.equal((await fetch('/health/ready')).status, 200);
    assert.match((await fetch('/metrics')).body, /^weather_cache_http_connections_cut_total\{reason="place"\} [1-9]/m);
  },
};
