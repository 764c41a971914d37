// The live numbers, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { service, withPage } from './setting.mjs';
import { text, until } from './support.mjs';

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
    await until(async () => (await text(page, '[data-stat=ratio]')) === '25%', 'the ratio');
    assert.equal(await text(page, '[data-stat=ratio-note]'), '3 of 12 answers came from a copy');
  }));
});
