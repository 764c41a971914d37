// The last answers side by side, and how much faster a copy was. Stays until the page is loaded again.

import { byId, html, icon, setText } from './dom.js';

const SHOWN = 5;

// The latest fetched answer and the latest copy for the place of the last answer, and the ratio of their times; null if
// there is no answer yet. `answers`: { place, mark, time }, in the order in which they came.
export function comparison(answers) {
  const last = answers.findLast(({ mark }) => mark !== 'failed');
  if (!last) return null;
  const of = (mark) => answers.findLast((answer) => answer.place === last.place && answer.mark === mark)?.time;
  const [miss, hit] = [of('miss'), of('hit')];
  return { miss, hit, ratio: miss !== undefined && hit !== undefined ? miss / hit : null };
}

// What the comparison says: the ratio, if a copy was faster, and a sentence.
export function verdict({ t, ms, number }, compared) {
  const values = { hit: ms(compared.hit), miss: ms(compared.miss) };
  if (compared.hit === undefined) return { ratio: '', words: t('live.strip-no-hit') };
  if (compared.miss === undefined) return { ratio: '', words: t('live.strip-no-miss') };
  if (compared.ratio < 1.1) return { ratio: '', words: t('live.strip-same', values) };
  return { ratio: t('live.ratio', { ratio: number(compared.ratio) }), words: t('live.strip-faster', values) };
}

export function startStrip(i18n, shapes) {
  const answers = [];

  function item({ mark, time }) {
    const word = mark === 'failed' ? i18n.t('live.strip-failed') : i18n.t(`live.mark-${mark}`);
    const hidden = html('span', { class: 'visually-hidden' }, `${word} `);
    const shape = shapes[mark] ? icon(shapes[mark]) : html('span', { 'aria-hidden': 'true' }, '!');
    return html('li', { 'data-mark': mark }, shape, hidden, i18n.ms(time));
  }

  // Adds an answer, and returns what to announce.
  return function add(answer) {
    answers.push(answer);
    const first = Math.max(0, answers.length - SHOWN);
    const list = byId('strip-answers');
    list.start = first + 1;
    list.replaceChildren(...answers.slice(first).map(item));
    const compared = comparison(answers);
    const { ratio, words } = compared ? verdict(i18n, compared) : { ratio: '', words: '' };
    setText(byId('strip-ratio'), ratio);
    setText(byId('strip-words'), words.replaceAll(' ms', '\u00a0ms'));
    byId('strip').hidden = false;
    return ratio ? `${ratio} ${words}` : '';
  };
}
