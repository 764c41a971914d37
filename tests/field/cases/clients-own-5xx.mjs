import assert from 'node:assert/strict';

export default {
  title: 'A 5xx that a client brought upon itself is no error of the service',
  why: 'RFC 9110 §15.6 leaves no 4xx for HTTP/2.0 in an HTTP/1.1 message or for only-if-cached (RFC 9111 §5.2.1.7), but no operator can do anything about them.',
  async run({ connect, fetch, service }) {
    for (let i = 0; i < 30; i += 1) {
      const connection = await connect();
      await connection.send('GET / HTTP/2.0\r\nHost: a\r\n\r\n');
      assert.equal((await connection.answer()).status, 505);
      const none = await fetch('/weather?lat=1&lon=2', { headers: { 'Cache-Control': 'only-if-cached' } });
      assert.equal(none.status, 504);
    }
    const { body } = await fetch('/metrics');
    assert.match(body, /^weather_cache_http_responses_total\{class="5xx"\} 0$/m);
    assert.match(body, /^weather_cache_http_responses_total\{class="5xx-client"\} 60$/m);
  },
};
