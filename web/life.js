// Shows the age of an answer and how much of its life is left, as numbers and as a ring that runs out, second by second.

import { byId, setText } from './dom.js';

let ticking = 0;

export function stopLife() {
  clearInterval(ticking);
}

// `age` and `left` in seconds at this moment; `left` may be below 0. `measured`, if any, is the time of the value, in
// ms since 1970.
export function startLife(i18n, { age, left, measured }) {
  const { t } = i18n;
  const from = performance.now();
  const whole = Math.max(1, age + Math.max(0, left));
  const show = () => {
    const passed = Math.floor((performance.now() - from) / 1000);
    const now = Math.max(0, left - passed);
    setText(byId('age'), t('live.seconds', { n: i18n.whole(age + passed) }));
    setText(byId('left'), now > 0 ? t('live.seconds', { n: i18n.whole(now) }) : t('live.not-fresh'));
    byId('ring').setAttribute('stroke-dashoffset', String(100 - Math.round((100 * now) / whole)));
    if (measured !== undefined) setText(byId('value-of'), i18n.moment(measured));
  };
  stopLife();
  show();
  ticking = setInterval(show, 1000);
}

// Takes over the card that the service rendered.
export function resumeLife(i18n) {
  const seconds = (id) => Number.parseInt(byId(id).textContent, 10) || 0;
  const measured = Date.parse(byId('value-of').dateTime);
  startLife(i18n, { age: seconds('age'), left: seconds('left'), measured: Number.isNaN(measured) ? undefined : measured });
}
