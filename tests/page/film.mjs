// Films a battle on the page: as a moving picture for the README, and as a sheet of its frames to look at.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FRAME_MS = 250;
const LAST_FRAME_MS = 4000; // the verdict stays this long before the film begins anew

// Runs a battle on `page` and returns what the screen showed every FRAME_MS, as PNGs, from the press of the button to
// its end.
export async function filmBattle(page) {
  const session = await page.context().newCDPSession(page);
  const shown = []; // [ms, PNG], whenever the screen changed
  let began = 0;
  session.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    session.send('Page.screencastFrameAck', { sessionId }).catch(() => {}); // the film may be over
    shown.push([metadata.timestamp * 1000 - began, data]);
  });
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  began = Date.now();
  await session.send('Page.startScreencast', { format: 'png' });
  await page.click('#battle-all');
  await page.waitForSelector('#battle.running');
  await page.waitForSelector('#battle:not(.running)', { timeout: 60_000 });
  await page.waitForTimeout(2 * FRAME_MS); // the bars reach their ends
  await session.send('Page.stopScreencast');
  const end = Date.now() - began;
  const frames = [];
  for (let at = 0; at <= end; at += FRAME_MS) {
    const before = shown.filter(([ms]) => ms <= at);
    frames.push((before.at(-1) ?? shown[0])[1]);
  }
  return frames;
}

// Writes the frames as an animated WebP, with img2webp.
export async function writeFilm(frames, path) {
  const folder = await mkdtemp(join(tmpdir(), 'film-'));
  try {
    const parts = [];
    for (const [i, data] of frames.entries()) {
      // A picture that did not change is shown longer instead.
      if (i > 0 && data === frames[i - 1]) {
        parts.at(-1).ms += FRAME_MS;
        continue;
      }
      const file = join(folder, `${i}.png`);
      await writeFile(file, Buffer.from(data, 'base64'));
      parts.push({ file, ms: FRAME_MS });
    }
    parts.at(-1).ms = LAST_FRAME_MS;
    await promisify(execFile)('img2webp', ['-loop', '0', '-min_size', ...parts.flatMap(({ file, ms }) => ['-d', String(ms), file]), '-o', path]);
  } finally {
    await rm(folder, { recursive: true });
  }
  return (await readFile(path)).length;
}

// Writes a PNG of one frame per second, side by side, each with its second.
export async function writeSheet(browser, frames, { columns, width }, path) {
  const page = await browser.newPage({ viewport: { width: columns * (width + 12) + 12, height: 400 } });
  const chosen = frames.map((data, i) => [i * FRAME_MS, data]).filter(([ms]) => ms % 1000 === 0);
  await page.setContent(`<style>body{margin:0;padding:12px;display:grid;grid-template-columns:repeat(${columns},${width}px);gap:12px;font:14px sans-serif}img{width:100%;display:block;outline:1px solid #bbb}figure{margin:0}</style>${
    chosen.map(([ms, data]) => `<figure><figcaption>${ms / 1000} s</figcaption><img src="data:image/png;base64,${data}"></figure>`).join('')}`);
  await page.screenshot({ path, fullPage: true });
  await page.close();
}
