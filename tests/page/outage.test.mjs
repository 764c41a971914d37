// "Take Redis away for 10 s", in a real browser, served by the real service with a real Redis.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FAILED_REQUEST, redis, withPage, withService } from './setting.mjs';
import { askTheMock, assertAccessible, assertFits, startProvider, statistics, text, until } from './support.mjs';

const SETTINGS = { MOCK_DELAY: '20ms', CACHE_TTL: '1h' };
const withRedis = (settings, test) => withService({ REDIS_URL: redis.url, ...SETTINGS, ...settings }, test);
const state = (page, stop) => page.getAttribute(`#stop-${stop}`, 'data-state');

async function press(page) {
  await page.click('#outage-run');
  await page.waitForFunction(() => !document.getElementById('outage-run').hasAttribute('aria-disabled'));
}
async function ask(page, latitude) {
  await page.fill('#lat', latitude);
  await page.uncheck('#mock');
  await page.click('#ask-form button[type=submit]');
  await page.waitForSelector('#answer:not([aria-busy])');
}

describe('taking Redis away', () => {
  for (const [locale, words] of [
    ['en', { button: 'Take Redis away for 10 s', on: /^Redis is away\. .*memory answers/, left: /^Back in (10|9|8) s\.$/, tile: 'away', note: /^for another (10|9|8) s \(laboratory\); \d+ reads? failed\. .*circuit breaker closed$/ }],
    ['pt-BR', { button: 'Tirar o Redis do ar por 10 s', on: /^O Redis está fora do ar\. .*a memória responde/, left: /^Ele volta em (10|9|8) s\.$/, tile: 'fora do ar', note: /^por mais (10|9|8) s \(laboratório\); \d+ leituras? fal.*circuit breaker fechado$/ }],
  ]) {
    it(`shows what changes for the mock, and counts down (${locale})`, () => withRedis({}, (own) => withPage({ locale, viewport: { width: 320, height: 640 } }, async (page) => {
      await statistics(page);
      assert.equal(await text(page, '#outage-run'), words.button);
      await press(page);
      assert.match(await text(page, '#outage-status'), words.on);
      assert.match(await text(page, '#outage-left'), words.left);
      await until(async () => (await text(page, '[data-stat=redis]')) === words.tile, 'the tile');
      assert.match(await text(page, '[data-stat=redis-note]'), words.note);
      await page.fill('#lat', locale === 'en' ? '20.25' : '20.5');
      await askTheMock(page);
      assert.equal(await state(page, 'redis'), 'failed');
      assert.equal(await state(page, 'provider'), 'answered');
      await askTheMock(page);
      await page.waitForFunction(() => document.getElementById('result').dataset.mark === 'hit');
      assert.equal(await state(page, 'memory'), 'answered');
      await assertAccessible(page, 'during an outage');
      await assertFits(page, 'during an outage');
    }, own.url)));
  }

  it('leaves it to real questions', async () => {
    const provider = await startProvider();
    try {
      await withRedis({ OPEN_METEO_URL: provider.url }, async (other) => {
        await fetch(`${other.url}/weather?lat=21.5&lon=13.41`);
        await withRedis({ OPEN_METEO_URL: provider.url }, (own) => withPage({}, async (page) => {
          await press(page);
          await ask(page, '21.5');
          assert.match(await text(page, '#source'), /Redis Cache/);
          assert.equal(await state(page, 'redis'), 'answered');
          await ask(page, '22.5');
          assert.equal(await state(page, 'redis'), 'passed');
        }, own.url));
      });
    } finally {
      await provider.stop();
    }
  });

  it('ends, for a visitor who has not pressed the button, too, and says so', () => withRedis({}, (own) => withPage({}, async (page) => {
    await until(async () => (await text(page, '[data-stat=redis]')) === 'up', 'the statistics');
    assert.equal((await fetch(`${own.url}/lab/redis-outage`, { method: 'POST' })).status, 200);
    await until(async () => /^Redis is away/.test(await page.textContent('#outage-status')), 'the page to hear of it');
    assert.match(await page.textContent('#outage-left'), /^Back in \d+ s\.$/);
    assert.equal(await text(page, '[data-stat=redis]'), 'away');
    await page.fill('#lat', '23.5');
    await askTheMock(page);
    await until(async () => / 1 read failed/.test(await text(page, '[data-stat=redis-note]')), 'the failed read');
    await until(async () => (await text(page, '[data-stat=redis]')) === 'up', 'the tile to be as before');
    assert.match(await text(page, '[data-stat=redis-note]'), /^\d+ commands, 0 errors or timeouts; circuit breaker closed$/);
    await until(async () => /^Redis is back/.test(await page.textContent('#outage-status')), 'the end of the countdown');
    assert.equal(await page.textContent('#outage-left'), '');
  }, own.url)));

  it('counts the failed reads since it began, and none on a page that was opened during it', () => withRedis({}, (own) => withPage({}, async (page) => {
    const stats = await (await fetch(`${own.url}/stats`)).json();
    const redisIs = (left, failed) => page.route('**/stats', (route) => route.fulfill({ json: { ...stats, redis: { ...stats.redis, outage_ms_left: left, reads_failed: failed } } }));
    const note = (words) => until(async () => words.test(await text(page, '[data-stat=redis-note]')), `the note ${words}`);
    await redisIs(2000, 7);
    await page.reload();
    await note(/^for another 2 s \(laboratory\)\. Real questions keep it/);
    await redisIs(0, 9);
    await note(/^\d+ commands/);
    await redisIs(2000, 11);
    await note(/; 2 reads failed\. /);
  }, own.url)));

  it('again within a minute is refused in words, and so is a service that is gone', () => withRedis({}, (own) => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    await press(page);
    await press(page);
    assert.match(await text(page, '#outage-status'), /^Redis can be taken away once a minute\. Try again in \d+ s\.$/);
    assert.match(await text(page, '#outage-left'), /^Back in \d+ s\.$/, 'the countdown goes on');
    await own.stop();
    await press(page);
    assert.equal(await text(page, '#outage-status'), 'Redis was not taken away: connection failed');
  }, own.url)));

  it('is not offered without one', () => withService({}, (own) => withPage({}, async (page) => {
    assert.equal(await page.locator('#outage, #outage-run').count(), 0);
    await until(async () => (await text(page, '[data-stat=redis]')) === 'none', 'the statistics');
    assert.equal((await fetch(`${own.url}/lab/redis-outage`, { method: 'POST' })).status, 404);
  }, own.url)));

  it('can be done with the keyboard alone', () => withRedis({}, (own) => withPage({}, async (page) => {
    await page.focus('#stampede-run');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'outage-run');
    await page.keyboard.press('Enter');
    await until(async () => /^Redis is away/.test(await page.textContent('#outage-status')), 'the outage');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'outage-run');
  }, own.url)));
});
