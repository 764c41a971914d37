// All the numbers of the lanes: the table of statistics, the chart, each request, and the copies as JSON and CSV.

import { drawChart } from './chart.js';
import { byId, html, setText } from './dom.js';
import { toCsv, toJson } from './export.js';
import { summaryWords } from './lane_view.js';
import { LANES, laneSummary } from './lanes.js';
import { ENOUGH } from './statistics.js';

const TIMES = ['p50', 'mean', 'p90', 'p99', 'max', 'network', 'service'];

// `exported` gives what is on the page, in the form of the export.
export function makeNumbers(i18n, { step, exported }) {
  const { t } = i18n;
  let results = {};
  const shown = () => Object.keys(LANES).filter((lane) => results[lane]);
  const laneName = (lane) => t(`live.lane-${lane}`);
  const samples = () => shown().flatMap((lane) => results[lane].samples);

  function warmWords({ warmUp }, lane) {
    if (lane === 'slow') return t('live.warm-none');
    if (!warmUp) return '–';
    const { problem, status, xCache, duration } = warmUp;
    if (!problem) return t('live.warm', { mark: xCache, time: i18n.ms(duration) });
    return t('live.warm-failed', { what: problem === 'status' ? t('live.what-status', { status }) : t(`live.what-${problem}`) });
  }

  function fillStatistics() {
    const summaries = shown().map((lane) => laneSummary(results[lane].samples));
    const row = (name, cells) => html('tr', {}, html('th', { scope: 'row' }, t(`live.row-${name}`)),
      ...cells.map(({ words, few = false }, i) => html('td', { 'data-cell': `${shown()[i]}-${name}`, class: few ? 'few' : null }, words)));
    const cell = (name) => (summary) => ({ words: i18n.ms(summary[name]), few: summary.count > 0 && summary.count < (ENOUGH[name] ?? 1) });
    const rows = TIMES.map((name) => row(name, summaries.map(cell(name))));
    rows.push(row('rate', summaries.map(({ rate }) => ({ words: i18n.number(rate) }))));
    rows.push(row('errors', summaries.map(({ errors }) => ({ words: i18n.whole(errors) }))));
    rows.push(row('elsewhere', summaries.map(({ unexpected }) => ({ words: i18n.whole(unexpected) }))));
    rows.push(row('how', shown().map((lane) => ({ words: t('live.how', { n: i18n.whole(results[lane].requests), parallel: i18n.whole(results[lane].parallel) }) }))));
    rows.push(row('warm', shown().map((lane) => ({ words: warmWords(results[lane], lane) }))));
    const table = byId('statistics');
    table.tHead.replaceChildren(html('tr', {}, html('td'), ...shown().map((lane) => html('th', { scope: 'col' }, laneName(lane)))));
    table.tBodies[0].replaceChildren(...rows);
    byId('few-note').hidden = table.querySelector('.few') === null;
  }

  const chartLabel = () => shown().map((lane) => summaryWords(i18n, lane, results[lane].samples)).join('. ');

  function showChart() {
    if (shown().length === 0 || !byId('numbers').open) return; // a closed part has no width
    drawChart(byId('chart'), { samples: samples(), i18n, label: t('live.chart-label', { summary: `${chartLabel()}.` }), minimumSeconds: 1 });
  }

  function showClock() {
    const words = [t('live.clock', {
      step: i18n.ms(step),
      isolated: t(globalThis.crossOriginIsolated ? 'live.clock-isolated' : 'live.clock-coarse'),
    })];
    const other = samples().filter((sample) => sample.clock === 'page').length;
    if (other > 0) words.push(i18n.counted('live.clock-fetch', other, { n: other }));
    setText(byId('clock-note'), words.join(' '));
  }

  function fillSamples() {
    const number = (value) => (value === null ? '' : value.toFixed(3));
    const remark = { network: t('live.what-network'), timeout: t('live.what-timeout'), status: t('live.legend-error'), unexpected: t('live.remark-unexpected') };
    byId('samples').tBodies[0].replaceChildren(...samples().map((sample) => html('tr', {},
      html('th', { scope: 'row' }, laneName(sample.lane)),
      ...[sample.number, number(sample.start), number(sample.duration), number(sample.service), sample.status ?? '', sample.xCache ?? '',
        remark[sample.problem] ?? ''].map((cell) => html('td', {}, String(cell))))));
  }

  function hideCopy() {
    byId('copy-text').hidden = true;
    setText(byId('copy-status'), '');
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

  byId('copy-json').addEventListener('click', () => copy(toJson(exported())));
  byId('copy-csv').addEventListener('click', () => copy(toCsv(exported())));
  byId('numbers').addEventListener('toggle', showChart);
  new ResizeObserver(showChart).observe(byId('chart'));

  return {
    hideCopy,
    show(all) {
      results = all;
      byId('figures').hidden = false;
      fillStatistics();
      showChart();
      showClock();
      fillSamples();
    },
  };
}
