// What every file of the page's tests shares: a browser, a Redis, and a service with everything enabled, started before
// the first test of the file and stopped after its last.

import { after, before } from 'node:test';

import { openPage, startBrowser, startRedis, startService, text } from './support.mjs';

export let browser;
export let redis;
export let service;
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
export async function withPage(options, test, url = service.url) {
  const opened = await openPage(browser, url, options);
  try {
    await test(opened.page);
  } catch (error) {
    await opened.context.close();
    throw error;
  }
  await opened.close();
}

export async function withService(settings, test) {
  const own = await startService(settings);
  try {
    await test(own);
  } finally {
    await own.stop();
  }
}

// With what only screen readers hear.
export const status = (page) => page.textContent('#battle-status');
export const laneText = (page, lane, part) => text(page, `[data-lane=${lane}] [data-part=${part}]`);
export const FAILED_REQUEST = /Failed to load resource/; // the browser's own message about an error that the test provokes
