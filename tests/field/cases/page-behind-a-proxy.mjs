const run = (more, status) => ({ send: `POST /lab/stampede?n=1 HTTP/1.1\r\nHost: inner:8080\r\nOrigin: http://weather.example\r\n${more}\r\n`, answers: [{ status }] });

export default {
  title: 'The own page may start a run of the lab behind a trusted proxy that rewrites Host',
  why: 'Over plain HTTP a browser sends no Sec-Fetch-Site, and Origin (RFC 6454 §7) names the host that it asked for. A proxy tells that host in X-Forwarded-Host or in Forwarded (RFC 7239 §5.3); no page can make a browser send these.',
  settings: { TRUSTED_PROXIES: '127.0.0.1', MOCK_DELAY: '1ms' },
  steps: [
    run('', 403),
    run('X-Forwarded-Host: weather.example\r\n', 200),
    run('X-Forwarded-Host: weather.example:80, inner\r\n', 200),
    run('Forwarded: for=203.0.113.1;host=weather.example;proto=http\r\n', 200),
    run('X-Forwarded-Host: evil.example\r\n', 403),
    run('X-Forwarded-Host: weather.example\r\nSec-Fetch-Site: cross-site\r\n', 403),
  ],
};
