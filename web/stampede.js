// The stampede: the service makes the callers itself; the page shows the service's counts.

import { byId, setText, svg } from './dom.js';
import { limitMs, patience } from './patience.js';

export function startStampede(i18n) {
  const { t } = i18n;
  const button = byId('stampede-run');

  // One dot per caller; the dot of a caller that cost a call to the mock is filled.
  function dots(callers, calls) {
    const columns = 20;
    const rows = Math.ceil(callers / columns);
    const picture = svg('svg', { viewBox: `0 0 ${columns * 12} ${rows * 12}`, 'aria-hidden': 'true' });
    for (let i = 0; i < callers; ++i) {
      picture.append(svg('circle', {
        cx: (i % columns) * 12 + 6, cy: Math.floor(i / columns) * 12 + 6, r: i < calls ? 5 : 3.5, class: i < calls ? 'call' : 'waits',
      }));
    }
    return picture;
  }

  function show(name, callers, herd) {
    const panel = byId('herds').querySelector(`[data-herd=${name}]`);
    const part = (which) => panel.querySelector(`[data-part=${which}]`);
    setText(part('calls'), i18n.whole(herd.provider_calls));
    setText(part('calls-word'), t(herd.provider_calls === 1 ? 'live.call' : 'live.calls', { n: i18n.whole(callers) }));
    part('dots').replaceChildren(dots(callers, herd.provider_calls));
    setText(part('time'), t(herd.errors > 0 ? 'live.last-answer-errors' : 'live.last-answer', {
      time: i18n.ms(herd.last_answer_ms), n: herd.errors,
    }));
  }

  function announce(text) {
    setText(byId('stampede-status'), text);
  }

  // Without a result, the numbers that stand there are those of the run before.
  function setOld(old) {
    byId('herds').classList.toggle('old', old);
    byId('herds-old').hidden = !old || byId('herds').hidden;
  }

  function fail(text) {
    announce(text);
    setOld(true);
  }

  async function start() {
    const callers = Number(byId('callers').value);
    button.setAttribute('aria-disabled', 'true');
    setText(button, t('live.running'));
    announce(t('live.stampede-running', { n: callers }));
    const limit = patience(limitMs(4)); // two herds, one after the other, and before them perhaps another client's two
    try {
      const response = await fetch(`/lab/stampede?n=${callers}`, { method: 'POST', cache: 'no-store', signal: limit.signal });
      if (response.ok) {
        const result = await response.json();
        show('bypass', result.callers, result.bypass);
        show('collapsed', result.callers, result.collapsed);
        byId('herds').hidden = false;
        setOld(false);
        announce(t(result.collapsed.provider_calls === 1 ? 'live.stampede-result' : 'live.stampede-results', {
          collapsed: i18n.whole(result.collapsed.provider_calls), bypass: i18n.whole(result.bypass.provider_calls),
        }));
      } else {
        fail(response.status === 429 ? t('live.stampede-busy')
          : t('live.stampede-failed', { what: t('live.what-status', { status: response.status }) }));
      }
    } catch {
      fail(t('live.stampede-failed', { what: t(limit.late ? 'live.what-timeout' : 'live.what-network') }));
    }
    limit.end();
    button.removeAttribute('aria-disabled');
    setText(button, t('live.stampede-run'));
  }

  byId('stampede-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') !== 'true') start();
  });
}
