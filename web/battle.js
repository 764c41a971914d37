// Battle Mode: the user interface. The rules are in lanes.js, the numbers in statistics.js.

import { drawChart } from './chart.js';
import { byId, html, setText } from './dom.js';
import { toCsv, toJson } from './export.js';
import { ENOUGH } from './statistics.js';
import { LANES, laneSummary, parallelFor, problemOf, ratios, run } from './lanes.js';
import { clockStep, timedRequest } from './measure.js';

const SEED = 20; // of the bootstrap; a fixed seed gives the same interval for the same samples
const DRAW_PAUSE_MS = 60;
const DRAW_AT_LATEST_MS = 400;
const NO_ANSWER = ['network', 'timeout'];
const STATS = ['p50', 'mean', 'p90', 'p99', 'max', 'network', 'service'];

export function startBattle(i18n, { onBusy }) {
  const { t } = i18n;
  const section = byId('battle');
  const buttons = { all: byId('battle-all'), stop: byId('battle-stop') };
  const laneElements = Object.fromEntries([...section.querySelectorAll('[data-lane]')].map((each) => [each.dataset.lane, each]));
  const available = Object.keys(LANES).filter((lane) => !laneElements[lane].querySelector('[data-run]').disabled);
  const part = (lane, name) => laneElements[lane].querySelector(`[data-part=${name}]`);
  const step = clockStep();
  let battle = null; // the last battle, in the form of the export
  let running = null; // the AbortController of the running battle
  let drawing = 0;
  let drawBy = 0;

  const samplesOf = (lane) => battle.samples.filter((sample) => sample.lane === lane);

  function whatWentWrong(samples) {
    const words = samples.map((sample) => {
      if (NO_ANSWER.includes(sample.problem)) return t(`live.what-${sample.problem}`);
      if (sample.problem === 'status') return t('live.what-status', { status: sample.status });
      return [sample.xCache, /detail=([\w-]+)/.exec(sample.cacheStatus ?? '')?.[1]].filter(Boolean).join(' ');
    });
    return [...new Set(words)].join(', ');
  }

  function wrongWords(lane) {
    const samples = samplesOf(lane);
    const errors = samples.filter((sample) => sample.duration === null);
    const elsewhere = samples.filter((sample) => sample.problem === 'unexpected');
    const words = [];
    if (errors.length > 0) words.push(t('live.wrong-errors', { n: errors.length, what: whatWentWrong(errors) }));
    if (elsewhere.length > 0) words.push(t('live.wrong-place', { n: elsewhere.length, what: whatWentWrong(elsewhere) }));
    return words.join('; ');
  }

  function showLane(lane) {
    const element = laneElements[lane];
    const samples = samplesOf(lane);
    const summary = laneSummary(samples);
    const progress = element.querySelector('progress');
    progress.max = battle.settings.requests;
    progress.value = samples.length;
    setText(part(lane, 'count'), t('live.count', { done: samples.length, n: battle.settings.requests }));
    for (const name of STATS) {
      const cell = element.querySelector(`[data-stat=${name}]`);
      const few = summary.count < (ENOUGH[name] ?? 1);
      setText(cell, i18n.ms(summary[name]));
      cell.classList.toggle('few', few && summary.count > 0);
      cell.title = few && summary.count > 0 ? t('live.too-few') : '';
    }
    setText(element.querySelector('[data-stat=rate]'), i18n.number(summary.rate));
    const wrong = wrongWords(lane);
    setText(part(lane, 'wrong'), wrong || (samples.length > 0 ? t('live.wrong-none') : ''));
    part(lane, 'wrong').classList.toggle('some', wrong !== '');
  }

  function clearLane(lane) {
    setText(part(lane, 'warm'), t(LANES[lane].warm ? 'live.warm-first' : 'live.warm-none'));
    showLane(lane);
  }

  // Drawing waits for a pause between requests, because it takes processor time from the requests being measured.
  function draw() {
    const now = performance.now();
    drawBy ||= now + DRAW_AT_LATEST_MS;
    clearTimeout(drawing);
    drawing = setTimeout(() => {
      drawBy = 0;
      battle.settings.lanes.forEach(showLane);
      showChart();
    }, Math.max(0, Math.min(DRAW_PAUSE_MS, drawBy - now)));
  }

  function showChart() {
    if (!battle) return;
    byId('chart-figure').hidden = false;
    drawChart(byId('chart'), {
      samples: battle.samples,
      i18n,
      label: t('live.chart-label', { summary: summaryText() }),
      minimumSeconds: 1,
    });
  }

  function summaryText() {
    return battle.settings.lanes.map((lane) => {
      const { p50, count } = laneSummary(samplesOf(lane));
      const words = t(count > 0 ? 'live.summary-lane' : 'live.summary-none', { lane: t(`live.lane-${lane}`), p50: i18n.ms(p50) });
      const wrong = wrongWords(lane);
      return wrong ? `${words} ${t('live.summary-wrong', { wrong })}` : words;
    }).join('. ') + '.';
  }

  function showVerdict() {
    battle.ratios = ratios(battle.samples, { seed: SEED });
    const cards = Object.entries(battle.ratios).map(([lane, { ratio, low, high }]) => html('div', { class: `panel ratio lane-${lane}${low === null ? ' few' : ''}` },
      html('p', { class: 'big' }, t('live.ratio', { ratio: i18n.number(ratio) })),
      html('p', {}, t(ratio > 1 ? 'live.ratio-faster' : 'live.ratio-slower', { lane: t(`live.short-${lane}`), ratio: i18n.number(ratio) })),
      html('p', { class: 'hint' }, low === null ? t('live.ratio-few', { n: ENOUGH.ratio })
        : t('live.ratio-interval', { low: i18n.number(low), high: i18n.number(high) }))));
    byId('verdict').replaceChildren(...cards);
    byId('verdict').hidden = cards.length === 0;
  }

  function showClock() {
    const words = [t('live.clock', {
      step: i18n.ms(step),
      isolated: t(globalThis.crossOriginIsolated ? 'live.clock-isolated' : 'live.clock-coarse'),
    })];
    const other = battle.samples.filter((sample) => sample.clock === 'page').length;
    if (other > 0) words.push(t('live.clock-fetch', { n: other }));
    setText(byId('clock-note'), words.join(' '));
  }

  function fillTable() {
    const number = (value) => (value === null ? '' : value.toFixed(3));
    const remark = { network: t('live.what-network'), timeout: t('live.what-timeout'), status: t('live.legend-error'), unexpected: t('live.remark-unexpected') };
    byId('samples').tBodies[0].replaceChildren(...battle.samples.map((sample) => html('tr', {},
      html('th', { scope: 'row' }, t(`live.lane-${sample.lane}`)),
      ...[sample.number, number(sample.start), number(sample.duration), number(sample.service), sample.status ?? '', sample.xCache ?? '',
        remark[sample.problem] ?? ''].map((cell) => html('td', {}, String(cell))))));
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

  function announce(text) {
    setText(byId('battle-status'), text);
  }

  async function start(lanes) {
    if (running) return;
    const requests = Number(section.querySelector('[name=battle-n]:checked').value);
    const parallel = parallelFor(lanes, Number(byId('battle-parallel').value));
    running = new AbortController();
    battle = {
      program: 'weather-cache',
      when: new Date().toISOString(),
      settings: { lanes, requests, parallel, together: lanes.length > 1, mockDelay: Number(document.body.dataset.mockDelay) },
      clock: { stepMs: step, crossOriginIsolated: globalThis.crossOriginIsolated === true, seed: SEED },
      userAgent: navigator.userAgent,
      warmUp: {},
      summary: {},
      ratios: {},
      samples: [],
    };
    byId('verdict').hidden = true;
    byId('copy-text').hidden = true;
    setText(byId('copy-status'), '');
    setRunning(lanes);
    available.forEach(clearLane);
    announce(`${t('live.status-start', { n: requests * lanes.length, parallel })}${lanes.some((lane) => LANES[lane].warm) ? ` ${t('live.status-warm')}` : ''}`);
    let quarter = 0;
    await run({
      lanes,
      n: requests,
      parallel,
      signal: running.signal,
      ask: (url, signal) => timedRequest(url, { signal }),
      now: () => performance.now(),
      id: Date.now().toString(36),
      onWarm(lane, answer) {
        battle.warmUp[lane] = { status: answer.status ?? null, xCache: answer.xCache ?? null, duration: answer.duration ?? null };
        const failed = problemOf(lane, answer);
        const none = NO_ANSWER.includes(failed);
        const what = none ? t(`live.what-${failed}`) : t('live.what-status', { status: answer.status });
        setText(part(lane, 'warm'), none || failed === 'status' ? t('live.warm-failed', { what })
          : t('live.warm', { mark: answer.xCache, time: i18n.ms(answer.duration) }));
      },
      onSample(sample) {
        battle.samples.push(sample);
        const now = Math.floor((battle.samples.length / (requests * lanes.length)) * 4);
        if (now > quarter && now < 4) announce(t('live.status-part', { percent: now * 25 }));
        quarter = Math.max(quarter, now);
        draw();
      },
    });
    finish();
  }

  function finish() {
    clearTimeout(drawing);
    drawBy = 0;
    const stopped = running.signal.aborted;
    running = null;
    for (const lane of battle.settings.lanes) battle.summary[lane] = laneSummary(samplesOf(lane));
    battle.stopped = stopped;
    available.forEach(showLane);
    showVerdict();
    showChart();
    showClock();
    fillTable();
    setRunning(null);
    announce(t(stopped ? 'live.status-stopped' : 'live.status-end', { summary: summaryText() }));
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      byId('copy-text').hidden = true;
      setText(byId('copy-status'), t('live.copied'));
    } catch {
      byId('copy-text').value = text;
      byId('copy-text').hidden = false;
      byId('copy-text').select();
      setText(byId('copy-status'), t('live.copy-failed'));
    }
  }

  buttons.all.addEventListener('click', () => start(available));
  buttons.stop.addEventListener('click', () => {
    running?.abort();
    buttons.all.focus();
  });
  for (const button of section.querySelectorAll('[data-run]')) button.addEventListener('click', () => start([button.dataset.run]));
  byId('copy-json').addEventListener('click', () => copy(toJson(battle)));
  byId('copy-csv').addEventListener('click', () => copy(toCsv(battle)));
  new ResizeObserver(() => { if (battle) showChart(); }).observe(byId('chart'));
}
