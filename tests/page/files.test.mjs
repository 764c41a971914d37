// The files that the page consists of, and the other pages, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FAILED_REQUEST, service, withPage, withService } from './setting.mjs';
import { assertAccessible, assertFits, startProvider, text, until } from './support.mjs';

const get = (path, headers = {}) => fetch(service.url + path, { headers: { 'Accept-Encoding': 'identity', ...headers } });

describe('the files', () => {
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
      if (path.endsWith('.png')) {
        const any = await get(path, { 'Accept-Encoding': 'gzip, br' });
        assert.deepEqual([any.headers.get('content-encoding'), any.headers.get('vary')], [null, null], path);
        continue;
      }
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
    for (const path of ['/', '/?lang=pt-BR', '/problems/provider-timeout', '/problems/bad-parameter', '/nowhere', '/weather?lat=1&lon=x&format=html']) {
      const html = await (await get(path, { Accept: 'text/html' })).text();
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

  // Everything that a visitor can read or hear, hidden parts left out.
  const wordsOf = (page) => page.evaluate(() => [
    document.title,
    document.querySelector('[name=description]')?.content,
    document.body.innerText,
    ...[...document.querySelectorAll('[aria-label], [title], [role=status]')].map((each) => `${each.ariaLabel ?? ''} ${each.title} ${each.textContent}`),
  ].join('\n'));
  const LAB = /battle|\blanes?\b|mock|stampede|measure (?:it )?here|in your (?:own )?browser|manual|\blab\b|batalha|\braias?\b|manada|boiada|meça|no seu navegador|laboratório/i;
  for (const locale of ['en', 'pt-BR']) {
    it(`has no word about them in ${locale}, whatever happens`, async () => {
      const provider = await startProvider();
      const settings = { LAB: 'off', PUBLIC_URL: 'https://weather.example', OPEN_METEO_URL: provider.url, ERROR_TTL: '1ms' };
      const check = (words, when) => assert.equal(LAB.exec(words)?.[0], undefined, when);
      try {
        await withService(settings, (own) => withPage({ locale, expectErrors: [FAILED_REQUEST] }, async (page) => {
          const ask = async (lat, shown) => {
            await page.fill('#lat', lat);
            await page.click('#ask-form [type=submit]');
            await page.waitForSelector(`${shown}:not([hidden])`);
            await page.waitForSelector('#answer:not([aria-busy])');
            check(await wordsOf(page), `after ${lat}`);
          };
          await page.waitForFunction(() => document.getElementById('stats-state').textContent !== '');
          check(await wordsOf(page), 'at the start');
          assert.match(await page.title(), /^weather-cache: /);
          await ask('1.5', '#result');
          await ask('abc', '#problem');
          provider.answer = { status: 500 };
          await ask('2.5', '#problem');
          const html = await (await fetch(`${own.url}/?lang=${locale}`)).text();
          check(html.slice(0, html.indexOf('</head>')).replaceAll(/\/assets\/[^"]+/g, ''), 'the head');
          assert.match(html, /<meta name="twitter:card" content="summary">/);
          await page.goto(`${own.url}/nowhere`);
          check(await wordsOf(page), 'an unknown path');
        }, own.url));
      } finally {
        await provider.stop();
      }
    });
  }
});

describe('a page that says what went wrong', () => {
  it('explains a kind of problem in both languages', async () => {
    for (const [locale, words] of [['en', 'did not answer in time'], ['pt-BR', 'não respondeu a tempo']]) {
      await withPage({ locale, path: '/problems/provider-timeout' }, async (page) => {
        assert.ok((await text(page, 'h1')).includes(words));
        await assertAccessible(page, locale);
      });
    }
  });

  it('names the problem first, on a phone too, with ways out', async () => {
    for (const locale of ['en', 'pt-BR']) {
      for (const path of ['/nowhere', '/problems/bad-parameter', '/assets/none.css']) {
        await withPage({ locale, path, viewport: { width: 320, height: 640 }, expectErrors: [FAILED_REQUEST] }, async (page) => {
          const title = await page.locator('h1').boundingBox();
          assert.ok(title.y + title.height < 300, `${path} in ${locale}: the title ends at ${title.y + title.height} px`);
          assert.ok(await page.isVisible('.brand svg'));
          await assertFits(page, path);
          await assertAccessible(page, `${path} in ${locale}`);
          assert.equal((await fetch(new URL(await page.getAttribute('a[href="/openapi.json"]', 'href'), page.url()))).status, 200);
          await page.click('main a.button');
          assert.equal(new URL(page.url()).pathname, '/');
        });
      }
    }
  });

  it('keeps its kind when the language changes, and has an example that works', () => withPage({ path: '/problems/bad-parameter' }, async (page) => {
    assert.doesNotMatch(await text(page, 'main'), /marked/);
    await page.click('[hreflang="pt-BR"]');
    assert.equal(await page.getAttribute('html', 'lang'), 'pt-BR');
    assert.match(await text(page, 'h1'), /parâmetro/);
    const example = await page.getAttribute('main a:has(code)', 'href');
    assert.match(example, /^\/weather\?lat=/);
    const answer = await get(`${example}&mock=true`, { Accept: 'application/json' });
    assert.equal(answer.status, 200);
  }));
});

describe('a link to the page', () => {
  const meta = (html, name) => new RegExp(`<meta (?:property|name)="${name}" content="([^"]*)"`).exec(html)?.[1];
  it('has a preview if the page knows its address', () => withService({ PUBLIC_URL: 'https://weather.example/' }, async (own) => {
    for (const [query, locale] of [['', 'en'], ['?lang=pt-BR', 'pt-BR']]) {
      const html = await (await fetch(`${own.url}/${query}`)).text();
      assert.match(html, new RegExp(`<html lang="${locale}"`));
      assert.ok(html.includes(`<link rel="canonical" href="https://weather.example/${query}">`));
      for (const name of ['og:title', 'og:description', 'og:image:alt', 'twitter:card']) assert.ok(meta(html, name), name);
      const image = new URL(meta(html, 'og:image'));
      assert.equal(image.origin, 'https://weather.example');
      const answer = await fetch(own.url + image.pathname);
      assert.equal(answer.headers.get('content-type'), 'image/png');
      assert.equal(answer.headers.get('cross-origin-resource-policy'), 'cross-origin');
      const picture = Buffer.from(await answer.arrayBuffer());
      assert.deepEqual([picture.readUInt32BE(16), picture.readUInt32BE(20)], [1200, 630]);
      assert.deepEqual([meta(html, 'og:image:width'), meta(html, 'og:image:height')], ['1200', '630']);
    }
  }));

  it('has none where the page does not', async () => assert.doesNotMatch(await (await get('/')).text(), /og:|canonical/));
});
