// The page in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { makeI18n } from '../../web/i18n.js';
import { laneSummary, ratios } from '../../web/lanes.js';
import { askTheMock, assertAccessible, assertFits, battle, exported, openPage, startBrowser, startProvider, startRedis, startService, text, until } from './support.mjs';

let browser;
let redis;
let service; // with everything enabled
before(async () => {
  browser = await startBrowser();
  redis = await startRedis();
  service = await startService({ REDIS_URL: redis.url, MOCK_DELAY: '200ms' });
});
after(async () => {
  await browser?.close();
  await service?.stop();
  await redis?.stop();
});

// Runs `test` with a page, and checks that the page did nothing forbidden.
async function withPage(options, test, url = service.url) {
  const opened = await openPage(browser, url, options);
  try {
    await test(opened.page);
  } catch (error) {
    await opened.context.close();
    throw error;
  }
  await opened.close();
}

async function withService(settings, test) {
  const own = await startService(settings);
  try {
    await test(own);
  } finally {
    await own.stop();
  }
}

const status = (page) => text(page, '#battle-status');
const laneNumber = (page, lane, name) => text(page, `[data-lane=${lane}] [data-stat=${name}]`);
const FAILED_REQUEST = /Failed to load resource/; // the browser's own message about an error that the test provokes

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
    assert.equal(await page.isVisible('#battle noscript .notice'), true);
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
      await until(async () => /%|–/.test(await text(page, '[data-stat=ratio]')), 'the statistics');
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
      await withService({ OPEN_METEO_URL: provider.url, CACHE_TTL: '1s', CACHE_EARLY: '1' }, (own) => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
        const ask = async () => {
          await page.click('#ask-form button');
          await page.waitForSelector('#answer:not([aria-busy])');
        };
        await ask();
        assert.match(await text(page, '#source'), /Open-Meteo API \(Slow\)/);
        assert.equal(await text(page, '#temperature'), '4.2');
        assert.match(await text(page, '#value-of'), /2024-11-23T18:15 GMT/);
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
    assert.match(html, /id="problem-said" hidden/);
    assert.match(html, /Check the address/);
    assert.doesNotMatch(html, /detail of the answer/);
  });
});

describe('a battle', () => {
  it('of all lanes shows what it measured, to the digit, and announces itself', () => withPage({}, async (page) => {
    await page.evaluate(() => {
      globalThis.announced = [];
      new MutationObserver(() => globalThis.announced.push(document.getElementById('battle-status').textContent)).observe(document.getElementById('battle-status'), { childList: true, characterData: true, subtree: true });
    });
    const statsBefore = [];
    page.on('request', (request) => { if (request.url().endsWith('/stats')) statsBefore.push(Date.now()); });
    const began = Date.now();
    await battle(page, '#battle-all');
    const took = Date.now() - began;
    assert.ok(took < 12_000, `${took} ms`);
    // During the battle the page does not ask for the statistics (one request may have been under way).
    assert.ok(statsBefore.filter((when) => when > began + 300 && when < began + took - 300).length === 0, 'the page asked for statistics during the battle');

    const result = JSON.parse(await exported(page));
    const i18n = makeI18n('en', {});
    for (const lane of ['slow', 'redis', 'memory']) {
      const samples = result.samples.filter((sample) => sample.lane === lane);
      assert.equal(samples.length, 20);
      assert.deepEqual(samples.filter((sample) => sample.problem !== null), [], `${lane} has wrong answers`);
      assert.deepEqual(samples.filter((sample) => sample.clock !== 'resource-timing'), []);
      const summary = laneSummary(samples);
      for (const name of ['p50', 'mean', 'p90', 'p99', 'max', 'network', 'service']) assert.equal(await laneNumber(page, lane, name), i18n.ms(summary[name]), `${lane} ${name}`);
      assert.equal(await laneNumber(page, lane, 'rate'), i18n.number(summary.rate));
      assert.deepEqual(result.summary[lane], JSON.parse(JSON.stringify(summary)));
      assert.equal(await page.locator(`[data-lane=${lane}] [data-stat=p99].few`).count(), 1, 'p99 of 20 is greyed');
      assert.equal(await page.locator(`#chart .dots .lane-${lane}`).count(), 20);
      assert.ok(await page.locator(`#chart .bars .lane-${lane}`).count() > 0);
    }
    // Each dot is placed at the time at which its request was sent.
    const places = await page.locator('#chart .dots use').evaluateAll((dots) => dots.map((dot) => Number(dot.getAttribute('x'))));
    const { samples } = result;
    const last = samples.reduce((a, b) => (b.start > a.start ? b : a));
    const perMs = (places[samples.indexOf(last)] - places[0]) / (last.start - samples[0].start);
    samples.forEach(({ start }, i) => {
      const expected = places[0] + (start - samples[0].start) * perMs;
      assert.ok(Math.abs(places[i] - expected) < 0.01, `dot ${i} at ${places[i]}, not ${expected}`);
    });
    assert.equal(result.clock.crossOriginIsolated, true);
    assert.ok(result.clock.stepMs > 0 && result.clock.stepMs <= 0.1, `${result.clock.stepMs} ms`);
    assert.match(await text(page, '#clock-note'), /isolated/);
    for (const [lane, { ratio, low, high }] of Object.entries(ratios(result.samples, { seed: result.clock.seed }))) {
      const card = await text(page, `#verdict .lane-${lane}`);
      for (const shown of [ratio, low, high]) assert.ok(card.includes(i18n.number(shown)), `${card}: ${shown}`);
      assert.ok(low > 5, `${lane} is much faster: ${low}`);
    }
    assert.match(await status(page), /^Done\. Without cache: median .* With cache: memory: median/);
    const announced = await page.evaluate(() => globalThis.announced);
    assert.match(announced[0], /^Started: 60 requests/);
    for (const part of ['25 %', '50 %', '75 %']) assert.ok(announced.some((words) => words.startsWith(part)), part);
    assert.equal(announced.length, 5, announced.join('\n'));
    assert.match(await text(page, '[data-lane=slow]'), /200 ms is the setting MOCK_DELAY, not a measurement/);
    assert.equal(await page.locator('#samples tbody tr').count(), 60);
    const csv = await exported(page, '#copy-csv');
    assert.equal(csv.trim().split('\r\n').length, 61);
    await assertAccessible(page, 'after a battle');
  }));

  it('of one lane can be run alone, six at a time, and again', () => withPage({}, async (page) => {
    await battle(page, '[data-run=slow]', { parallel: 6 });
    const result = JSON.parse(await exported(page));
    assert.equal(result.samples.length, 20);
    for (const sample of result.samples) assert.ok(sample.duration >= 199, `${sample.duration} ms`);
    const { p50, network } = laneSummary(result.samples);
    assert.ok(p50 <= (200 + network) * 1.15, `median ${p50} ms, of which ${network} ms are not the service's`);
    assert.equal(await page.isVisible('#verdict'), false);
    await battle(page, '[data-run=memory]', { n: 100 });
    assert.equal(JSON.parse(await exported(page)).samples.length, 100);
    assert.equal(await page.locator('[data-lane=memory] .few').count(), 0);
    await battle(page, '[data-run=redis]', { n: 50, parallel: 3 });
    assert.match(await text(page, '[data-lane=redis] .wrong'), /no errors/);
  }));

  it('is not slowed down by a browser whose cache is switched off', () => withPage({ extraHTTPHeaders: { 'Cache-Control': 'no-cache', Pragma: 'no-cache' } }, async (page) => {
    await battle(page, '[data-run=memory]', { n: 50 });
    const { samples } = JSON.parse(await exported(page));
    assert.deepEqual(samples.filter((sample) => sample.problem !== null), []);
    assert.ok(laneSummary(samples).p50 < 100);
  }));

  it('can be stopped on its way, keeps what it has, and can be run again', () => withPage({}, async (page) => {
    await page.click('#battle-all');
    await page.waitForFunction(() => document.querySelector('[data-lane=slow] progress').value >= 3);
    await page.click('#battle-stop');
    await page.waitForSelector('#battle:not(.running)');
    assert.match(await status(page), /^Stopped\./);
    const result = JSON.parse(await exported(page));
    assert.equal(result.stopped, true);
    assert.ok(result.samples.length >= 9 && result.samples.length < 30, String(result.samples.length));
    assert.equal(await page.evaluate(() => document.activeElement.id), 'copy-json');
    // The results are too few for an interval of the median, unless this machine was slow to press Stop.
    const few = (lane) => result.summary[lane].count < 6;
    for (const lane of ['slow', 'memory']) assert.equal(await page.locator(`[data-lane=${lane}] [data-stat=p50].few`).count(), few(lane) ? 1 : 0, lane);
    if (few('slow')) {
      assert.match(await text(page, '#verdict .lane-memory.few'), /too few answers for an interval: each lane needs 6/);
      assert.equal(result.ratios.memory.low, null);
      await assertAccessible(page, 'too few for an interval');
    }
    await battle(page, '[data-run=memory]');
    assert.match(await status(page), /^Done\./);
  }));

  it('shows a service that dies on the way as errors, not as latencies', () => withService({ MOCK_DELAY: '100ms' }, (own) => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await page.click('#battle-all');
    await page.waitForFunction(() => document.querySelector('[data-lane=slow] progress').value >= 3);
    await own.stop();
    await page.waitForSelector('#battle:not(.running)');
    for (const lane of ['slow', 'memory']) assert.match(await text(page, `[data-lane=${lane}] .wrong`), /\d+ without an answer: connection failed/);
    const { samples, summary } = JSON.parse(await exported(page));
    const errors = samples.filter((sample) => sample.problem === 'network');
    assert.ok(errors.length > 0 && errors.every((sample) => sample.duration === null));
    assert.equal(summary.slow.count + summary.slow.errors, 20);
    assert.ok(await page.locator('#chart .dots .error').count() === errors.length);
    await assertAccessible(page, 'after a battle that failed');
  }, own.url)));

  it('marks answers that came from an unexpected source', () => withService({ MEMORY_LIMIT: '0', MOCK_DELAY: '20ms' }, (own) => withPage({}, async (page) => {
    assert.equal(await page.getAttribute('#stop-memory', 'data-state'), 'off');
    await askTheMock(page);
    assert.match(await text(page, '#path-text'), /^Memory: not in use\. /);
    await battle(page, '[data-run=memory]');
    assert.match(await text(page, '[data-lane=memory] .wrong'), /20 from an unexpected source: MISS/);
    assert.equal(await page.locator('#chart .dots .wrong').count(), 20);
    await assertAccessible(page, 'unexpected answers');
  }, own.url)));

  it('without a Redis greys its lane, says why, and runs with the others', () => withService({ MOCK_DELAY: '20ms' }, (own) => withPage({}, async (page) => {
    assert.equal(await page.isDisabled('[data-run=redis]'), true);
    assert.match(await text(page, '[data-lane=redis]'), /No Redis is configured/);
    await battle(page, '#battle-all', { parallel: 2 });
    assert.match(await status(page), /^Done/);
    assert.equal(await page.locator('#verdict .ratio').count(), 1);
  }, own.url)));
});

describe('a stampede', () => {
  it('of 100 callers costs one call instead of 100, every time', () => withPage({}, async (page) => {
    for (let press = 0; press < 2; ++press) {
      await page.click('#stampede-run');
      await page.waitForFunction(() => document.getElementById('stampede-run').hasAttribute('aria-disabled'));
      await page.waitForFunction(() => !document.getElementById('stampede-run').hasAttribute('aria-disabled'));
      assert.equal(await text(page, '[data-herd=collapsed] [data-part=calls]'), '1');
      assert.equal(await text(page, '[data-herd=bypass] [data-part=calls]'), '100');
      assert.equal(await text(page, '#stampede-status'), '1 provider call instead of 100.');
    }
    assert.equal(await page.locator('[data-herd=collapsed] .call').count(), 1);
    await assertAccessible(page, 'after a stampede');
  }));

  it('has its limits: the mock only, one at a time, 1 to 200 callers, POST', async () => {
    const post = (query) => fetch(`${service.url}/lab/stampede${query}`, { method: 'POST' });
    const [first, second] = await Promise.all([post('?n=200'), post('?n=200')]);
    assert.deepEqual([first.status, second.status].sort(), [200, 429]);
    assert.ok((first.status === 429 ? first : second).headers.get('Retry-After'));
    const result = await (first.status === 200 ? first : second).json();
    assert.equal(result.callers, 200);
    assert.equal(result.question.mock, true);
    for (const herd of [result.collapsed, result.bypass]) assert.deepEqual([herd.answers, herd.errors], [200, 0]);
    assert.deepEqual([result.collapsed.provider_calls, result.bypass.provider_calls], [1, 200]);
    assert.equal((await (await post('')).json()).callers, 100);
    for (const query of ['?n=0', '?n=201', '?n=x', '?n=1&n=2']) assert.equal((await post(query)).status, 400, query);
    assert.equal((await fetch(`${service.url}/lab/stampede?n=1`)).status, 405);
  });

  it('answers others meanwhile', async () => {
    const running = fetch(`${service.url}/lab/stampede?n=200`, { method: 'POST' });
    const began = Date.now();
    assert.equal((await fetch(`${service.url}/health/live`)).status, 200);
    assert.ok(Date.now() - began < 150);
    assert.equal((await running).status, 200);
  });
});

describe('what the cache is doing', () => {
  it('comes from /stats, and rests while the tab is hidden', () => withPage({}, async (page) => {
    await until(async () => /%|–/.test(await text(page, '[data-stat=ratio]')), 'the hit ratio');
    const stats = await (await fetch(`${service.url}/stats`)).json();
    assert.equal(await text(page, '[data-stat=redis]'), stats.redis.state);
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    let asked = 0;
    page.on('request', (request) => { asked += request.url().endsWith('/stats'); });
    await page.clock.install().catch(() => {});
    await page.waitForTimeout(2500); // longer than its interval: it must not ask
    assert.equal(asked, 0);
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => false });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await until(() => asked > 0, 'the statistics to go on');
  }));
});

describe('the numbers of the cache', () => {
  it('are told with the sum that the ratio is of', () => withPage({}, async (page) => {
    const stats = await (await fetch(`${service.url}/stats`)).json();
    const shown = { ...stats, hits: 3, lookups: 12, hit_ratio: 0.25, requests: { ...stats.requests, hit_memory: 3, hit_redis: 0, stale: 0, miss: 1, collapsed: 2, lease: 2, error: 4, invalid: 50 } };
    await page.route('**/stats', (route) => route.fulfill({ json: shown }));
    await until(async () => (await text(page, '[data-stat=ratio]')) === '25 %', 'the ratio');
    assert.equal(await text(page, '[data-stat=ratio-note]'), '3 of 12 answers came from a copy');
  }));
});

describe('everybody', () => {
  const views = [{ width: 320, height: 640 }, { width: 768, height: 1024 }, { width: 1280, height: 900 }, { width: 3840, height: 2160 }];
  for (const locale of ['en', 'pt-BR']) {
    for (const colorScheme of ['light', 'dark']) {
      it(`can use every part in ${locale}, ${colorScheme}, from 320 px to 4K`, () => withPage({ locale, colorScheme, viewport: views[0] }, async (page) => {
        assert.equal(await page.getAttribute('html', 'lang'), locale);
        for (const view of views) {
          await page.setViewportSize(view);
          await assertFits(page, `${view.width} px, before`);
        }
        await assertAccessible(page, 'before anything');
        await page.setViewportSize(views[0]);
        await askTheMock(page);
        await page.click('#stampede-run');
        await page.waitForSelector('#herds:not([hidden])');
        await battle(page, '[data-run=memory]');
        await page.click('#chart-figure summary');
        for (const view of views) {
          await page.setViewportSize(view);
          await assertFits(page, `${view.width} px, after`);
        }
        await assertAccessible(page, 'after everything, wide');
        await page.setViewportSize(views[0]);
        await assertAccessible(page, 'after everything, narrow');
      }));
    }
    it(`can use the form without JavaScript in ${locale}, and change the language`, () => withPage({ locale, javaScriptEnabled: false, viewport: views[0] }, async (page) => {
      await page.check('#mock');
      await page.click('#ask-form button');
      assert.match(await text(page, '#result h3'), /HIT|MISS/);
      const other = locale === 'en' ? 'pt-BR' : 'en';
      await page.click(`[data-lang="${other}"]`);
      assert.equal(await page.getAttribute('html', 'lang'), other);
      assert.match(await text(page, '#result h3'), /HIT|MISS/);
      await page.click('#ask-form button');
      assert.equal(await page.getAttribute('html', 'lang'), other, 'the choice stays with the form');
    }));
  }

  it('can run a battle with the keyboard alone and hear its result in Portuguese', () => withPage({ locale: 'pt-BR' }, async (page) => {
    const tabTo = async (id) => {
      for (let i = 0; i < 60; ++i) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate(() => document.activeElement.id || document.activeElement.className)) === id) return;
      }
      assert.fail(`Tab does not reach ${id}`);
    };
    await tabTo('skip');
    assert.equal(await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0), true, 'the skip link shows');
    await page.keyboard.press('Enter');
    await tabTo('lat');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('33.25');
    await tabTo('mock');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#result:not([hidden])');
    assert.equal(await text(page, '#ask-form button'), 'Consultar (Manual)');
    await tabTo('battle-all');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#battle.running');
    assert.equal(await text(page, '#battle-all'), 'Rodando...');
    await tabTo('battle-stop');
    await page.waitForFunction(() => document.querySelector('[data-lane=slow] progress').value >= 2);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#battle:not(.running)');
    assert.match(await status(page), /^Parado\. Sem Cache: mediana \d/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'battle-all', 'the focus was lost');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#battle.running');
    await page.waitForSelector('#battle:not(.running)', { timeout: 60_000 });
    assert.match(await status(page), /^Pronto\. Sem Cache: mediana \d.*Com Cache: memória: mediana \d/);
    assert.match(await text(page, '#verdict'), /vezes mais rápido que sem cache/);
  }));

  it('sees nothing move who asks for that', () => withPage({ reducedMotion: 'reduce' }, async (page) => {
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((each) => {
      const style = getComputedStyle(each);
      return style.transitionDuration !== '0s' || style.animationName !== 'none';
    }).length);
    assert.equal(moving, 0);
  }));
});

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
