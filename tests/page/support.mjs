// The setting of the browser tests: the built program, a Redis, a provider that follows a script, and a browser. Each
// server listens on a port that the system chooses, and is stopped through its handle.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';

export { startProvider, startRedis, startService } from '../support/service.mjs';

const CHROMIUM = process.env.WX_CHROMIUM ?? '/usr/bin/chromium';
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function startBrowser() {
  return chromium.launch({
    executablePath: CHROMIUM,
    chromiumSandbox: process.getuid() !== 0,
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

// A page in a fresh profile. `options` are those of Playwright's newContext. Collects everything that a page must not
// do: console errors (a violated Content-Security-Policy is one), exceptions, requests to other hosts.
export async function openPage(browser, url, { path = '/', expectErrors = [], ...options } = {}) {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  const expected = (text) => expectErrors.some((pattern) => pattern.test(text));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !expected(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol !== 'blob:' && target.origin !== url) complaints.push(`request to elsewhere: ${request.url()}`);
  });
  await page.goto(url + path);
  return {
    page,
    context,
    async close() {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

// Barriers for people who cannot see, hear or reach everything (WCAG 2.2 A and AA, and axe's best practices).
export async function accessibilityViolations(page) {
  const { violations } = await page.evaluate(`(() => { const module = undefined; ${AXE}; return 0; })(); 0`).then(() =>
    page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.any.map((each) => each.message).join(', ')}`).join(' | ')}`);
}

export async function assertAccessible(page, state) {
  assert.deepEqual(await accessibilityViolations(page), [], state);
}

// Checks that nothing overflows horizontally.
export async function assertFits(page, state) {
  const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= shown, `${state}: ${wide} px wide in a window of ${shown} px`);
}

export async function until(condition, what, limit = 20_000) {
  const end = Date.now() + limit;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `waited ${limit} ms for: ${what}`);
    await delay(20);
  }
}

export const text = (page, selector) => page.locator(selector).innerText();

// Waits for the first numbers of /stats. There is always a number of loads saved, while the hit ratio may be a dash.
export const statistics = (page) => until(async () => /\d/.test(await text(page, '[data-stat=saved]')), 'the statistics');

export async function askTheMock(page) {
  await page.check('#mock');
  await page.click('#ask-form button');
  await page.waitForSelector('#result:not([hidden])');
  await page.waitForSelector('#answer:not([aria-busy])');
}

// Presses a button of the battle and waits for its end. Opens all the numbers, where its settings are.
export async function battle(page, button, { n = 20, parallel = 1 } = {}) {
  await page.evaluate(() => { document.getElementById('numbers').open = true; });
  await page.check(`[name=battle-n][value="${n}"]`, { force: true });
  await page.selectOption('#battle-parallel', String(parallel));
  // The fast lane may end before its start can be seen, so this waits for a new end.
  await page.evaluate(() => { document.getElementById('battle-status').textContent = ''; });
  await page.click(button);
  await page.waitForFunction(() => /^(Done|Stopped|Interrupted|\d+ of|Pronto|Parada|Interrompida|\d+ de)/.test(document.getElementById('battle-status').textContent), null, { timeout: 90_000 });
}

export async function exported(page, button = '#copy-json') {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.click(button);
  await page.waitForFunction(() => document.getElementById('copy-status').textContent !== '');
  return page.evaluate(() => navigator.clipboard.readText());
}
