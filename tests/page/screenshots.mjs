// Takes the pictures of the page: node screenshots.mjs FOLDER WEB
//
// Those of the README go into FOLDER. The picture of a link's preview and the icon for home screens go into WEB, whose
// files the program serves.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { filmBattle, writeFilm, writeSheet } from './film.mjs';
import { askTheMock, battle, openPage, startBrowser, startRedis, startService } from './support.mjs';

const [folder, web] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const browser = await startBrowser();
const redis = await startRedis();
const service = await startService({ REDIS_URL: redis.url });

// The first screen during a battle, as the README shows it.
async function film() {
  const opened = await openPage(browser, service.url, { viewport: { width: 1000, height: 590 } });
  const size = await writeFilm(await filmBattle(opened.page), join(folder, 'battle.webp'));
  await opened.close();
  if (size > 2_000_000) throw new Error(`battle.webp has ${size} bytes, more than 2 MB`);
}

// The same on a phone and on a laptop, second by second.
async function sheets() {
  for (const [name, viewport, layout] of [['phone', { width: 390, height: 844 }, { columns: 6, width: 240 }], ['laptop', { width: 1366, height: 768 }, { columns: 3, width: 480 }]]) {
    const opened = await openPage(browser, service.url, { viewport });
    await writeSheet(browser, await filmBattle(opened.page), layout, join(folder, `battle-${name}.png`));
    await opened.close();
  }
}

// A bitmap of some HTML for the program to serve. A screenshot has no transparency, so it is smaller than a canvas's PNG.
async function bitmap(name, size, html) {
  const page = await browser.newPage({ viewport: size });
  await page.setContent(`<body style="margin:0">${html}`);
  await page.screenshot({ path: join(web, name) });
  await page.close();
}

// The icon as a home screen wants it: without transparent corners.
async function touchIcon() {
  const size = 180; // px
  const picture = (await readFile(join(web, 'icon.svg'), 'utf8')).replace('<svg ', `<svg width="${size}" height="${size}" `).replace(/ rx="\d+"/, '');
  await bitmap('touch-icon.png', { width: size, height: size }, picture);
}

// The page's own card of a battle, 1200 x 630 px as the preview of a link wants it, without the address of this machine.
async function sharePicture() {
  const opened = await openPage(browser, service.url, { reducedMotion: 'reduce' });
  const { page } = opened;
  await battle(page, '#battle-all');
  await page.click('#share');
  await page.waitForSelector('#share-card[open]');
  const card = await page.evaluate(() => {
    const canvas = document.getElementById('share-canvas');
    const context = canvas.getContext('2d');
    context.save();
    context.fillStyle = '#0e1513';
    context.fillRect(0, 566, canvas.width, canvas.height - 566);
    context.restore();
    context.fillText('weather-cache', 72, 596);
    return canvas.toDataURL('image/png');
  });
  await opened.close();
  await bitmap('share.png', { width: 1200, height: 630 }, `<img src="${card}">`);
}

try {
  await touchIcon();
  await sharePicture();
  await film();
  await sheets();
} finally {
  await browser.close();
  await service.stop();
  await redis.stop();
}
