const next = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';
const chunked = (body) => `GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n${body}`;

export default {
  title: 'An empty body in chunks is taken for none',
  why: 'RFC 9112 §7.1: an HTTP/2 front end turns an empty body into the last chunk and an empty trailer.',
  steps: [
    { send: chunked(`0\r\n\r\n${next}`), answers: [{ status: 200 }, { status: 200 }], then: 'open' },
    { send: [chunked('0'), ';a="b;c"\r', '\nExpires: 0\r\n\r', `\n${next}`], answers: [{ status: 200 }, { status: 200 }], then: 'open' },
    { on: 'content', send: chunked(`1\r\na\r\n0\r\n\r\n${next}`), answers: [{ status: 413, headers: { connection: 'close' } }], then: 'closed' },
    { on: 'no size', send: chunked(`0x0\r\n\r\n${next}`), answers: [{ status: 400 }], then: 'closed' },
    { on: 'other', send: `GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${next}`, answers: [{ status: 501 }], then: 'closed' },
    { on: '1.0', send: `GET /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${next}`, answers: [{ status: 400 }], then: 'closed' },
  ],
};
