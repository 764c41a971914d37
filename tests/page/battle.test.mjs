// The battle, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { makeI18n } from '../../web/i18n.js';
import { laneSummary, ratios } from '../../web/lanes.js';
import { FAILED_REQUEST, laneNumber, service, status, withPage, withService } from './setting.mjs';
import { askTheMock, assertAccessible, battle, exported, text } from './support.mjs';

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
