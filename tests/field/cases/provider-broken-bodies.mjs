import assert from 'node:assert/strict';

const GZIP = { 'Content-Encoding': 'gzip' };
const JSON_TEXT = '{"error":true,"reason":"The service is overloaded"}';

// What makes the body fail: it cannot be decompressed, it is above 1 MiB, it ends before its length.
const BROKEN = [
  { headers: GZIP, body: JSON_TEXT },
  { body: `<html>${' '.repeat(1_100_000)}` },
  { headers: { 'Content-Length': '900', Connection: 'close' }, body: JSON_TEXT },
];

export default {
  title: 'A reply whose body fails keeps its status and its Retry-After',
  why: 'RFC 9112 §8: an incomplete message has a complete header, and RFC 9110 §10.2.3 gives Retry-After its meaning there. Ten minutes are longer than any wait that the service reckons itself here.',
  async run({ start, fetch, provider }) {
    for (const status of [429, 503]) {
      for (const { headers, body } of BROKEN) {
        provider.answer = { status, headers: { ...headers, 'Retry-After': '600' }, body };
        const service = await start({ ERROR_TTL: '1ms', UPSTREAM_TIMEOUT: '2s' });
        const calls = provider.calls;
        const first = await fetch('/weather?lat=1&lon=0', { to: service });
        assert.equal(first.status, status === 429 ? 429 : 502, first.body);
        assert.match(first.headers['cache-status'], new RegExp(`fwd-status=${status}`));
        provider.answer = provider.good;
        const next = await fetch('/weather?lat=1&lon=1', { to: service });
        assert.equal(next.status, status === 429 ? 429 : 502, next.body);
        const left = Number(next.headers['retry-after']);
        assert.ok(left > 540 && left <= 600, `${left} s of 600 are left`);
        assert.equal(provider.calls, calls + 1);
      }
    }
  },
};
