const ask = (place, more) => `GET /weather?lat=${place}&lon=1 HTTP/1.1\r\nHost: weather.example\r\n${more}\r\n`;
let places = 0;
const first = (more) => ({ send: ask((places += 1), more), answers: [{ status: 200 }] });
const again = (more) => ({ send: ask((places += 1), more), answers: [{ status: 429, body: /\/problems\/client-limited"/ }] });

export default {
  title: 'Clients behind a trusted proxy are told apart by Forwarded as by X-Forwarded-For',
  why: 'RFC 7239 §4 and §6: the nearest proxy writes the last element. A proxy may pass on the field that it does not write, so two fields count only if they agree; otherwise the client is the proxy itself.',
  settings: { TRUSTED_PROXIES: '127.0.0.1', CLIENT_LOADS: '1/h' },
  steps: [
    first('Forwarded: for=203.0.113.1;proto=https\r\n'),
    again('X-Forwarded-For: 203.0.113.1\r\n'),
    again('Forwarded: for=198.51.100.1\r\nForwarded: by=127.0.0.1;For="203.0.113.1:4711"\r\n'),
    again('Forwarded: for=198.51.100.2, for=203.0.113.1, for=127.0.0.1\r\n'),
    first('Forwarded: for="[2001:db8:cafe::17]:4711"\r\n'),
    again('X-Forwarded-For: 2001:db8:cafe::18\r\n'), // an IPv6 client is its /64 network
    first('Forwarded: for=203.0.113.2\r\nX-Forwarded-For: 192.0.2.1, 203.0.113.2\r\n'),
    again('Forwarded: for=203.0.113.2\r\n'),
    first('Forwarded: for=203.0.113.3\r\nX-Forwarded-For: 203.0.113.4\r\n'), // counts as the proxy
    again('Forwarded: for=unknown\r\n'),
    again('Forwarded: for="203.0.113.5\r\n'),
    first('Forwarded: for=203.0.113.3\r\n'),
    first('X-Forwarded-For: 203.0.113.4\r\n'),
  ],
};
