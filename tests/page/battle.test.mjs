// The battle, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { makeI18n } from '../../web/i18n.js';
import { laneSummary, waited } from '../../web/lanes.js';
import { ratioOfMedians } from '../../web/statistics.js';
import { FAILED_REQUEST, laneText, service, status, withPage, withService } from './setting.mjs';
import { askTheMock, assertAccessible, battle, exported, startRedis, text, until } from './support.mjs';

const LANES = ['slow', 'memory', 'redis'];
const answersOf = (page, lane) => page.evaluate((name) => Number.parseInt(document.querySelector(`[data-lane=${name}] [data-part=count]`).textContent, 10) || 0, lane);
const atLeast = (page, lane, n) => until(async () => (await answersOf(page, lane)) >= n, `${n} answers in the lane ${lane}`);
const ended = (page) => page.waitForSelector('#battle:not(.running)', { timeout: 60_000 });
// The part of a bar that is filled, of 1.
const filled = (page, lane, which = 'waited') => page.evaluate(([name, part]) => Number(/scaleX\(([\d.]+)\)/.exec(document.querySelector(`[data-lane=${name}] .bar .${part}`).style.transform)?.[1] ?? 0), [lane, which]);

describe('a battle', () => {
  it('of all lanes shows what it measured, to the digit, and announces itself', () => withPage({}, async (page) => {
    await page.evaluate(() => {
      globalThis.announced = [];
      new MutationObserver(() => globalThis.announced.push(document.getElementById('battle-status').textContent)).observe(document.getElementById('battle-status'), { childList: true });
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
    const scale = Math.max(200 * 20, ...LANES.map((lane) => waited(result.samples.filter((sample) => sample.lane === lane))));
    for (const lane of LANES) {
      const samples = result.samples.filter((sample) => sample.lane === lane);
      assert.equal(samples.length, 20);
      assert.deepEqual(samples.filter((sample) => sample.problem !== null), [], `${lane} has wrong answers`);
      assert.deepEqual(samples.filter((sample) => sample.clock !== 'resource-timing'), []);
      const summary = laneSummary(samples);
      assert.equal(await laneText(page, lane, 'p50'), i18n.ms(summary.p50));
      assert.equal(await laneText(page, lane, 'total'), `20 answers: ${i18n.span(waited(samples))}`);
      const part = waited(samples) / scale;
      assert.ok(Math.abs((await filled(page, lane)) - Math.max(0.004, part)) < 1e-3, `${lane}: the bar is not ${part} of the scale`);
      for (const name of ['p50', 'mean', 'p90', 'p99', 'max', 'network', 'service']) assert.equal(await text(page, `[data-cell=${lane}-${name}]`), i18n.ms(summary[name]), `${lane} ${name}`);
      assert.equal(await text(page, `[data-cell=${lane}-rate]`), i18n.number(summary.rate));
      assert.deepEqual(result.lanes[lane].summary, JSON.parse(JSON.stringify(summary)));
      assert.equal(await page.locator(`[data-cell=${lane}-p99].few`).count(), 1, 'p99 of 20 is greyed');
      assert.equal(await page.locator(`#chart .dots .lane-${lane}`).count(), 20);
      assert.ok(await page.locator(`#chart .bars .lane-${lane}`).count() > 0);
    }
    // In the time that the slow lane took, the others could have given many times its answers.
    const [, could] = /could have answered ([\d,]+) meanwhile/.exec(await laneText(page, 'memory', 'meanwhile'));
    const of = (lane) => result.samples.filter((sample) => sample.lane === lane);
    assert.equal(could, i18n.whole(Math.floor(waited(of('slow')) / laneSummary(of('memory')).p50)));
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
    for (const lane of ['memory', 'redis']) {
      const durations = (name) => of(name).map((sample) => sample.duration);
      const { ratio, low, high } = ratioOfMedians(durations('slow'), durations(lane), { seed: result.clock.seed });
      const card = await text(page, `#verdict .lane-${lane}`);
      for (const shown of [ratio, low, high]) assert.ok(card.includes(i18n.number(shown)), `${card}: ${shown}`);
      assert.match(card, /in turns/);
      assert.ok(low > 5, `${lane} is much faster: ${low}`);
      assert.deepEqual([result.ratios[lane].ratio, result.ratios[lane].low, result.ratios[lane].inTurns], [ratio, low, true]);
    }
    const all = await page.evaluate(() => globalThis.announced);
    const announced = all.slice(all.lastIndexOf('') + 1); // the helper empties the line before it presses the button
    assert.match(announced[0], /^Warming up/);
    assert.match(announced[1], /^60 requests are on their way/);
    assert.match(announced.at(-1), /^Done: 60 answers\. Without cache: median .* With cache: median .*Memory: [\d.,]+ times as fast/);
    for (const part of ['25', '50', '75']) assert.ok(announced.some((words) => words.startsWith(part)), part);
    assert.equal(announced.length, 6, announced.join('\n'));
    assert.match(await text(page, '#figures'), /200 ms is the setting MOCK_DELAY, not a measurement/);
    await page.click('#each-request summary');
    assert.equal(await page.locator('#samples tbody tr').count(), 60);
    const csv = await exported(page, '#copy-csv');
    assert.equal(csv.trim().split('\r\n').length, 61);
    await assertAccessible(page, 'after a battle');
  }));

  it('of one lane after another keeps the results, and each run replaces its own lane only', () => withPage({}, async (page) => {
    await battle(page, '[data-run=slow]');
    const slow = await laneText(page, 'slow', 'p50');
    assert.match(slow, /^2\d\d ms$/);
    assert.match(await text(page, '#verdict'), /Now test a lane with a cache/);
    await battle(page, '[data-run=memory]');
    assert.equal(await laneText(page, 'slow', 'p50'), slow, 'the slow lane keeps its result');
    const first = JSON.parse(await exported(page));
    assert.match(await text(page, '#verdict .lane-memory'), /×[^]*measured apart/);
    assert.equal(first.ratios.memory.inTurns, false);
    assert.equal(first.samples.length, 40);
    await battle(page, '[data-run=slow]', { n: 50, parallel: 6 });
    const second = JSON.parse(await exported(page));
    assert.equal(second.samples.filter((sample) => sample.lane === 'slow').length, 50);
    assert.notEqual(second.lanes.slow.run, first.lanes.slow.run);
    assert.deepEqual(second.lanes.memory, first.lanes.memory, 'the fast lane is as it was');
    assert.deepEqual(second.samples.filter((sample) => sample.lane === 'memory'), first.samples.filter((sample) => sample.lane === 'memory'));
    assert.equal(await page.locator('#verdict .lane-memory').count(), 1);
    await assertAccessible(page, 'lanes that ran apart');
  }));

  it('of one lane can be run alone, six at a time, and again', () => withPage({}, async (page) => {
    await battle(page, '[data-run=slow]', { parallel: 6 });
    const result = JSON.parse(await exported(page));
    assert.equal(result.samples.length, 20);
    for (const sample of result.samples) assert.ok(sample.duration >= 199, `${sample.duration} ms`);
    const { p50, network } = laneSummary(result.samples);
    assert.ok(p50 <= (200 + network) * 1.15, `median ${p50} ms, of which ${network} ms are not the service's`);
    assert.equal(await page.locator('#verdict .ratio').count(), 0);
    await battle(page, '[data-run=memory]', { n: 100 });
    assert.equal(JSON.parse(await exported(page)).lanes.memory.summary.count, 100);
    assert.equal(await page.locator('td.few[data-cell^=memory]').count(), 0);
    await battle(page, '[data-run=redis]', { n: 50, parallel: 3 });
    assert.equal(await page.isVisible('[data-lane=redis] .wrong'), false);
    assert.match(await text(page, '[data-cell=redis-how]'), /^50, 3 at a time$/);
  }));

  it('is not slowed down by a browser whose cache is switched off', () => withPage({ extraHTTPHeaders: { 'Cache-Control': 'no-cache', Pragma: 'no-cache' } }, async (page) => {
    await battle(page, '[data-run=memory]', { n: 50 });
    const { samples } = JSON.parse(await exported(page));
    assert.deepEqual(samples.filter((sample) => sample.problem !== null), []);
    assert.ok(laneSummary(samples).p50 < 100);
  }));

  it('can be stopped on its way, with the button or Escape, keeps what it has, and can be run again', () => withPage({}, async (page) => {
    await page.click('#battle-all');
    await atLeast(page, 'slow', 3);
    await page.click('#battle-stop');
    await ended(page);
    assert.match(await status(page), /^Stopped after \d+ answers\./);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'battle-all', 'the focus is not lost with the button');
    await page.click('#numbers > summary');
    const result = JSON.parse(await exported(page));
    assert.equal(result.lanes.slow.stopped, true);
    assert.ok(result.samples.length >= 9 && result.samples.length < 30, String(result.samples.length));
    // The results are too few for an interval of the median, unless this machine was slow to press Stop.
    const few = (lane) => result.lanes[lane].summary.count < 6;
    for (const lane of ['slow', 'memory']) assert.equal(await page.locator(`[data-lane=${lane}] [data-part=p50].few`).count(), few(lane) ? 1 : 0, lane);
    if (few('slow')) {
      assert.match(await text(page, '#verdict .lane-memory.unsure'), /too few answers for an interval \(each lane needs 6\)/);
      assert.equal(result.ratios.memory.low, null);
      await assertAccessible(page, 'too few for an interval');
    }
    await page.click('[data-run=slow]');
    await page.waitForSelector('#battle.running');
    await page.focus('#callers');
    await page.keyboard.press('Escape');
    await ended(page);
    assert.match(await status(page), /^Stopped/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'callers', 'Escape leaves the focus where it is');
    await battle(page, '[data-run=memory]');
    assert.match(await status(page), /^Done/);
  }));

  it('shows a service that dies on the way as errors, not as latencies', () => withService({ MOCK_DELAY: '100ms' }, (own) => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await page.click('#battle-all');
    await atLeast(page, 'slow', 3);
    await own.stop();
    await ended(page);
    await page.click('#numbers > summary');
    const { samples, lanes } = JSON.parse(await exported(page));
    const errors = samples.filter((sample) => sample.problem === 'network');
    assert.ok(errors.length > 0 && errors.every((sample) => sample.duration === null));
    assert.ok((await status(page)).startsWith(`Interrupted: ${errors.length} of 40 requests got no answer.`), await status(page));
    for (const lane of ['slow', 'memory']) {
      const lost = lanes[lane].summary.errors;
      assert.equal(lanes[lane].summary.count + lost, 20);
      assert.match(await laneText(page, lane, 'wrong'), new RegExp(`^${lost} without an answer: connection failed`));
      assert.ok(Math.abs((await filled(page, lane, 'failed')) - lost / 20) < 1e-3, 'the failed part is hatched');
    }
    assert.equal(await page.locator('#verdict .ratio.unsure').count(), 1);
    assert.match(await text(page, '#verdict'), /Some requests failed/);
    assert.doesNotMatch(await text(page, '#verdict'), /came from where/);
    assert.ok(await page.locator('#chart .dots .error').count() === errors.length);
    await assertAccessible(page, 'after a battle that failed');
  }, own.url)));

  it('tells of a Redis that dies on the way, in words, and does not call it fast', async () => {
    const ownRedis = await startRedis();
    try {
      await withService({ REDIS_URL: ownRedis.url, MOCK_DELAY: '100ms' }, (own) => withPage({ locale: 'pt-BR' }, async (page) => {
        await page.click('#battle-all');
        await atLeast(page, 'slow', 3);
        await ownRedis.stop();
        await ended(page);
        const { samples } = JSON.parse(await page.click('#numbers > summary').then(() => exported(page)));
        const right = samples.filter((sample) => sample.lane === 'redis' && sample.problem === null).length;
        assert.ok(right >= 3 && right < 10, `${right} answers from Redis`);
        assert.equal(await laneText(page, 'redis', 'wrong'), `Só ${right} de 20 vieram do Redis: o Redis está fora do ar.`);
        assert.equal(await page.locator('#verdict .lane-redis.unsure').count(), 1);
        assert.match(await text(page, '#verdict .lane-redis'), /^(≈|\d,?\d*×)[^]*(sem diferença mensurável|não é mais rápido|Nem todas as respostas vieram de onde deveriam)/);
        assert.equal(await page.locator('#verdict .lane-memory.unsure').count(), 0, 'memory stays fast');
        await page.click('#share');
        assert.match(await page.inputValue('#share-text'), /^Memória: /, 'the lane without doubts is passed on');
        await page.keyboard.press('Escape');
        await assertAccessible(page, 'a Redis that died');
      }, own.url));
    } finally {
      await ownRedis.stop();
    }
  });

  it('marks answers that came from an unexpected source', () => withService({ MEMORY_LIMIT: '0', MOCK_DELAY: '20ms' }, (own) => withPage({}, async (page) => {
    assert.equal(await page.getAttribute('#stop-memory', 'data-state'), 'off');
    await askTheMock(page);
    assert.match(await text(page, '#path-text'), /^Memory: not in use\. /);
    await battle(page, '#battle-all');
    assert.equal(await laneText(page, 'memory', 'wrong'), 'None of 20 came from memory: no copy was there.');
    assert.equal(await page.locator('#chart .dots .wrong').count(), 20);
    assert.match(await text(page, '#verdict .unsure'), /Not all answers came from where they should/);
    await page.click('#share');
    assert.match(await page.inputValue('#share-text'), /Not all answers came from where they should/, 'the doubt is passed on, too');
    await page.keyboard.press('Escape');
    await assertAccessible(page, 'unexpected answers');
  }, own.url)));

  it('without a Redis has two lanes and says how to get the third', () => withService({ MOCK_DELAY: '20ms' }, (own) => withPage({}, async (page) => {
    assert.equal(await page.locator('[data-lane=redis]').count(), 0);
    assert.match(await text(page, '#third-lane'), /make demo.*REDIS_URL/);
    await battle(page, '#battle-all', { parallel: 2 });
    assert.match(await status(page), /^Done/);
    assert.equal(await page.locator('#verdict .ratio').count(), 1);
  }, own.url)));

  it('whose requests are all refused has nothing to compare, and says so', () => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await page.route('**/weather?*', (route) => route.fulfill({ status: 503, body: '' }));
    await battle(page, '#battle-all');
    assert.match(await status(page), /^60 of 60 requests failed\./);
    assert.equal(await laneText(page, 'slow', 'wrong'), '20 with an error: status 503.');
    assert.equal(await text(page, '#verdict'), 'No answers, so there is nothing to compare.');
    assert.equal(await page.isDisabled('#share'), true);
  }));

  it('of one lane leaves the verdict of the others final', () => withPage({}, async (page) => {
    await battle(page, '#battle-all');
    const redis = await text(page, '#verdict .lane-redis');
    await page.click('[data-run=memory]');
    await page.waitForSelector('#battle.running');
    assert.equal(await text(page, '#verdict .lane-redis'), redis);
    await ended(page);
    await page.click('[data-run=slow]');
    await page.waitForSelector('#battle.running');
    await page.click('[data-lang="pt-BR"]'); // in the middle of the slow lane
    await page.waitForSelector('html[lang="pt-BR"] [data-lane=memory] [data-part=count]:not(:empty)');
    assert.equal(await laneText(page, 'slow', 'p50'), '–', 'the lane that was being run does not go along');
    assert.notEqual(await laneText(page, 'memory', 'p50'), '–');
  }));

  it('says how long it takes, and counts on it', () => withService({ MOCK_DELAY: '20ms' }, (own) => withPage({}, async (page) => {
    assert.equal(await status(page), '20 requests per lane, less than a second.');
    await page.evaluate(() => { document.getElementById('numbers').open = true; });
    await page.check('[name=battle-n][value="100"]', { force: true });
    assert.match(await status(page), /^100 requests per lane, about 2 s\./);
  }, own.url)));

  it('goes along when the language is changed', () => withService({ MOCK_DELAY: '20ms' }, (own) => withPage({}, async (page) => {
    await battle(page, '#battle-all');
    const before = await laneText(page, 'slow', 'p50');
    await page.click('[data-lang="pt-BR"]');
    await page.waitForSelector('html[lang="pt-BR"] #verdict .lane-memory');
    assert.equal(await laneText(page, 'slow', 'p50'), before.replace('.', ','));
    await page.reload();
    assert.equal(await laneText(page, 'slow', 'p50'), '–', 'a reload begins anew');
  }, own.url)));

  it('can be passed on as a picture and a sentence', () => withPage({ acceptDownloads: true }, async (page) => {
    assert.equal(await page.isDisabled('#share'), true);
    await battle(page, '#battle-all');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.click('#share');
    await page.waitForFunction(() => document.getElementById('share-status').textContent !== '');
    const words = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(words, /^(Memory|Redis): [\d.,]+ times as fast: 2\d\d ms → [\d.]+ ms, measured in my own browser with weather-cache\. http:/);
    assert.ok(words.endsWith(`${service.url}/`));
    assert.equal(await page.inputValue('#share-text'), words);
    // Somewhere in the picture is the red of the slow bar, over a long way.
    const red = await page.evaluate(() => {
      const canvas = document.getElementById('share-canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 380, canvas.width, 1);
      let n = 0;
      for (let i = 0; i < data.length; i += 4) n += data[i] === 0xff && data[i + 1] === 0x9a;
      return n / canvas.width;
    });
    assert.ok(red > 0.8, `${red} of a line is the slow bar`);
    await assertAccessible(page, 'the card');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#share-save')]);
    assert.equal(download.suggestedFilename(), 'weather-cache.png');
    await page.click('#share-close');
    assert.equal(await page.isVisible('#share-card'), false);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'share', 'the focus comes back');
  }));
});

describe('the lanes', () => {
  for (const locale of ['en', 'pt-BR']) {
    it(`that stand side by side are level in ${locale}, and nothing is cut`, () => withPage({ locale }, async (page) => {
      for (const width of [640, 768, 900, 1024, 1280, 1366, 1920]) {
        await page.setViewportSize({ width, height: 800 });
        const boxes = await page.locator('[data-part=bar]').evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().toJSON()));
        for (const box of boxes.filter(({ left }) => left !== boxes[0].left)) assert.ok(Math.abs(box.top - boxes[0].top) < 1, `${width} px: ${boxes.map(({ top }) => Math.round(top))}`);
        assert.ok(new Set(boxes.map(({ left }) => left)).size !== 2, `${width} px: two lanes and one below`);
      }
    }));
  }
});

describe('the first screen', () => {
  const sizes = [{ width: 1366, height: 768 }, { width: 1440, height: 900 }, { width: 390, height: 844 }];
  for (const viewport of sizes) {
    for (const locale of ['en', 'pt-BR']) {
      it(`of ${viewport.width} × ${viewport.height} in ${locale} holds the button and both lanes, and nothing moves during a battle`, () => withPage({ viewport, locale }, async (page) => {
        const inView = async (when) => {
          const shown = ['#battle-all', '[data-run=slow]', '[data-run=memory]', ...['slow', 'memory'].flatMap((lane) => ['p50', 'bar', 'total'].map((part) => `[data-lane=${lane}] [data-part=${part}]`))];
          for (const selector of shown) {
            const { bottom, right, height } = await page.evaluate((each) => document.querySelector(each).getBoundingClientRect().toJSON(), selector);
            assert.ok(height > 0 && bottom <= viewport.height && right <= viewport.width, `${when}: ${selector} ends at ${Math.round(bottom)} of ${viewport.height} px`);
          }
        };
        await inView('before');
        await page.evaluate(() => {
          globalThis.shift = 0;
          new PerformanceObserver((list) => { for (const entry of list.getEntries()) { globalThis.shift += entry.value; globalThis.shifted = [...(globalThis.shifted ?? []), ...entry.sources.map(({ node }) => node?.id || node?.className)]; } }).observe({ type: 'layout-shift', buffered: true });
        });
        await page.click('#battle-all');
        await page.waitForSelector('#battle.running');
        await ended(page);
        await inView('after');
        await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
        const shift = await page.evaluate(() => globalThis.shift);
        assert.ok(shift < 0.02, `layout shift ${shift} of ${await page.evaluate(() => globalThis.shifted.join(', '))}`);
      }));
    }
  }
});
