// Asking for the weather, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FAILED_REQUEST, redis, service, withPage, withService } from './setting.mjs';
import { askTheMock, assertAccessible, exported, startProvider, statistics, text, until } from './support.mjs';

describe('asking', () => {
  it('twice shows a MISS with the turtle, then a HIT with the bolt', () => withPage({}, async (page) => {
    await page.fill('#lat', '10.25');
    await askTheMock(page);
    assert.match(await text(page, '#result h3'), /MISS/);
    assert.equal(await page.getAttribute('#mark-icon', 'href'), '#turtle');
    assert.match(await text(page, '#source'), /Mock API \(Slow\)/);
    assert.equal(await page.getAttribute('#stop-provider', 'data-state'), 'answered');
    assert.equal(await page.getAttribute('#stop-redis', 'data-state'), 'passed');
    await askTheMock(page);
    await page.waitForFunction(() => document.getElementById('result').dataset.mark === 'hit');
    assert.equal(await page.getAttribute('#mark-icon', 'href'), '#bolt');
    assert.match(await text(page, '#source'), /Memory Cache/);
    assert.equal(await page.getAttribute('#stop-memory', 'data-state'), 'answered');
    assert.equal(await page.getAttribute('#stop-provider', 'data-state'), 'skipped');
    assert.match(await text(page, '#path-text'), /Your browser waited .* in our service/);
    assert.match(await page.textContent('#ask-status'), /^HIT from Memory Cache/);
    assert.match(await text(page, '#temperature'), /^25\.0$/);
  }));

  it('works without JavaScript, with the browser’s own cache on', () => withPage({ javaScriptEnabled: false }, async (page) => {
    await page.fill('#lat', '11.25');
    await page.check('#mock');
    await page.click('#ask-form button');
    assert.match(await text(page, '#result h3'), /MISS/);
    assert.equal(await page.getAttribute('#mark-icon', 'href'), '#turtle');
    assert.match(await page.textContent('#stop-provider [data-part=time]'), /ms/);
    await page.click('#ask-form button');
    assert.match(await text(page, '#result h3'), /HIT/);
    assert.equal(await page.getAttribute('#mark-icon', 'href'), '#bolt');
    assert.equal(await page.inputValue('#lat'), '11.25');
    const { y } = await page.locator('#took').boundingBox();
    assert.ok(y >= 0 && y < 900, `the answer is at ${y} px`);
    const top = async (locator) => (await locator.boundingBox()).y;
    const form = await top(page.locator('#ask-form'));
    for (const [part, place, where] of [['battle', -1, /^The battle measures in your browser.* form below /], ['stampede', 1, /^The stampede runs in the service.* form above /]]) {
      assert.match(await text(page, `#${part} noscript .notice`), where);
      assert.equal(Math.sign((await top(page.locator(`#${part} noscript .notice`))) - form), place);
    }
    assert.equal(await page.isVisible('#battle-all'), false);
  }));

  // axe is itself a script, so this builds the page as a browser without scripts shows it: without our scripts, with
  // the content of <noscript>.
  it('without JavaScript is accessible, with an answer, a fault and without either', () => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await page.route((url) => !url.pathname.startsWith('/assets/'), async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(/<script[^>]*><\/script>|<link rel="modulepreload"[^>]*>/g, '').replace(/<(\/?)noscript>/g, '<$1div>');
      await route.fulfill({ response, body });
    });
    for (const lang of ['en', 'pt-BR']) {
      for (const path of ['/', '/weather?lat=11.5&lon=1&mock=true&format=html', '/weather?lat=91&format=html', '/problems/provider-timeout']) {
        await page.goto(`${service.url}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
        assert.equal(await page.locator('script, noscript').count(), 0);
        await assertAccessible(page, `${path} in ${lang}`);
      }
    }
  }));

  it('explains a fault next to its field, in both languages, with and without JavaScript', async () => {
    const words = { en: /between -90 and 90/, 'pt-BR': /entre -90 e 90/ };
    const other = { en: /is not a decimal number/, 'pt-BR': /não é um número decimal/ };
    for (const locale of ['en', 'pt-BR']) {
      for (const javaScriptEnabled of [true, false]) {
        await withPage({ locale, javaScriptEnabled, expectErrors: [FAILED_REQUEST] }, async (page) => {
          await page.fill('#lat', '91');
          await page.fill('#lon', 'east');
          await page.click('#ask-form button');
          await page.waitForSelector('#problem:not([hidden])');
          assert.match(await text(page, '#lat-fault'), words[locale]);
          assert.match(await text(page, '#lon-fault'), other[locale]);
          assert.equal(await page.getAttribute('#lat', 'aria-invalid'), 'true');
          assert.match(await page.getAttribute('#lat', 'aria-describedby'), /lat-fault/);
          assert.match(await text(page, '#problem-title'), /^400/);
          assert.equal(await page.inputValue('#lon'), 'east');
          if (javaScriptEnabled) {
            assert.equal(await page.evaluate(() => document.activeElement.id), 'lat');
            await assertAccessible(page, `faults in ${locale}`);
          }
        });
      }
    }
  });

  const typed = [['-23,55', '-46,63', '-23.55', '-46.63'], ['−23.55', '13.41', '-23.55', '13.41'], ['-23.5505, -46.6333', '13.41', '-23.5505', '-46.6333'], ['-23,5505; -46,6333', '', '-23.5505', '-46.6333'], ['52.52°', '13,41°', '52.52', '13.41']];
  for (const javaScriptEnabled of [true, false]) {
    it(`takes coordinates as people write them ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, () => withPage({ locale: 'pt-BR', javaScriptEnabled }, async (page) => {
      await page.check('#mock');
      for (const [lat, lon, ...read] of typed) {
        await page.fill('#lon', lon);
        await page.fill('#lat', lat);
        await page.click('#ask-form button[type=submit]');
        if (javaScriptEnabled) await page.waitForSelector('#answer:not([aria-busy])');
        assert.equal(await text(page, '#place'), read.join(', '), lat);
        assert.deepEqual([await page.inputValue('#lat'), await page.inputValue('#lon')], read);
        assert.equal(new URL(page.url()).searchParams.get('lat'), read[0]);
        assert.equal(await page.isVisible('#problem'), false);
      }
    }));
  }

  it('fills both fields from a pair that is pasted into the first', () => withPage({}, async (page) => {
    await page.fill('#lat', '-23.5505, -46.6333');
    await page.focus('#lon');
    assert.deepEqual([await page.inputValue('#lat'), await page.inputValue('#lon')], ['-23.5505', '-46.6333']);
  }));

  it('shows the time as the big number, and keeps the last answers to compare', () => withPage({}, async (page) => {
    await page.fill('#lat', '14.25');
    await askTheMock(page);
    const slow = Number(await text(page, '#took'));
    assert.ok(slow >= 200 && slow < 5000, String(slow));
    assert.equal(await text(page, '#took-what'), 'your browser waited');
    assert.equal(await text(page, '#strip-words'), 'No copy has answered for this place yet. Ask again.');
    assert.equal(await page.isVisible('#strip-ratio'), false);
    await page.click('#ask-form button');
    await page.waitForFunction(() => document.getElementById('result').dataset.mark === 'hit');
    const fast = Number(await text(page, '#took'));
    assert.ok(fast < slow / 2, `${fast} and ${slow}`);
    assert.match(await text(page, '#strip-ratio'), /^\d[\d,.]*×$/);
    assert.match(await page.textContent('#ask-status'), /× as fast with the copy/);
    assert.deepEqual(await page.locator('#strip-answers li').evaluateAll((items) => items.map((item) => item.dataset.mark)), ['miss', 'hit']);
    assert.match(await page.textContent('#strip-answers'), /MISS .* ms.*HIT .* ms/);
    for (let i = 0; i < 5; ++i) {
      await page.click('#ask-form button');
      await page.waitForSelector('#answer:not([aria-busy])');
    }
    assert.equal(await page.locator('#strip-answers li').count(), 5);
    assert.equal(await page.getAttribute('#strip-answers', 'start'), '3');
    await assertAccessible(page, 'with a strip');
    await page.reload();
    assert.equal(await page.isVisible('#strip'), false);
  }));

  for (const [name, viewport, moves] of [['a phone', { width: 390, height: 844 }, true], ['a laptop', { width: 1366, height: 768 }, false]]) {
    for (const locale of ['en', 'pt-BR']) {
      it(`shows the comparison after the second press on ${name} (${locale})`, () => withPage({ viewport, locale }, async (page) => {
        await page.fill('#lat', moves ? (locale === 'en' ? '17.25' : '17.5') : (locale === 'en' ? '18.25' : '18.5'));
        await page.check('#mock');
        await page.locator('#ask-form').evaluate((form) => form.scrollIntoView({ block: 'center' }));
        const before = await page.evaluate(() => scrollY);
        await askTheMock(page);
        await askTheMock(page);
        assert.match(await text(page, '#strip-said'), /×/);
        for (const part of ['#took', '#strip', '#ask-form button']) {
          const { y, height } = await page.locator(part).boundingBox();
          assert.ok(y >= 0 && y + height <= viewport.height, `${part} is at ${y} px`);
        }
        assert.equal((await page.evaluate(() => scrollY)) !== before, moves);
      }));
    }
  }

  it('asks for a place by its name at once, and for a new one from the mock', () => withPage({ locale: 'pt-BR' }, async (page) => {
    assert.deepEqual([await page.inputValue('#lat'), await page.inputValue('#lon')], ['-23.5505', '-46.6333']);
    assert.equal(await text(page, '.chips li:first-child'), 'São Paulo');
    await page.check('#mock');
    await page.click('.chip >> text=Tóquio');
    await page.waitForSelector('#result:not([hidden])');
    assert.equal(await text(page, '#place'), '35.6762, 139.6503');
    assert.equal(await text(page, '#source'), 'API simulada (lenta) 🐢');
    await page.uncheck('#mock');
    const seen = new Set();
    for (let i = 0; i < 3; ++i) {
      await page.click('#new-place');
      await page.waitForSelector('#answer[aria-busy]');
      await page.waitForSelector('#answer:not([aria-busy])');
      assert.equal(await page.getAttribute('#result', 'data-mark'), 'miss');
      assert.equal(await page.isChecked('#mock'), true, 'the provider is not asked for a place that nobody means');
      seen.add(await text(page, '#place'));
    }
    assert.equal(seen.size, 3);
  }));

  it('asks for a place by its name without JavaScript', () => withPage({ javaScriptEnabled: false, path: '/weather?lat=1.75&lon=1&mock=true' }, async (page) => {
    assert.equal(await page.isVisible('#new-place'), false);
    assert.equal(await page.isVisible('#my-place'), false);
    await page.click('.chip >> text=Lisbon');
    assert.equal(await text(page, '#place'), '38.7223, -9.1393');
    assert.equal(await page.isChecked('#mock'), true);
    assert.equal(await text(page, '#took-what'), 'in our service');
    assert.ok(Number(await text(page, '#took')) > 0);
  }));

  it('for the visitor’s position rounds it, and says so where there is none', () => withPage({ geolocation: { latitude: 48.858844, longitude: 2.294351 }, permissions: ['geolocation'] }, async (page) => {
    await page.check('#mock');
    await page.click('#my-place');
    await page.waitForSelector('#result:not([hidden])');
    assert.equal(await text(page, '#place'), '48.86, 2.29');
    await page.context().clearPermissions();
    await page.click('#my-place');
    await until(async () => (await text(page, '#place-status')) === 'Your browser did not give its position.', 'the refusal');
    await assertAccessible(page, 'without a position');
  }));

  it('shows the life of an answer as a ring that runs out', () => withService({ CACHE_TTL: '2s', MOCK_DELAY: '10ms' }, (own) => withPage({}, async (page) => {
    assert.match(await text(page, '#mock-hint'), /forgotten after 2 s\./);
    await askTheMock(page);
    const offset = async () => Number(await page.getAttribute('#ring', 'stroke-dashoffset'));
    assert.ok((await offset()) < 100);
    await until(async () => (await offset()) === 100, 'the ring to be empty');
    assert.match(await text(page, '#left'), /^expired/);
  }, own.url)));

  it('that failed is drawn as far as it got, with and without JavaScript', async () => {
    const provider = await startProvider();
    provider.answer = { status: 500, body: { error: true, reason: 'oh' } };
    try {
      await withService({ OPEN_METEO_URL: provider.url, ERROR_TTL: '30s', REDIS_URL: redis.url }, async (own) => {
        for (const javaScriptEnabled of [true, false]) {
          await withPage({ javaScriptEnabled, expectErrors: [FAILED_REQUEST] }, async (page) => {
            const states = () => page.locator('.stop:not([data-state=you])').evaluateAll((stops) => stops.map((stop) => stop.dataset.state).join(' '));
            await page.fill('#lat', javaScriptEnabled ? '15.5' : '16.5');
            await page.click('#ask-form button');
            await until(async () => (await states()) === 'passed passed failed', 'the failure to be drawn');
            assert.match(await text(page, '#path-text'), /Memory: had nothing fresh\. Redis: had nothing fresh\. Open-Meteo \(provider\): failed/);
            assert.equal(/ms/.test(await page.textContent('#path-total')), javaScriptEnabled, 'the browser’s own time');
            if (javaScriptEnabled) await assertAccessible(page, 'a failed question');
            await page.click('#ask-form button');
            await until(async () => (await states()) === 'passed skipped spared', 'the error that is remembered');
            await page.fill('#lat', '91');
            await page.click('#ask-form button');
            await until(async () => (await states()) === 'idle idle idle', 'the drawing to be cleared');
            assert.equal(await text(page, '#path-text'), 'Nothing was asked: the question has a mistake.');
          }, own.url);
        }
      });
    } finally {
      await provider.stop();
    }
  });

  it('does not run what somebody puts into the question', () => withPage({ path: '/weather?lat=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&lon=%3Cimg%20src=x%20onerror=alert(1)%3E', expectErrors: [FAILED_REQUEST] }, async (page) => {
    assert.equal(await page.inputValue('#lat'), '"><script>alert(1)</script>');
    assert.equal(await page.locator('img').count(), 0);
  }));

  it('of a provider that cannot be reached offers the mock, which then answers', () => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await page.fill('#lat', '12.5');
    await page.click('#ask-form button');
    await page.waitForSelector('#problem:not([hidden])');
    assert.match(await text(page, '#problem-title'), /^502 · The weather provider could not be reached/);
    await assertAccessible(page, 'provider unreachable');
    await page.click('#mock-offer');
    await page.waitForSelector('#result:not([hidden])');
    assert.match(await text(page, '#source'), /Mock/);
  }));

  it('of a service that is gone says so', () => withService({}, (own) => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await own.stop();
    await page.click('#ask-form button');
    await page.waitForSelector('#problem:not([hidden])');
    assert.match(await text(page, '#problem-title'), /No answer from this service/);
    await until(async () => /does not answer/.test(await text(page, '#stats-state')), 'the statistics to show that the service is gone');
  }, own.url)));

  // The connection stays open and nothing comes: one second of REQUEST_TIMEOUT, and the three seconds that the page
  // adds.
  for (const [locale, words] of [['en', { title: 'No answer within 4 s', lane: /\d+ without an answer: no answer in time/, herd: 'No result: no answer in time', stats: /does not answer; these numbers are \d+ s old/ }],
    ['pt-BR', { title: 'Nenhuma resposta em 4 s', lane: /\d+ sem resposta: não respondeu a tempo/, herd: 'Sem resultado: não respondeu a tempo', stats: /não responde; estes números são de \d+ s atrás/ }]]) {
    it(`of a service that is frozen ends, everywhere on the page, and says so (${locale})`, () => withService({ REQUEST_TIMEOUT: '1s', MOCK_DELAY: '20ms' }, (own) => withPage({ locale, expectErrors: [FAILED_REQUEST] }, async (page) => {
      await statistics(page);
      own.signal('SIGSTOP');
      try {
        await page.click('#ask-form button');
        await page.click('#stampede-run');
        await page.waitForSelector('#problem:not([hidden])');
        assert.equal(await text(page, '#problem-title'), words.title);
        await until(async () => words.stats.test(await text(page, '#stats-state')), 'the statistics to show their age');
        await until(async () => (await text(page, '#stampede-status')) === words.herd, 'the stampede to end');
        await assertAccessible(page, 'frozen');
        await page.click('[data-run=memory]');
        await until(async () => words.lane.test(await text(page, '[data-lane=memory] .wrong')), 'the first request without an answer');
        await page.click('#battle-stop');
        await page.waitForSelector('#battle:not(.running)');
        await page.click('#numbers > summary');
        assert.ok(JSON.parse(await exported(page)).samples.every((sample) => sample.problem === 'timeout' && sample.duration === null));
      } finally {
        own.signal('SIGCONT');
      }
      await askTheMock(page);
    }, own.url)));
  }

  it('shows what a provider answers, its 429, its 400 and a stale copy, for what they are', async () => {
    const provider = await startProvider();
    try {
      await withService({ OPEN_METEO_URL: provider.url, CACHE_TTL: '1s', CACHE_EARLY: '1' }, (own) => withPage({ timezoneId: 'America/Sao_Paulo', expectErrors: [FAILED_REQUEST] }, async (page) => {
        const ask = async () => {
          await page.click('#ask-form button');
          await page.waitForSelector('#answer:not([aria-busy])');
        };
        await ask();
        assert.match(await text(page, '#source'), /Open-Meteo API \(Slow\)/);
        assert.equal(await text(page, '#temperature'), '4.2');
        assert.match(await text(page, '#value-of'), /^Nov 23, 2024, 3:15\sPM \([\d,]+ days ago\)$/);
        await until(async () => {
          await ask();
          return (await page.getAttribute('#result', 'data-mark')) === 'stale';
        }, 'a stale answer');
        assert.match(await text(page, '#result h3'), /STALE/);
        assert.equal(await page.getAttribute('#mark-icon', 'href'), '#clock');
        await assertAccessible(page, 'stale');

        provider.answer = { status: 429, body: { error: true, reason: 'Minutely API request limit exceeded. Please try again in one minute.' } };
        await page.fill('#lat', '48.5');
        await ask();
        assert.match(await text(page, '#problem-title'), /^429 · The weather provider’s request limit is used up/);
        assert.match(await text(page, '#problem-advice'), /Ask again in \d+ s/);
      }, own.url));
      provider.answer = { status: 400, body: { error: true, reason: 'Latitude must be in range.' } };
      await withService({ OPEN_METEO_URL: provider.url }, (own) => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
        await page.click('#ask-form button');
        await page.waitForSelector('#problem:not([hidden])');
        assert.match(await text(page, '#problem-title'), /^400 · The weather provider rejected the query/);
      }, own.url));
    } finally {
      await provider.stop();
    }
  });
});

describe('a problem', () => {
  it('is told with its detail, in the language that it is in, and with the request it was', async () => {
    const provider = await startProvider();
    provider.answer = { status: 500, body: { error: true, reason: 'oh' } };
    try {
      await withService({ OPEN_METEO_URL: provider.url, ERROR_TTL: '1ms' }, async (own) => {
        for (const [locale, label] of [['en', /^In detail:/], ['pt-BR', /^Em detalhe, em inglês:/]]) {
          for (const javaScriptEnabled of [true, false]) {
            await withPage({ locale, javaScriptEnabled, expectErrors: [FAILED_REQUEST] }, async (page) => {
              await page.click('#ask-form button');
              await page.waitForSelector('#problem:not([hidden])');
              assert.match(await text(page, '#problem-title'), /^502/);
              assert.match(await text(page, '#problem-said'), label);
              assert.equal(await text(page, '#problem-detail'), 'oh');
              assert.equal(await page.getAttribute('#problem-detail', 'lang'), 'en');
              assert.match(await text(page, '#request-id'), /^[0-9a-f-]{36}$/);
              if (javaScriptEnabled) await assertAccessible(page, `a problem in ${locale}`);
            }, own.url);
          }
        }
      });
    } finally {
      await provider.stop();
    }
  });

  it('that is somebody else’s answer is not taken for ours', () => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await page.route('**/weather?**', (route) => route.fulfill({ status: 503, contentType: 'text/html', body: '<h1>busy</h1>' }));
    await page.click('#ask-form button');
    await page.waitForSelector('#problem:not([hidden])');
    assert.equal(await text(page, '#problem-title'), '503 · This answer is not from this service');
    assert.equal(await page.isVisible('#problem-said'), false);
    assert.equal(await page.isVisible('#problem-request'), false);
  }));

  it('that is a network’s sign-in page, answered with 200, does not leave the card before it', () => withPage({}, async (page) => {
    await askTheMock(page);
    await page.route('**/weather?**', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Sign in</h1>' }));
    await page.click('#ask-form button');
    await page.waitForSelector('#problem:not([hidden])');
    assert.equal(await text(page, '#problem-title'), '200 · This answer is not from this service');
    assert.equal(await page.isVisible('#result'), false);
    assert.equal(await page.getAttribute('#answer', 'aria-busy'), null);
  }));

  it('of an address that is not there says so, and points at nothing that it does not show', async () => {
    const html = await (await fetch(`${service.url}/nowhere`, { headers: { Accept: 'text/html' } })).text();
    assert.match(html, /<h1>404 · /);
    assert.match(html, /Check the address/);
    assert.doesNotMatch(html, /detail of the answer/);
  });
});
