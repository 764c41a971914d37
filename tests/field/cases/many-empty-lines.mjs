const ask = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';

export default {
  title: 'Empty lines before a request are ignored however many they are, up to 1 MiB',
  why: 'RFC 9112 §2.2: a server ignores empty lines before a request line. They are no part of a head, so its limit does not count them. A refusal that nobody asked for would be taken for the next answer.',
  steps: [
    { on: 'one block', send: '\r\n'.repeat(30_000) + ask, answers: [{ status: 200 }], then: 'open' },
    { on: 'as long as a head', send: '\r\n'.repeat(12_288) + ask, answers: [{ status: 200 }], then: 'open' },
    { on: 'then a large head', send: `${'\r\n'.repeat(12_000)}GET /livez?${'a'.repeat(12_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, answers: [{ status: 200 }], then: 'open' },
    { on: 'between requests', send: ask + '\r\n'.repeat(30_000) + ask, answers: [{ status: 200 }, { status: 200 }], then: 'open' },
    { on: 'nothing else', send: '\r\n'.repeat(525_000), then: 'closed' },
  ],
};
