const SENT = 'X-Request-Id: mine\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n';
const get = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${SENT}${more}\r\n`;
const shared = { 'cache-control': /^public/, 'x-request-id': /^[0-9a-f-]{36}$/, traceparent: null };
const own = { 'x-request-id': 'mine', traceparent: /4bf92f/ };

export default {
  title: 'An answer that shared caches may keep names no request of a client',
  why: 'RFC 9111 §3: a shared cache gives the stored header fields to other clients, who would get the id and the trace of the first.',
  steps: [
    { send: get('/weather?lat=1&lon=2'), answers: [{ status: 200, headers: shared }] },
    { send: get('/weather?lat=1&lon=2'), answers: [{ status: 200, headers: shared }] },
    { send: get('/weather?lat=1&lon=2', 'If-None-Match: *\r\n'), answers: [{ status: 304, headers: shared }] },
    { send: get('/openapi.json'), answers: [{ status: 200, headers: shared }] },
    { send: get('/weather?lat=x'), answers: [{ status: 400, headers: own }] },
    { send: get('/stats'), answers: [{ status: 200, headers: own }] },
  ],
};
