// Takes the pictures of the page: node screenshots.mjs FOLDER WEB
//
// Those of the README go into FOLDER. The picture of a link's preview and the icon for home screens go into WEB, whose
// files the program serves.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { askTheMock, battle, openPage, startBrowser, startRedis, startService } from './support.mjs';

const [folder, web] = process.argv.slice(2);
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
// The icon as a home screen wants it: a bitmap without transparent corners.
async function touchIcon() {
  const size = 180; // px
  const picture = (await readFile(join(web, 'icon.svg'), 'utf8')).replace('<svg ', `<svg width="${size}" height="${size}" `).replace(/ rx="\d+"/, '');
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<body style="margin:0">${picture}`);
  await page.screenshot({ path: join(web, 'touch-icon.png') });
  await page.close();
}

// 1200 x 630 px, as the preview of a link wants it, with letters that can be read when it is small.
async function sharePicture() {
  const opened = await openPage(browser, service.url, { reducedMotion: 'reduce', viewport: { width: 600, height: 315 }, deviceScaleFactor: 2 });
  const { page } = opened;
  await battle(page, '#battle-all');
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await page.screenshot({ path: join(web, 'share.png') });
  await opened.close();
}

const desktop = { viewport: { width: 1280, height: 1040 } };
try {
  await touchIcon();
  await sharePicture();
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
