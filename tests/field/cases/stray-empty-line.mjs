const ask = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';
// A request that stays unfinished gets its 408, so by then the deadline of the other connections has passed as well.
const deadline = (on) => ({ on, send: 'GET /livez HT', passing: 10_000, answers: [{ status: 408 }], then: 'closed' });

export default {
  title: 'Empty lines between requests are ignored and start no deadline',
  why: 'RFC 9112 §2.2: a server ignores an empty line before a request line. An unasked 408 is taken for the next answer.',
  clock: true,
  settings: { THREADS: '1', REQUEST_TIMEOUT: '5s', IDLE_TIMEOUT: '1h' },
  steps: [
    { on: 'with', send: `${ask}\r\n`, answers: [{ status: 200 }] },
    { on: 'after', send: ask, answers: [{ status: 200 }] },
    { on: 'after', send: '\r\n\r\n' },
    { on: 'half', send: ask, answers: [{ status: 200 }] },
    { on: 'half', send: '\r\n\r' },
    deadline('unfinished'),
    { on: 'with', then: 'open' },
    { on: 'after', send: ask, answers: [{ status: 200 }], then: 'open' },
    { on: 'half', send: `\n${ask}`, answers: [{ status: 200 }], then: 'open' },
  ],
};
