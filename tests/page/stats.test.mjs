// The live numbers, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { service, withPage } from './setting.mjs';
import { statistics, text, until } from './support.mjs';

describe('what the cache is doing', () => {
  it('comes from /stats, and rests while the tab is hidden', () => withPage({}, async (page) => {
    await statistics(page);
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

  const ones = {
    en: { ratio: '1 of 1 answer came from a copy', saved: '1 call to the provider, 1 to the mock', memory: /^1 answer kept, /, redis: '1 command, 1 error or timeout; circuit breaker closed' },
    'pt-BR': { ratio: '1 de 1 resposta veio de uma cópia', saved: '1 chamada à API de clima, 1 ao mock', memory: /^1 resposta guardada, /, redis: '1 comando, 1 erro ou timeout; circuit breaker fechado' },
  };
  for (const [locale, words] of Object.entries(ones)) {
    it(`are told in the singular where they are one (${locale})`, () => withPage({ locale }, async (page) => {
      const stats = await (await fetch(`${service.url}/stats`)).json();
      const calls = Object.fromEntries(Object.keys(stats.provider_calls).map((outcome, i) => [outcome, i === 0 ? 1 : 0]));
      await page.route('**/stats', (route) => route.fulfill({ json: {
        ...stats, hits: 1, lookups: 1, hit_ratio: 1, provider_calls: calls, mock: { ...stats.mock, calls: 1 },
        memory: { ...stats.memory, entries: 1 }, redis: { ...stats.redis, commands: 1, errors: 0, timeouts: 1 },
      } }));
      await until(async () => (await text(page, '[data-stat=ratio-note]')) === words.ratio, 'the ratio');
      assert.equal(await text(page, '[data-stat=saved-note]'), words.saved);
      assert.match(await text(page, '[data-stat=memory-note]'), words.memory);
      assert.equal(await text(page, '[data-stat=redis-note]'), words.redis);
    }));
  }
});
