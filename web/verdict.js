// The verdict: how many times as fast each cached lane is, as soon as it and the lane without a cache have answers.

import { byId, html } from './dom.js';
import { compare, durations } from './lanes.js';
import { shareCard } from './share.js';
import { ENOUGH, median } from './statistics.js';

export const SEED = 20; // of the bootstrap; a fixed seed gives the same interval for the same samples
const CACHED = ['memory', 'redis'];

// Why a comparison is in doubt: requests failed, or answers came from elsewhere.
function doubtsOf(samples) {
  const doubts = [];
  if (samples.some((sample) => sample.duration === null)) doubts.push('failed');
  if (samples.some((sample) => sample.problem === 'unexpected')) doubts.push('elsewhere');
  return doubts;
}

// A cached lane's comparison with the lane without a cache, whether both ran in turns, and its doubts; null without
// answers of both. Without `interval` it takes next to no time.
function comparisonOf(results, lane, { interval }) {
  const { slow, [lane]: fast } = results;
  if (!slow || !fast) return null;
  const compared = compare(slow.samples, fast.samples, { seed: SEED, interval });
  return compared && { ...compared, inTurns: slow.run === fast.run, doubts: doubtsOf([...slow.samples, ...fast.samples]) };
}

// [lane, comparison] of the lanes that have one.
const allComparisons = (comparison) => CACHED.map((lane) => [lane, comparison(lane)]).filter(([, compared]) => compared);

export const comparisons = (results) => Object.fromEntries(allComparisons((lane) => comparisonOf(results, lane, { interval: true })));

export function makeVerdict(i18n) {
  const { t } = i18n;
  const typical = ({ samples }) => i18n.ms(median(durations(samples)));
  const final = {}; // lane -> { slow, fast, compared }: a comparison of two results that do not change any more
  let shown = null; // { results, found }: the verdict that can be shared

  const big = ({ says, ratio }) => (says === 'same' ? '≈' : t('live.ratio', { ratio: i18n.number(ratio) }));

  const isSure = ({ says, doubts }) => says === 'faster' && doubts.length === 0;
  const doubtWords = ({ doubts }) => doubts.map((doubt) => t(`live.doubt-${doubt}`)).join(' ');

  const outcome = (lane, { says, ratio }) => t(`live.verdict-${says}`, { lane: t(`live.short-${lane}`), ratio: i18n.number(ratio) });
  const withDoubts = (words, compared) => (compared.doubts.length > 0 ? `${words}. ${doubtWords(compared)}` : words);
  const sentence = (lane, compared) => withDoubts(outcome(lane, compared), compared);

  function small({ low, high, inTurns }) {
    const interval = low === null ? t('live.ratio-few', { n: ENOUGH.ratio }) : t('live.ratio-interval', { low: i18n.number(low), high: i18n.number(high) });
    return `${interval}, ${t(inTurns ? 'live.in-turns' : 'live.apart')}`;
  }

  function card(lane, compared, results, isRunning) {
    const sure = isRunning ? compared.ratio > 1 && compared.doubts.length === 0 : isSure(compared);
    const hint = isRunning ? t('live.measuring') : small(compared);
    const fromTo = { slow: typical(results.slow), fast: typical(results[lane]) };
    const says = compared.says === 'slower' || compared.says === 'same'
      ? [outcome(lane, compared), t('live.from-to', fromTo)]
      : [t('live.verdict-in-short', { lane: t(`live.short-${lane}`), ...fromTo })];
    return html('div', { class: `ratio lane-${lane}${sure ? '' : ' unsure'}` },
      html('p', { class: 'big' }, big(compared)),
      html('p', { class: 'says' }, ...says.map((words) => html('strong', {}, words)),
        html('span', { class: 'hint' }, withDoubts(hint, compared))));
  }

  // What to press next, while there is nothing to compare.
  function next(results, running) {
    if (running.length > 1) return t('live.measuring');
    const ran = Object.values(results).filter(({ samples }) => samples.length > 0);
    const has = (lane) => results[lane] && durations(results[lane].samples).length > 0;
    if (has('slow')) return t('live.verdict-fast-missing');
    if (CACHED.some(has)) return t('live.verdict-slow-missing');
    return t(ran.length > 0 ? 'live.verdict-no-answers' : 'live.verdict-none');
  }

  // Of two results that do not change any more, computed once: the interval takes time that a running lane would lose.
  function finalComparison(results, lane) {
    const { slow, [lane]: fast } = results;
    if (!slow || !fast) return null;
    if (final[lane]?.slow !== slow || final[lane]?.fast !== fast) {
      final[lane] = { slow, fast, compared: comparisonOf(results, lane, { interval: true }) };
    }
    return final[lane].compared;
  }

  // `running`: the lanes that are being run, whose comparisons are not final.
  function show(results, { running }) {
    const isRunning = (lane) => running.includes('slow') || running.includes(lane);
    const found = allComparisons((lane) => (isRunning(lane) ? comparisonOf(results, lane, { interval: false }) : finalComparison(results, lane)));
    shown = running.length === 0 && found.some(([, { says }]) => says !== 'few') ? { results, found } : null;
    byId('share').disabled = shown === null;
    byId('verdict').replaceChildren(...(found.length > 0 ? found.map(([lane, compared]) => card(lane, compared, results, isRunning(lane)))
      : [html('p', { class: 'empty' }, next(results, running))]));
  }

  // The verdict of the fastest lane, for the card to pass on; of a lane in doubt only if no other has one.
  function toShare({ results, found }) {
    const [[lane, compared]] = found.filter(([, { says }]) => says !== 'few')
      .sort(([, a], [, b]) => isSure(b) - isSure(a) || b.ratio - a.ratio);
    const side = (name) => ({ name: t(`live.lane-${name}`), typical: typical(results[name]), median: median(durations(results[name].samples)) });
    return { big: big(compared), sentence: sentence(lane, compared), small: small(compared), isSure: isSure(compared), slow: side('slow'), fast: side(lane) };
  }
  byId('share').addEventListener('click', () => shareCard(i18n, toShare(shown)));

  return {
    show,
    // Of results of which none is being run.
    words: (results) => allComparisons((lane) => finalComparison(results, lane)).map(([lane, compared]) => sentence(lane, compared)).join('. '),
  };
}
