// Battle Mode: starts and stops battles and keeps each lane's last result. The rules are in lanes.js, the numbers in
// statistics.js; the views are lane_view.js, verdict.js and numbers.js.

import { byId, setText } from './dom.js';
import { makeLaneView } from './lane_view.js';
import { LANES, NO_ANSWER, laneSummary, parallelFor, problemOf, run } from './lanes.js';
import { clockStep, timedRequest } from './measure.js';
import { makeNumbers } from './numbers.js';
import { startShare } from './share.js';
import { SEED, comparisons, makeVerdict } from './verdict.js';

const DRAW_PAUSE_MS = 60;
const DRAW_AT_LATEST_MS = 400;
const KEPT = 'battle'; // the name under which the results wait for the page in another language

export function startBattle(i18n, { onBusy }) {
  const { t } = i18n;
  const section = byId('battle');
  const buttons = { all: byId('battle-all'), stop: byId('battle-stop') };
  const mockDelay = Number(document.body.dataset.mockDelay);
  const views = Object.fromEntries([...section.querySelectorAll('[data-lane]')].map((each) => [each.dataset.lane, makeLaneView(i18n, each)]));
  const available = Object.keys(LANES).filter((lane) => views[lane]);
  const step = clockStep();
  const results = {}; // lane -> its last run: { run, when, requests, parallel, together, stopped, warmUp, samples }
  let running = null; // the AbortController of the running battle
  let underWay = []; // its lanes
  let waiting = false; // requests that count are under way
  let drawing = 0;
  let drawBy = 0;

  const shown = () => available.filter((lane) => results[lane]);

  // What is on the page, in the form of the export.
  function exported() {
    const lanes = Object.fromEntries(shown().map((lane) => {
      const { samples, ...settings } = results[lane];
      return [lane, { ...settings, summary: laneSummary(samples) }];
    }));
    return {
      program: 'weather-cache',
      settings: { mockDelay },
      clock: { stepMs: step, crossOriginIsolated: globalThis.crossOriginIsolated === true, seed: SEED },
      userAgent: navigator.userAgent,
      lanes,
      ratios: comparisons(results),
      samples: shown().flatMap((lane) => results[lane].samples),
    };
  }

  const verdict = makeVerdict(i18n);
  const numbers = makeNumbers(i18n, { step, exported });

  // The time that the requests under way will have waited: the slow lane's, whose length is known.
  function pending(lane) {
    const { requests, parallel, samples } = results[lane];
    return waiting && lane === 'slow' && underWay.includes(lane) ? { ms: mockDelay * Math.min(parallel, requests - samples.length), within: mockDelay } : null;
  }

  function drawLanes() {
    const scale = Math.max(1, mockDelay * 20, ...shown().map((lane) => mockDelay * results[lane].requests), ...shown().map((lane) => views[lane].waited(results[lane])));
    setText(byId('scale'), t('live.scale', { most: i18n.span(scale) }));
    for (const lane of shown()) views[lane].show(results[lane], { scale, slow: results.slow, running: underWay.includes(lane), pending: pending(lane) });
    verdict.show(results, { running: underWay });
  }

  // Waits for a pause between requests, because drawing takes processor time from the requests being measured.
  function draw() {
    const now = performance.now();
    drawBy ||= now + DRAW_AT_LATEST_MS;
    clearTimeout(drawing);
    drawing = setTimeout(() => {
      drawBy = 0;
      drawLanes();
    }, Math.max(0, Math.min(DRAW_PAUSE_MS, drawBy - now)));
  }

  function setRunning(lanes) {
    const busy = lanes !== null;
    onBusy(busy);
    buttons.stop.disabled = !busy;
    // aria-disabled instead of `disabled`, which would take the focus from the button just pressed.
    for (const button of [buttons.all, ...section.querySelectorAll('[data-run]')]) {
      const own = button === buttons.all ? lanes?.length > 1 : lanes?.length === 1 && lanes[0] === button.dataset.run;
      if (busy) button.setAttribute('aria-disabled', 'true');
      else button.removeAttribute('aria-disabled');
      const key = button === buttons.all ? 'all' : button.dataset.run;
      setText(button, t(busy && own ? 'live.running' : `live.run-${key}`));
    }
    section.classList.toggle('running', busy);
  }

  // `spoken` is what screen readers hear in addition: the numbers that the lanes show.
  function announce(text, spoken = '') {
    const more = document.createElement('span');
    more.className = 'visually-hidden';
    more.textContent = spoken && ` ${spoken}`;
    byId('battle-status').replaceChildren(text, more);
  }

  // How long a battle of all lanes will take, once a visitor has chosen how many requests it has.
  function sayHowLong() {
    if (running) return;
    const { n, parallel } = chosen(available);
    const ms = mockDelay * (Math.ceil(n / parallel) + 1);
    announce(t(ms < 1000 ? 'live.status-idle-short' : 'live.status-idle', { n: i18n.whole(n), time: i18n.span(Math.round(ms / 1000) * 1000) }));
  }

  const chosen = (lanes) => ({
    n: Number(section.querySelector('[name=battle-n]:checked').value),
    parallel: parallelFor(lanes, Number(byId('battle-parallel').value)),
  });

  function onWarm(lane, answer) {
    const problem = problemOf(lane, answer);
    results[lane].warmUp = {
      status: answer.status ?? null, xCache: answer.xCache ?? null, duration: answer.duration ?? null,
      problem: ['network', 'timeout', 'status'].includes(problem) ? problem : null,
    };
  }

  async function start(lanes) {
    if (running) return;
    const { n: requests, parallel } = chosen(lanes);
    running = new AbortController();
    underWay = lanes;
    const id = Date.now().toString(36);
    for (const lane of lanes) {
      results[lane] = { run: id, when: new Date().toISOString(), requests, parallel, together: lanes.length > 1, stopped: false, warmUp: null, samples: [] };
    }
    setRunning(lanes);
    numbers.hideCopy();
    drawLanes();
    if (lanes.some((lane) => LANES[lane].warm)) announce(t('live.status-warm'));
    let done = 0;
    let quarter = 0;
    await run({
      lanes,
      n: requests,
      parallel,
      signal: running.signal,
      ask: (url, signal) => timedRequest(url, { signal }),
      now: () => performance.now(),
      id,
      onWarm,
      onBegin() {
        waiting = true;
        announce(t('live.status-start', { n: i18n.whole(requests * lanes.length) }));
        drawLanes();
      },
      onSample(sample) {
        results[sample.lane].samples.push(sample);
        done += 1;
        const now = Math.floor((done / (requests * lanes.length)) * 4);
        if (now > quarter && now < 4) announce(t('live.status-part', { percent: i18n.percent(now / 4) }));
        quarter = Math.max(quarter, now);
        draw();
      },
    });
    finish(lanes);
  }

  function finish(lanes) {
    clearTimeout(drawing);
    drawBy = 0;
    const stopped = running.signal.aborted;
    running = null;
    underWay = [];
    waiting = false;
    for (const lane of lanes) results[lane].stopped = stopped;
    drawLanes();
    numbers.show(results);
    setRunning(null);
    const samples = lanes.flatMap((lane) => results[lane].samples);
    const failed = samples.filter((sample) => sample.duration === null);
    const lost = failed.every(({ problem }) => NO_ANSWER.includes(problem));
    let words = 'end';
    if (stopped) words = 'stopped';
    else if (failed.length > 0) words = lost ? 'lost' : 'failed';
    words = i18n.counted(`live.status-${words}`, words === 'stopped' ? samples.length : 0, { failed: i18n.whole(failed.length), n: i18n.whole(samples.length) });
    announce(words, [...lanes.map((lane) => views[lane].spoken(results[lane])), verdict.words(results)].filter(Boolean).join('. '));
  }

  // A language is another page: the results go along, but for those of lanes that are being run. A click that opens
  // another tab leaves them here.
  function keepForTheOtherLanguage(click) {
    if (click.ctrlKey || click.metaKey || click.shiftKey) return;
    const final = Object.fromEntries(shown().filter((lane) => !underWay.includes(lane)).map((lane) => [lane, results[lane]]));
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(final));
    } catch {
      // The browser keeps nothing for this page: the results are lost, as after a reload.
    }
  }

  function takeFromTheOtherLanguage() {
    try {
      Object.assign(results, JSON.parse(sessionStorage.getItem(KEPT) ?? '{}'));
      sessionStorage.removeItem(KEPT);
    } catch {
      return;
    }
    if (shown().length === 0) return;
    drawLanes();
    numbers.show(results);
  }

  startShare();
  buttons.all.addEventListener('click', () => start(available));
  function stop() {
    running?.abort();
    // The button is about to be disabled, which would lose the focus.
    if (document.activeElement === buttons.stop) buttons.all.focus({ preventScroll: true });
  }
  buttons.stop.addEventListener('click', stop);
  document.addEventListener('keydown', ({ key }) => { if (key === 'Escape' && running) stop(); });
  section.addEventListener('change', sayHowLong);
  for (const button of section.querySelectorAll('[data-run]')) button.addEventListener('click', () => start([button.dataset.run]));
  for (const link of document.querySelectorAll('[data-lang]')) link.addEventListener('click', keepForTheOtherLanguage);
  setText(byId('scale'), t('live.scale', { most: i18n.span(Math.max(1, mockDelay * 20)) }));
  sayHowLong();
  takeFromTheOtherLanguage();
}
