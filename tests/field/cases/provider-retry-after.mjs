import assert from 'node:assert/strict';

const LIMITED = '{"error":true,"reason":"Minutely API request limit exceeded. Please try again in one minute."}';
const later = (seconds) => new Date(Date.now() + seconds * 1000);
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

// The obsolete forms of RFC 9110 §5.6.7: "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994".
function rfc850(date) {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${DAYS[date.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
}
function asctime(date) {
  const [, , month, year, time] = date.toUTCString().split(' ');
  return `${DAYS[date.getUTCDay()].slice(0, 3)} ${month} ${String(date.getUTCDate()).padStart(2)} ${time} ${year}`;
}

const REPLIES = [
  { status: 429, body: LIMITED, wait: () => '600' },
  { status: 429, type: 'text/html', body: '<html>Too Many Requests</html>', wait: () => '600' },
  { status: 503, type: 'text/html', body: '<html>Service Unavailable</html>', wait: () => '600' },
  { status: 503, body: '{"error":true,"reason":"The service is overloaded"}', wait: () => later(600).toUTCString() },
  { status: 503, body: '', wait: () => rfc850(later(600)) },
  { status: 503, body: '', wait: () => asctime(later(600)) },
];

export default {
  title: 'The provider is not called before its Retry-After is over, whatever the status and the form',
  why: 'RFC 9110 §10.2.3: the field says how long to wait before the next request; it is a number of seconds or an HTTP-date (§5.6.7). Ten minutes are longer than any wait that the service reckons itself here.',
  async run({ start, fetch, provider }) {
    for (const { status, type = 'application/json', body, wait } of REPLIES) {
      provider.answer = { status, headers: { 'Content-Type': type, 'Retry-After': wait() }, body };
      const service = await start({ ERROR_TTL: '1ms' });
      const calls = provider.calls;
      const first = await fetch('/weather?lat=1&lon=0', { to: service });
      assert.equal(first.status, status === 429 ? 429 : 502, first.body);
      provider.answer = provider.good;
      for (let lon = 1; lon < 10; ++lon) {
        const next = await fetch(`/weather?lat=1&lon=${lon}`, { to: service });
        assert.equal(next.status, status === 429 ? 429 : 502, next.body);
        const left = Number(next.headers['retry-after']);
        assert.ok(left > 540 && left <= 600, `${left} s of 600 are left`);
      }
      assert.equal(provider.calls, calls + 1, `${status} ${type}`);
    }
  },
};
