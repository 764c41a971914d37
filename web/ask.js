// Submits the form without leaving the page, and shows how the server got its answer.

import { byId, setText } from './dom.js';
import { timedRequest } from './measure.js';
import { showPath } from './path.js';
import { limitMs } from './patience.js';
import { tidyPlace } from './place.js';
import { failureCard, faultText, problemCard, weatherOf } from './problem.js';

const MARKS = { HIT: ['hit', 'bolt'], MISS: ['miss', 'turtle'], STALE: ['stale', 'clock'], BYPASS: ['bypass', 'detour'] };

export function startAsk(i18n) {
  const { t } = i18n;
  const form = byId('ask-form');
  const button = form.querySelector('button');
  const label = button.textContent;
  let ticking = 0;
  let asked = 0;

  // Counts age and remaining freshness on while the card is visible.
  function tick(age, ttl) {
    clearInterval(ticking);
    const from = performance.now();
    const show = () => {
      const passed = Math.floor((performance.now() - from) / 1000);
      const left = ttl - passed;
      setText(byId('age'), t('live.seconds', { n: i18n.whole(age + passed) }));
      setText(byId('left'), left > 0 ? t('live.seconds', { n: i18n.whole(left) }) : t('live.not-fresh'));
    };
    show();
    ticking = setInterval(show, 1000);
  }

  function showOnly(id) {
    for (const each of ['answer-empty', 'result', 'problem']) byId(each).hidden = each !== id;
    if (id !== 'result') clearInterval(ticking);
  }

  // A value and its unit; a dash and a text where the provider has no value.
  const reading = (value, unit) => (value === null ? [i18n.tenths(value), t('live.no-value')] : [i18n.tenths(value), unit]);

  function showResult(answer, data, mock) {
    const [mark, shape] = MARKS[answer.xCache] ?? MARKS.MISS;
    const units = data.current_units ?? {};
    const temperature = reading(data.current.temperature_2m, units.temperature_2m ?? '°C');
    const wind = reading(data.current.wind_speed_10m, units.wind_speed_10m ?? 'km/h');
    showOnly('result');
    byId('result').dataset.mark = mark;
    byId('mark-icon').setAttribute('href', `#${shape}`);
    setText(byId('mark-word'), t(`live.mark-${mark}`));
    setText(byId('mark-note'), t(`live.note-${mark}`));
    setText(byId('temperature'), temperature[0]);
    setText(byId('temperature-unit'), temperature[1]);
    setText(byId('wind'), wind[0]);
    setText(byId('wind-unit'), wind[1]);
    setText(byId('source'), data.source);
    setText(byId('place'), `${data.latitude ?? '–'}, ${data.longitude ?? '–'}`);
    byId('value-of-row').hidden = !data.current.time;
    if (data.current.time) setText(byId('value-of'), t('live.time-gmt', { time: data.current.time }));
    const age = Number(answer.age ?? 0);
    tick(age, Number(/\bttl=(-?\d+)/.exec(answer.cacheStatus)?.[1] ?? 0));
    showPath(i18n, answer, data.source, mock);
    setText(byId('ask-status'), t(`live.asked-${mark}`, {
      source: data.source,
      temperature: temperature.join(' '),
      time: i18n.ms(answer.duration),
    }));
  }

  function showFaults(errors) {
    for (const name of ['lat', 'lon']) {
      const words = errors.filter((error) => error.parameter === name).map((error) => faultText(i18n, error.detail));
      setText(byId(`${name}-fault`), words.join('; '));
      if (words.length > 0) byId(name).setAttribute('aria-invalid', 'true');
      else byId(name).removeAttribute('aria-invalid');
    }
    form.querySelector('[aria-invalid]')?.focus();
  }

  function showProblem({ title, detail, label, language, request, advice, offer, errors }) {
    showOnly('problem');
    setText(byId('problem-title'), title);
    byId('problem-said').hidden = detail === '';
    setText(byId('detail-label'), label);
    setText(byId('problem-detail'), detail);
    byId('problem-detail').lang = language;
    setText(byId('problem-advice'), advice);
    byId('problem-mock').hidden = !offer;
    byId('problem-request').hidden = request === '';
    setText(byId('request-id'), request);
    setText(byId('ask-status'), [`${title}.`, detail, advice].filter(Boolean).join(' '));
    showFaults(errors);
  }

  // Writes the coordinates as they are asked for, and both fields where a pair was pasted into the first.
  function tidy() {
    const fields = [byId('lat'), byId('lon')];
    const tidied = tidyPlace(...fields.map((field) => field.value));
    fields.forEach((field, i) => { field.value = tidied[i]; });
    return { lat: tidied[0].trim(), lon: tidied[1].trim() };
  }

  async function ask() {
    const mine = ++asked;
    const mock = byId('mock')?.checked ?? false;
    const question = new URLSearchParams(tidy());
    if (mock) question.set('mock', 'true');
    button.setAttribute('aria-disabled', 'true');
    setText(button, t('live.asking'));
    byId('answer').setAttribute('aria-busy', 'true');
    const answer = await timedRequest(`/weather?${question}&ask=${Date.now().toString(36)}-${mine}`);
    if (mine !== asked) return;
    button.removeAttribute('aria-disabled');
    setText(button, label);
    byId('answer').removeAttribute('aria-busy');
    const data = answer.status === 200 ? weatherOf(answer.body) : null;
    if (answer.failure) {
      showProblem(failureCard(i18n, answer.failure, limitMs()));
    } else if (data) {
      showFaults([]);
      showResult(answer, data, mock);
    } else {
      showProblem(problemCard(i18n, answer, { lab: byId('mock') !== null, mock }));
    }
    remember(question);
  }

  // Puts the question into the URL and the language links, so that reloading, sharing and switching language keep it.
  function remember(question) {
    const chosen = form.elements.namedItem('lang')?.value;
    for (const link of document.querySelectorAll('[data-lang]')) {
      link.href = `/weather?${question}&lang=${link.dataset.lang}`;
    }
    history.replaceState(null, '', `/weather?${question}${chosen ? `&lang=${chosen}` : ''}`);
  }

  for (const name of ['lat', 'lon']) byId(name).addEventListener('change', tidy);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') !== 'true') ask();
  });
  byId('mock-offer').addEventListener('click', (event) => {
    event.preventDefault();
    byId('mock').checked = true;
    button.focus();
    ask();
  });

  // A card that the server rendered ages as well.
  const shown = byId('result');
  if (!shown.hidden) {
    const seconds = (id) => Number.parseInt(byId(id).textContent, 10) || 0;
    tick(seconds('age'), seconds('left'));
  }
}
