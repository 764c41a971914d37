// The whole page: for every screen, keyboard and language, in a real browser, served by the real service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { status, withPage } from './setting.mjs';
import { askTheMock, assertAccessible, assertFits, battle, text } from './support.mjs';

describe('everybody', () => {
  const views = [{ width: 320, height: 640 }, { width: 768, height: 1024 }, { width: 1280, height: 900 }, { width: 3840, height: 2160 }];
  for (const locale of ['en', 'pt-BR']) {
    for (const colorScheme of ['light', 'dark']) {
      it(`can use every part in ${locale}, ${colorScheme}, from 320 px to 4K`, () => withPage({ locale, colorScheme, viewport: views[0] }, async (page) => {
        assert.equal(await page.getAttribute('html', 'lang'), locale);
        for (const view of views) {
          await page.setViewportSize(view);
          await assertFits(page, `${view.width} px, before`);
        }
        await assertAccessible(page, 'before anything');
        await page.setViewportSize(views[0]);
        await askTheMock(page);
        await page.click('#stampede-run');
        await page.waitForSelector('#herds:not([hidden])');
        await battle(page, '[data-run=memory]');
        await page.click('#each-request summary');
        for (const view of views) {
          await page.setViewportSize(view);
          await assertFits(page, `${view.width} px, after`);
        }
        await assertAccessible(page, 'after everything, wide');
        await page.setViewportSize(views[0]);
        await assertAccessible(page, 'after everything, narrow');
      }));
    }
    it(`can use the form without JavaScript in ${locale}, and change the language`, () => withPage({ locale, javaScriptEnabled: false, viewport: views[0] }, async (page) => {
      await page.check('#mock');
      await page.click('#ask-form button');
      assert.match(await text(page, '#result h3'), /HIT|MISS/);
      const other = locale === 'en' ? 'pt-BR' : 'en';
      await page.click(`[data-lang="${other}"]`);
      assert.equal(await page.getAttribute('html', 'lang'), other);
      assert.match(await text(page, '#result h3'), /HIT|MISS/);
      await page.click('#ask-form button');
      assert.equal(await page.getAttribute('html', 'lang'), other, 'the choice stays with the form');
    }));
  }

  it('can run a battle with the keyboard alone and hear its result in Portuguese', () => withPage({ locale: 'pt-BR' }, async (page) => {
    const tabTo = async (id) => {
      for (let i = 0; i < 60; ++i) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate(() => document.activeElement.id || document.activeElement.className)) === id) return;
      }
      assert.fail(`Tab does not reach ${id}`);
    };
    await tabTo('skip');
    assert.equal(await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0), true, 'the skip link shows');
    await page.keyboard.press('Enter');
    await tabTo('battle-all');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#battle.running');
    assert.equal(await text(page, '#battle-all'), 'Rodando...');
    await tabTo('battle-stop');
    await page.waitForFunction(() => Number.parseInt(document.querySelector('[data-lane=slow] [data-part=count]').textContent, 10) >= 2);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#battle:not(.running)');
    assert.match(await status(page), /^Parada depois de \d+ respostas\. Sem Cache: mediana \d/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'battle-all', 'the focus was lost');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#battle.running');
    await page.waitForSelector('#battle:not(.running)', { timeout: 60_000 });
    assert.match(await status(page), /^Pronto: 60 respostas\. Sem Cache: mediana \d.*Com Cache: mediana \d.*Memória: [\d.,]+ vezes mais rápido/);
    assert.match(await text(page, '#verdict .lane-memory'), /×\s+Memória: 2\d\d ms → \d/);
    await tabTo('lat');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('33.25');
    await tabTo('mock');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#result:not([hidden])');
    assert.equal(await text(page, '#ask-form button'), 'Consultar (Manual)');
  }));

  for (const colorScheme of ['light', 'dark']) {
    it(`sees the browser’s frame in the colour of the page, ${colorScheme}`, () => withPage({ colorScheme }, async (page) => {
      const [named, shown] = await page.evaluate(() => {
        const meta = [...document.querySelectorAll('meta[name=theme-color]')].filter((each) => matchMedia(each.media).matches);
        const probe = document.createElement('i');
        probe.style.color = meta[0].content;
        document.body.append(probe);
        return [meta.length === 1 && getComputedStyle(probe).color, getComputedStyle(document.body).backgroundColor];
      });
      assert.equal(named, shown);
    }));
  }

  // The bar of the slow lane moves while a request is under way, for all but those who asked for no motion.
  for (const reducedMotion of ['reduce', 'no-preference']) {
    it(`sees ${reducedMotion === 'reduce' ? 'nothing move who asks for that' : 'the bars move who does not mind'}, during a battle, too`, () => withPage({ reducedMotion }, async (page) => {
      const moving = () => page.evaluate(() => [...document.querySelectorAll('*')].filter((each) => {
        const style = getComputedStyle(each);
        return style.transitionDuration.split(', ').some((time) => time !== '0s') || style.animationName !== 'none';
      }).length);
      const slowBar = () => page.evaluate(() => document.querySelector('[data-lane=slow] .waited').style.transitionDuration);
      if (reducedMotion === 'reduce') assert.equal(await moving(), 0);
      await page.click('#battle-all');
      await page.waitForSelector('#battle.running');
      const seen = new Set();
      let most = 0;
      const answers = async () => Number.parseInt(await text(page, '[data-lane=slow] [data-part=count]'), 10) || 0;
      while ((await answers()) < 4) {
        seen.add(await slowBar());
        most = Math.max(most, await moving());
      }
      await page.click('#battle-stop');
      await page.waitForSelector('#battle:not(.running)');
      if (reducedMotion === 'reduce') assert.deepEqual([[...seen], most], [[''], 0]);
      else assert.ok([...seen].some((time) => /^\d+(\.\d+)?ms$/.test(time)), [...seen].join());
    }));
  }
});
