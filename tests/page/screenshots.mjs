// Takes the pictures of the page for the README: node screenshots.mjs FOLDER

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { askTheMock, battle, openPage, startBrowser, startRedis, startService } from './support.mjs';

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
const browser = await startBrowser();
const redis = await startRedis();
const service = await startService({ REDIS_URL: redis.url });

async function picture(name, options, act, selector) {
  const opened = await openPage(browser, service.url, { reducedMotion: 'reduce', ...options });
  const { page } = opened;
  await act(page);
  await page.evaluate(() => document.activeElement.blur());
  const path = join(folder, `${name}.png`);
  if (selector) {
    // With the same margin that it has on the page.
    const box = await page.evaluate((name) => {
      const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
      return { x: x + scrollX - 32, y: y + scrollY, width: width + 64, height };
    }, selector);
    await page.screenshot({ path, clip: box, fullPage: true });
  }
  else await page.screenshot({ path });
  await opened.close();
  console.log(path);
}

const askTwice = async (page) => {
  await askTheMock(page);
  await askTheMock(page);
  await page.waitForSelector('#result[data-mark=hit]');
  await page.evaluate(() => scrollTo(0, 0));
};
const desktop = { viewport: { width: 1280, height: 1040 } };
try {
  await picture('light', desktop, askTwice);
  await picture('dark', { ...desktop, colorScheme: 'dark' }, async (page) => {
    await page.fill('#lat', '-23.55');
    await page.fill('#lon', '-46.63');
    await askTheMock(page);
    await page.evaluate(() => scrollTo(0, 0));
  });
  await picture('phone', { viewport: { width: 390, height: 1180 }, deviceScaleFactor: 2, locale: 'pt-BR' }, askTwice);
  await picture('battle', desktop, (page) => battle(page, '#battle-all', { n: 50, parallel: 2 }), '#battle');
  await picture('stampede', desktop, async (page) => {
    await page.click('#stampede-run');
    await page.waitForSelector('#herds:not([hidden])');
  }, '#stampede');
} finally {
  await browser.close();
  await service.stop();
  await redis.stop();
}
