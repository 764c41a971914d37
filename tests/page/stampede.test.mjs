// The stampede, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FAILED_REQUEST, service, withPage } from './setting.mjs';
import { assertAccessible, text, until } from './support.mjs';

describe('a stampede', () => {
  it('of 100 callers costs one call instead of 100, every time', () => withPage({}, async (page) => {
    for (let press = 0; press < 2; ++press) {
      await page.click('#stampede-run');
      await page.waitForFunction(() => document.getElementById('stampede-run').hasAttribute('aria-disabled'));
      await page.waitForFunction(() => !document.getElementById('stampede-run').hasAttribute('aria-disabled'));
      assert.equal(await text(page, '[data-herd=collapsed] [data-part=calls]'), '1');
      assert.equal(await text(page, '[data-herd=bypass] [data-part=calls]'), '100');
      assert.equal(await text(page, '[data-herd=collapsed] [data-part=calls-word]'), 'call to the mock for 100 callers');
      assert.equal(await text(page, '[data-herd=bypass] [data-part=calls-word]'), 'calls to the mock for 100 callers');
      assert.equal(await text(page, '#stampede-status'), '1 call to the mock instead of 100.');
    }
    assert.equal(await page.locator('[data-herd=collapsed] .call').count(), 1);
    await assertAccessible(page, 'after a stampede');
  }));

  it('that fails leaves the numbers of the run before, and says that they are old', () => withPage({ expectErrors: [FAILED_REQUEST] }, async (page) => {
    const run = async (status) => {
      await page.evaluate(() => { document.getElementById('stampede-status').textContent = ''; });
      await page.click('#stampede-run');
      await until(async () => status.test(await text(page, '#stampede-status')), `the status ${status}`);
    };
    await page.route('**/lab/stampede?*', (route) => route.abort());
    await run(/^No result: connection failed$/);
    assert.equal(await page.isVisible('#herds-old'), false, 'there are no numbers yet');
    await page.unroute('**/lab/stampede?*');
    await run(/^1 call to the mock instead of 100\.$/);
    await page.route('**/lab/stampede?*', (route) => route.abort());
    await run(/^No result: connection failed$/);
    assert.equal(await text(page, '#herds-old'), 'The numbers below are those of the run before.');
    assert.equal(await page.getAttribute('#herds', 'class'), 'herds old');
    await assertAccessible(page, 'old numbers');
    await page.unroute('**/lab/stampede?*');
    await run(/^1 call to the mock instead of 100\.$/);
    assert.equal(await page.isVisible('#herds-old'), false);
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
