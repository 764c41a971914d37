// The files that the page consists of, and the other pages, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { service, withPage, withService } from './setting.mjs';
import { assertAccessible, assertFits, text, until } from './support.mjs';

describe('the files', () => {
  const get = (path, headers = {}) => fetch(service.url + path, { headers: { 'Accept-Encoding': 'identity', ...headers } });
  // The headers of a page request as a browser sends it.
  async function filesOf(html) {
    return [...new Set([...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path))];
  }

  it('of the whole page are under 60 KB packed, and no module is missing from the preloads', () => withPage({}, async (page) => {
    const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => ({ path: new URL(entry.name).pathname, size: entry.encodedBodySize })));
    const html = await (await get('/')).text();
    const named = await filesOf(html);
    const assets = loaded.filter((each) => each.path.startsWith('/assets/'));
    for (const { path } of assets) assert.ok(named.includes(path), `${path} is loaded but not announced`);
    let bytes = Buffer.byteLength(html);
    for (const path of named) bytes += Number((await fetch(service.url + path, { method: 'HEAD', headers: { 'Accept-Encoding': 'br' } })).headers.get('content-length'));
    assert.ok(bytes < 60_000, `${bytes} bytes`);
  }));

  it('never change under their name, and come packed as asked for', async () => {
    for (const path of await filesOf(await (await get('/')).text())) {
      const plain = await get(path);
      assert.equal(plain.status, 200);
      assert.match(plain.headers.get('cache-control'), /immutable/);
      assert.match(plain.headers.get('cache-control'), /max-age=31536000/);
      assert.equal(plain.headers.get('content-encoding'), null);
      const body = await plain.text();
      for (const [accept, expected] of [['gzip', 'gzip'], ['br', 'br'], ['gzip, deflate, br', 'br'], ['br;q=0, gzip;q=0.5', 'gzip'], ['*', 'br'], ['identity', null], ['br;q=0, *;q=0', null]]) {
        const packed = await get(path, { 'Accept-Encoding': accept });
        assert.equal(packed.headers.get('content-encoding'), expected, `${path} ${accept}`);
        assert.equal(await packed.text(), body, `${path} ${accept}`);
        assert.match(packed.headers.get('vary'), /Accept-Encoding/);
        const again = await get(path, { 'Accept-Encoding': accept, 'If-None-Match': packed.headers.get('etag') });
        assert.equal(again.status, 304);
      }
    }
    assert.equal((await get('/assets/style.000000000000.css')).status, 404);
  });

  it('and the page carry the headers that keep others out', async () => {
    const { headers } = await get('/', { Accept: 'text/html' });
    const policy = headers.get('content-security-policy');
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) assert.ok(policy.includes(part), part);
    assert.ok(!policy.includes('unsafe'));
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
    assert.equal(headers.get('cross-origin-embedder-policy'), 'require-corp');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
  });

  it('hold no inline script or style', async () => {
    for (const path of ['/', '/?lang=pt-BR', '/problems/provider-timeout', '/weather?lat=1&lon=x&format=html']) {
      const html = await (await get(path)).text();
      assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)|\{\{/, path);
    }
  });

  it('come in the language asked for', async () => {
    const language = async (query, accept) => /<html lang="([^"]+)"/.exec(await (await get(`/${query}`, { 'Accept-Language': accept })).text())[1];
    assert.equal(await language('', 'pt-BR,pt;q=0.9,en;q=0.8'), 'pt-BR');
    assert.equal(await language('', 'pt'), 'pt-BR');
    assert.equal(await language('', 'de, en;q=0.5, pt;q=0.3'), 'en');
    assert.equal(await language('', 'fr'), 'en');
    assert.equal(await language('?lang=pt-BR', 'en'), 'pt-BR');
    assert.equal(await language('?lang=en', 'pt-BR'), 'en');
    assert.equal(await language('?lang=xx', 'pt-BR'), 'pt-BR');
  });
});

describe('a plain production service (LAB=off)', () => {
  it('has no mock, no battle and no stampede', () => withService({ LAB: 'off' }, (own) => withPage({}, async (page) => {
    for (const id of ['mock', 'battle', 'stampede']) assert.equal(await page.locator(`#${id}`).count(), 0, id);
    assert.equal((await fetch(`${own.url}/lab/stampede?n=1`, { method: 'POST' })).status, 404);
    await until(async () => (await text(page, '[data-stat=redis]')) === 'none', 'the statistics');
    await assertAccessible(page, 'LAB=off');
    await assertFits(page, 'LAB=off');
  }, own.url)));
});

describe('a problem’s page', () => {
  it('explains itself in both languages', async () => {
    for (const [locale, words] of [['en', 'did not answer in time'], ['pt-BR', 'não respondeu a tempo']]) {
      await withPage({ locale, path: '/problems/provider-timeout' }, async (page) => {
        assert.ok((await text(page, 'h1')).includes(words));
        await assertAccessible(page, locale);
      });
    }
  });
});
