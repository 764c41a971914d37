// The card of one lane: the median, the time waited as a bar, and what was wrong. All bars have one linear scale.

import { setText } from './dom.js';
import { NO_ANSWER, durations, laneSummary, waited, whyElsewhere } from './lanes.js';
import { ENOUGH, median } from './statistics.js';

const HAIR = 0.004; // the least part of the bar that is drawn once something was waited for: about a pixel and a half

// A lane's name and median as words.
export function summaryWords({ t, ms }, lane, samples) {
  const { p50, count } = laneSummary(samples);
  return t(count > 0 ? 'live.summary-lane' : 'live.summary-none', { lane: t(`live.lane-${lane}`), p50: ms(p50) });
}

export function makeLaneView(i18n, element) {
  const { t } = i18n;
  const { lane } = element.dataset;
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const [waitedBar, failedBar] = part('bar').children;
  const count = i18n.whole;

  // What failed, as words: "3 without an answer: connection failed", "2 with an error: status 503".
  function failedWords(samples) {
    const words = (key, some, what) => (some.length === 0 ? [] : [t(key, { n: count(some.length), what: [...new Set(some.map(what))].join(', ') })]);
    const failed = samples.filter((sample) => sample.duration === null);
    const lost = failed.filter(({ problem }) => NO_ANSWER.includes(problem));
    const errors = failed.filter(({ problem }) => !NO_ANSWER.includes(problem));
    return [
      ...words('live.wrong-lost', lost, ({ problem }) => t(`live.what-${problem}`)),
      ...words('live.wrong-errors', errors, ({ status }) => t('live.what-status', { status })),
    ].join('. ');
  }

  // Which answers came from elsewhere: "Only 6 of 20 came from Redis: Redis is down".
  function elsewhereWords(samples) {
    const elsewhere = samples.filter((sample) => sample.problem === 'unexpected');
    if (elsewhere.length === 0) return '';
    const all = durations(samples).length;
    const why = elsewhere.map((sample) => {
      const word = whyElsewhere(sample);
      return i18n.has(`live.why-${word}`) ? t(`live.why-${word}`) : word;
    });
    const [key, n] = elsewhere.length === all ? ['live.wrong-all', ''] : ['live.wrong-place', count(all - elsewhere.length)];
    return t(key, { n, all: count(all), place: t(`live.place-${lane}`), why: [...new Set(why)].join(', ') });
  }

  const wrongWords = (samples) => [failedWords(samples), elsewhereWords(samples)].filter(Boolean).join('. ');

  const calm = matchMedia('(prefers-reduced-motion: reduce)');

  // Bars are moved with transforms, which take no time from the requests being measured. `pending` is the time that the
  // requests under way will have waited: the bar moves there meanwhile, unless the visitor wants nothing to move.
  function showBar({ samples, requests }, scale, pending) {
    const time = waited(samples);
    const ahead = pending && !calm.matches ? pending.ms : 0;
    const failed = samples.filter((sample) => sample.duration === null).length;
    waitedBar.style.transitionDuration = ahead > 0 ? `${pending.within}ms` : '';
    waitedBar.style.transform = `scaleX(${time + ahead === 0 ? 0 : Math.max(HAIR, Math.min(1, (time + ahead) / scale))})`;
    failedBar.style.transform = `scaleX(${failed / requests})`;
    part('bar').setAttribute('aria-label', t('live.bar', { time: i18n.span(time), most: i18n.span(scale) }));
  }

  // How many answers this lane gives, at its median, in the time that the lane without a cache has kept people waiting.
  function meanwhileWords({ samples }, slow) {
    const time = slow ? waited(slow.samples) : 0;
    const each = median(durations(samples));
    return time > 0 && each > 0 ? t('live.meanwhile', { n: count(Math.floor(time / each)) }) : '';
  }

  function totalWords({ samples }) {
    const n = durations(samples).length;
    return i18n.counted('live.total', n, { n: count(n), time: i18n.span(waited(samples)) });
  }

  return {
    waited: ({ samples }) => waited(samples),

    show(result, { scale, slow, running, pending }) {
      const { samples, requests } = result;
      const { p50, count: n } = laneSummary(samples);
      setText(part('p50'), i18n.ms(p50));
      part('p50').classList.toggle('few', !running && n > 0 && n < ENOUGH.p50);
      setText(part('count'), t('live.count', { done: samples.length, n: requests }));
      setText(part('total'), totalWords(result));
      if (lane !== 'slow') setText(part('meanwhile'), meanwhileWords(result, slow));
      showBar(result, scale, pending);
      const wrong = wrongWords(samples);
      setText(part('wrong'), wrong && `${wrong}.`);
      element.classList.toggle('doubtful', wrong !== '');
    },

    // One sentence for screen readers.
    spoken({ samples }) {
      const words = summaryWords(i18n, lane, samples);
      const wrong = wrongWords(samples);
      return wrong ? `${words}. ${wrong}` : words;
    },
  };
}
