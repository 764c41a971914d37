const ask = (method, path, more = '') => `${method} ${path} HTTP/1.1\r\nHost: weather.example\r\n${more}\r\n`;
const open = { 'access-control-allow-origin': '*' };
const closed = { 'access-control-allow-origin': null, 'access-control-expose-headers': null };
const refused = (more) => ({ send: ask('POST', '/lab/stampede?n=1', more), answers: [{ status: 403, body: /\/problems\/cross-site"/ }] });
const run = (more) => ({ send: ask('POST', '/lab/stampede?n=1', more), answers: [{ status: 200 }] });

export default {
  title: 'Pages of other sites may read the API, and neither read the numbers nor start a lab run',
  why: 'Fetch standard (CORS): any page can make a browser send a POST; Sec-Fetch-Site (W3C Fetch Metadata) and Origin (RFC 6454 §7) say from where. Behind a proxy the scheme differs.',
  settings: { MOCK_DELAY: '1ms' },
  steps: [
    { send: ask('GET', '/weather?lat=1&lon=2'), answers: [{ status: 200, headers: open }] },
    { send: ask('GET', '/openapi.json'), answers: [{ status: 200, headers: open }] },
    ...['/stats', '/metrics', '/health/live', '/'].map((path) => ({ send: ask('GET', path), answers: [{ status: 200, headers: closed }] })),
    { send: ask('OPTIONS', '/stats'), answers: [{ status: 204, headers: closed }] },
    refused('Sec-Fetch-Site: cross-site\r\n'),
    refused('Sec-Fetch-Site: same-site\r\nOrigin: https://weather.example\r\n'),
    refused('Origin: https://evil.example\r\n'),
    refused('Origin: null\r\n'),
    run('Sec-Fetch-Site: same-origin\r\nOrigin: https://weather.example\r\n'),
    run('Origin: https://weather.example\r\n'),
    run(''),
  ],
};
