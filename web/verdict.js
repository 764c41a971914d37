// The verdict: how many times as fast each cached lane is, as soon as it and the lane without a cache have answers.

import { byId, html } from './dom.js';
import { compare } from './lanes.js';
import { shareCard } from './share.js';
import { ENOUGH, median } from './statistics.js';

export const SEED = 20; // of the bootstrap; a fixed seed gives the same interval for the same samples
const CACHED = ['memory', 'redis'];

const times = ({ samples }) => samples.map((sample) => sample.duration).filter((duration) => duration !== null);
const isWrong = (sample) => sample.problem !== null;

// Lane -> its comparison, whether both lanes ran in turns, and whether answers are missing or came from elsewhere.
// Without `interval` it takes next to no time.
export function comparisons(results, { interval }) {
  const out = {};
  for (const lane of CACHED) {
    if (!results.slow || !results[lane]) continue;
    const compared = compare(results.slow.samples, results[lane].samples, { seed: SEED, interval });
    if (!compared) continue;
    const doubtful = [...results.slow.samples, ...results[lane].samples].some(isWrong);
    out[lane] = { ...compared, inTurns: results.slow.run === results[lane].run, doubtful };
  }
  return out;
}

export function makeVerdict(i18n) {
  const { t } = i18n;
  const typical = (result) => i18n.ms(median(times(result)));
  let shown = null; // the results whose verdict is final

  const big = ({ says, ratio }) => (says === 'same' ? '≈' : t('live.ratio', { ratio: i18n.number(ratio) }));

  function sentence(lane, { says, ratio }) {
    const certain = says === 'few' ? (ratio > 1 ? 'faster' : 'slower') : says;
    return t(`live.verdict-${certain}`, { lane: t(`live.short-${lane}`), ratio: i18n.number(ratio) });
  }

  function small({ low, high, inTurns }) {
    const interval = low === null ? t('live.ratio-few', { n: ENOUGH.ratio }) : t('live.ratio-interval', { low: i18n.number(low), high: i18n.number(high) });
    return `${interval}, ${t(inTurns ? 'live.in-turns' : 'live.apart')}`;
  }

  function card(lane, compared, results, running) {
    const sure = running ? compared.ratio > 1 && !compared.doubtful : compared.says === 'faster' && !compared.doubtful;
    const hint = running ? t('live.measuring') : small(compared);
    const fromTo = { slow: typical(results.slow), fast: typical(results[lane]) };
    const says = compared.says === 'slower' || compared.says === 'same' ? [sentence(lane, compared), t('live.from-to', fromTo)]
      : [t('live.verdict-in-short', { lane: t(`live.short-${lane}`), ...fromTo })];
    return html('div', { class: `ratio lane-${lane}${sure ? '' : ' unsure'}` },
      html('p', { class: 'big' }, big(compared)),
      html('p', { class: 'says' }, ...says.map((words) => html('strong', {}, words)),
        html('span', { class: 'hint' }, compared.doubtful ? `${t('live.doubtful')} ${hint}` : hint)));
  }

  // What to press next, while there is nothing to compare.
  function next(results, running) {
    if (running) return t('live.measuring');
    const has = (lane) => results[lane]?.samples.length > 0;
    if (has('slow')) return t('live.verdict-fast-missing');
    return t(CACHED.some(has) ? 'live.verdict-slow-missing' : 'live.verdict-none');
  }

  function show(results, { running }) {
    const found = Object.entries(comparisons(results, { interval: !running }));
    shown = running || found.length === 0 ? null : results;
    byId('share').disabled = shown === null;
    byId('verdict').replaceChildren(...(found.length > 0 ? found.map(([lane, compared]) => card(lane, compared, results, running))
      : [html('p', { class: 'empty' }, next(results, running))]));
  }

  // The fastest lane's verdict, for the card to pass on.
  function toShare(results) {
    const [[lane, compared]] = Object.entries(comparisons(results, { interval: true })).sort(([, a], [, b]) => b.ratio - a.ratio);
    const side = (name) => ({ name: t(`live.lane-${name}`), typical: typical(results[name]), median: median(times(results[name])) });
    return { big: big(compared), sentence: sentence(lane, compared), small: small(compared), slow: side('slow'), fast: side(lane) };
  }
  byId('share').addEventListener('click', () => shareCard(i18n, toShare(shown)));

  return {
    show,
    words: (results) => Object.entries(comparisons(results, { interval: true })).map(([lane, compared]) => sentence(lane, compared)).join('. '),
  };
}
