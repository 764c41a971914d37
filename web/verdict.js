// The verdict: how many times as fast each cached lane is, as soon as it and the lane without a cache have answers.

import { byId, html } from './dom.js';
import { compare } from './lanes.js';
import { shareCard } from './share.js';
import { ENOUGH, median } from './statistics.js';

export const SEED = 20; // of the bootstrap; a fixed seed gives the same interval for the same samples
const CACHED = ['memory', 'redis'];

const times = ({ samples }) => samples.map((sample) => sample.duration).filter((duration) => duration !== null);

// Why a comparison is in doubt: requests failed, or answers came from elsewhere.
function doubtsOf(samples) {
  const doubts = [];
  if (samples.some((sample) => sample.duration === null)) doubts.push('failed');
  if (samples.some((sample) => sample.problem === 'unexpected')) doubts.push('elsewhere');
  return doubts;
}

// Lane -> its comparison, whether both lanes ran in turns, and its doubts. Without `interval` it takes next to no time.
export function comparisons(results, { interval }) {
  const out = {};
  for (const lane of CACHED) {
    if (!results.slow || !results[lane]) continue;
    const compared = compare(results.slow.samples, results[lane].samples, { seed: SEED, interval });
    if (!compared) continue;
    const doubts = doubtsOf([...results.slow.samples, ...results[lane].samples]);
    out[lane] = { ...compared, inTurns: results.slow.run === results[lane].run, doubts };
  }
  return out;
}

export function makeVerdict(i18n) {
  const { t } = i18n;
  const typical = (result) => i18n.ms(median(times(result)));
  let shown = null; // the results whose verdict is final

  const big = ({ says, ratio }) => (says === 'same' ? '≈' : t('live.ratio', { ratio: i18n.number(ratio) }));

  const isSure = ({ says, doubts }) => says === 'faster' && doubts.length === 0;
  const doubtWords = ({ doubts }) => doubts.map((doubt) => t(`live.doubt-${doubt}`)).join(' ');

  // What the comparison says, with its doubts.
  function sentence(lane, compared) {
    const words = t(`live.verdict-${compared.says}`, { lane: t(`live.short-${lane}`), ratio: i18n.number(compared.ratio) });
    return compared.doubts.length > 0 ? `${words}. ${doubtWords(compared)}` : words;
  }

  function small({ low, high, inTurns }) {
    const interval = low === null ? t('live.ratio-few', { n: ENOUGH.ratio }) : t('live.ratio-interval', { low: i18n.number(low), high: i18n.number(high) });
    return `${interval}, ${t(inTurns ? 'live.in-turns' : 'live.apart')}`;
  }

  function card(lane, compared, results, isRunning) {
    const sure = isRunning ? compared.ratio > 1 && compared.doubts.length === 0 : isSure(compared);
    const hint = isRunning ? t('live.measuring') : small(compared);
    const fromTo = { slow: typical(results.slow), fast: typical(results[lane]) };
    const says = compared.says === 'slower' || compared.says === 'same'
      ? [t(`live.verdict-${compared.says}`, { lane: t(`live.short-${lane}`), ratio: i18n.number(compared.ratio) }), t('live.from-to', fromTo)]
      : [t('live.verdict-in-short', { lane: t(`live.short-${lane}`), ...fromTo })];
    return html('div', { class: `ratio lane-${lane}${sure ? '' : ' unsure'}` },
      html('p', { class: 'big' }, big(compared)),
      html('p', { class: 'says' }, ...says.map((words) => html('strong', {}, words)),
        html('span', { class: 'hint' }, compared.doubts.length > 0 ? `${hint}. ${doubtWords(compared)}` : hint)));
  }

  // What to press next, while there is nothing to compare.
  function next(results, running) {
    if (running.length > 1) return t('live.measuring');
    const ran = Object.values(results).filter(({ samples }) => samples.length > 0);
    const has = (lane) => results[lane] && times(results[lane]).length > 0;
    if (has('slow')) return t('live.verdict-fast-missing');
    if (CACHED.some(has)) return t('live.verdict-slow-missing');
    return t(ran.length > 0 ? 'live.verdict-no-answers' : 'live.verdict-none');
  }

  // `running`: the lanes that are being run, whose comparisons are not final.
  function show(results, { running }) {
    const isRunning = (lane) => running.includes('slow') || running.includes(lane);
    const found = CACHED.flatMap((lane) => Object.entries(comparisons(lane in results ? { slow: results.slow, [lane]: results[lane] } : {}, { interval: !isRunning(lane) })));
    shown = running.length === 0 && found.some(([, { says }]) => says !== 'few') ? results : null;
    byId('share').disabled = shown === null;
    byId('verdict').replaceChildren(...(found.length > 0 ? found.map(([lane, compared]) => card(lane, compared, results, isRunning(lane)))
      : [html('p', { class: 'empty' }, next(results, running))]));
  }

  // The verdict of the fastest lane, for the card to pass on; of a lane in doubt only if no other has one.
  function toShare(results) {
    const all = Object.entries(comparisons(results, { interval: true })).filter(([, { says }]) => says !== 'few');
    const [[lane, compared]] = all.sort(([, a], [, b]) => isSure(b) - isSure(a) || b.ratio - a.ratio);
    const side = (name) => ({ name: t(`live.lane-${name}`), typical: typical(results[name]), median: median(times(results[name])) });
    return { big: big(compared), sentence: sentence(lane, compared), small: small(compared), isSure: isSure(compared), slow: side('slow'), fast: side(lane) };
  }
  byId('share').addEventListener('click', () => shareCard(i18n, toShare(shown)));

  return {
    show,
    words: (results) => Object.entries(comparisons(results, { interval: true })).map(([lane, compared]) => sentence(lane, compared)).join('. '),
  };
}
