const request = (line, fields = 'Host: a\r\n') => `${line}\r\n${fields}\r\n`;
const next = request('GET /livez HTTP/1.1');
const refused = (on, send, status, more = {}) => ({ on, send: send + next, answers: [{ status, headers: { connection: 'close' }, ...more }], then: 'closed' });
const answered = (on, send, status, headers = {}) => ({ on, send, answers: [{ status, headers }], then: 'open' });

export default {
  title: 'What clients rarely send is read by its grammar',
  why: 'RFC 9110 §2.5 (versions), §9.1 and §9.3.6 (methods); RFC 3986 §3.2.2 (hosts), §6.2.2.2 (escapes) and §5.2.4 (dot segments); RFC 9112 §3 (length).',
  steps: [
    answered('1.2', request('GET /livez HTTP/1.2'), 200),
    answered('1.9', request('GET /livez HTTP/1.9'), 200),
    refused('2.0', request('GET /livez HTTP/2.0'), 505),
    ...['[zzz]', '[::g]', 'a%zz', '[127.0.0.1]', '[v1]'].map((host) => refused(host, request('GET /livez HTTP/1.1', `Host: ${host}\r\n`), 400)),
    ...['[::1]:80', '[v1.a]', 'a%41:8080'].map((host) => answered(host, request('GET /livez HTTP/1.1', `Host: ${host}\r\n`), 200)),
    refused('no host', request('POST /livez HTTP/1.1', 'Content-Length: 3\r\n'), 400),
    { on: 'HEAD', send: 'HEAD /\x7f HTTP/1.1\r\n', answers: [{ status: 400, head: true }], then: 'closed' },
    answered('unknown method', request('BREW /livez HTTP/1.1'), 501),
    answered('known method', request('PUT /livez HTTP/1.1'), 405, { allow: 'GET, HEAD, OPTIONS' }),
    answered('CONNECT', request('CONNECT a:443 HTTP/1.1'), 405, { allow: /GET/ }),
    refused('CONNECT without a port', request('CONNECT a HTTP/1.1'), 400),
    answered('escape', request('GET /%6civez HTTP/1.1'), 200),
    answered('reserved', request('GET /health%2Flive HTTP/1.1'), 404),
    answered('dots', request('GET /assets/%2e./livez HTTP/1.1'), 400),
    answered('16 KiB', request(`GET /livez?${'a'.repeat(16 * 1024 - 7)} HTTP/1.1`), 200),
    refused('more', request(`GET /livez?${'a'.repeat(16 * 1024 - 6)} HTTP/1.1`), 414),
  ],
};
