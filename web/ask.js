// Submits the form without leaving the page, and shows how the server got its answer.

import { byId, setText } from './dom.js';
import { resumeLife, startLife, stopLife } from './life.js';
import { timedRequest } from './measure.js';
import { showFailedPath, showPath } from './path.js';
import { limitMs } from './patience.js';
import { tidyPlace } from './place.js';
import { startPlaces } from './places.js';
import { failureCard, faultText, kindOf, problemCard, weatherOf } from './problem.js';
import { startStrip } from './strip.js';

const SHAPES = { hit: 'bolt', miss: 'turtle', stale: 'clock', bypass: 'detour' };

export function startAsk(i18n) {
  const { t } = i18n;
  const form = byId('ask-form');
  const button = form.querySelector('[type=submit]');
  const label = button.textContent;
  const addToStrip = startStrip(i18n, SHAPES);
  let asked = 0;

  function showOnly(id) {
    for (const each of ['answer-empty', 'result', 'problem']) byId(each).hidden = each !== id;
    if (id !== 'result') stopLife();
  }

  // On a phone the answer is below the form. Only a filled card has its height.
  function bringIntoView(...ids) {
    for (const id of ids) byId(id).scrollIntoView({ block: 'nearest' });
  }

  // A value and its unit; a dash and a text where the provider has no value.
  const reading = (value, unit) => (value === null ? [i18n.tenths(value), t('live.no-value')] : [i18n.tenths(value), unit]);

  function showResult(answer, data, mock) {
    const mark = SHAPES[answer.xCache?.toLowerCase()] ? answer.xCache.toLowerCase() : 'miss';
    const units = data.current_units ?? {};
    const temperature = reading(data.current.temperature_2m, units.temperature_2m ?? '°C');
    const wind = reading(data.current.wind_speed_10m, units.wind_speed_10m ?? 'km/h');
    showOnly('result');
    byId('result').dataset.mark = mark;
    byId('mark-icon').setAttribute('href', `#${SHAPES[mark]}`);
    setText(byId('mark-word'), t(`live.mark-${mark}`));
    setText(byId('mark-note'), t(`live.note-${mark}`));
    setText(byId('took'), i18n.number(answer.duration));
    setText(byId('took-what'), t('live.took-browser'));
    setText(byId('temperature'), temperature[0]);
    setText(byId('temperature-unit'), temperature[1]);
    setText(byId('wind'), wind[0]);
    setText(byId('wind-unit'), wind[1]);
    const source = i18n.has(`source.${data.source}`) ? t(`source.${data.source}`) : data.source;
    const place = `${data.latitude ?? '–'}, ${data.longitude ?? '–'}`;
    setText(byId('source'), source);
    setText(byId('place'), place);
    byId('value-of-row').hidden = !data.current.time;
    startLife(i18n, {
      age: Number(answer.age ?? 0),
      left: Number(/\bttl=(-?\d+)/.exec(answer.cacheStatus)?.[1] ?? 0),
      measured: data.current.time ? Date.parse(`${data.current.time}Z`) : undefined,
    });
    showPath(i18n, answer, data.source, mock);
    const compared = addToStrip({ place: `${place} ${mock}`, mark, time: answer.duration });
    bringIntoView('result', 'strip');
    const said = t(`live.asked-${mark}`, { source, temperature: temperature.join(' '), time: i18n.ms(answer.duration) });
    setText(byId('ask-status'), [`${said}.`, compared].filter(Boolean).join(' '));
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
    bringIntoView('problem');
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
    setText(byId('place-status'), '');
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
    if (data) {
      showFaults([]);
      showResult(answer, data, mock);
    } else {
      showFailure(answer, mock);
    }
    remember(question);
  }

  function showFailure(answer, mock) {
    const kind = answer.failure ? '' : kindOf(answer);
    showProblem(answer.failure ? failureCard(i18n, answer.failure, limitMs()) : problemCard(i18n, answer, { lab: byId('mock') !== null, mock }));
    showFailedPath(i18n, answer, kind, mock);
    if (kind !== 'bad-parameter') addToStrip({ mark: 'failed', time: answer.duration });
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

  startPlaces(i18n, ask);
  if (!byId('result').hidden) resumeLife(i18n);
}
