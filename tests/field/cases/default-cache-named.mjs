export default {
  title: 'A real question may name the cache that it gets anyway',
  why: '`cache=on` is the default of a question with and without the mock, so to write it changes nothing. The other two values exist for comparisons with the mock.',
  steps: [
    { send: 'GET /weather?lat=1&lon=2&cache=on HTTP/1.1\r\nHost: a\r\n\r\n', answers: [{ status: 200, headers: { 'x-cache': 'MISS' } }], then: 'open' },
    { send: 'GET /weather?lat=1&lon=2 HTTP/1.1\r\nHost: a\r\n\r\n', answers: [{ status: 200, headers: { 'x-cache': 'HIT' } }], then: 'open' },
    { send: 'GET /weather?lat=1&lon=2&cache=off HTTP/1.1\r\nHost: a\r\n\r\n', answers: [{ status: 400, body: /"parameter":"cache"/ }], then: 'open' },
  ],
};
