// Takes Redis away from the mock's questions for ten seconds. Counts down, also when another visitor has done it, which
// /stats tells of.

import { byId, setText } from './dom.js';
import { limitMs, patience } from './patience.js';

// The rest of an outage that is just ending here may still be told by an answer that was sent before.
const ENDING_MS = 500;

// `onBegin` is called when this page begins an outage. The result is called with the rest of an outage in ms, or 0, as
// /stats tells it.
export function startOutage(i18n, { onBegin }) {
  const { t } = i18n;
  const button = byId('outage-run');
  let until = null; // by performance.now()

  function announce(text) {
    setText(byId('outage-status'), text);
  }

  function tick() {
    const left = until - performance.now();
    if (left > 0) {
      setText(byId('outage-left'), t('live.outage-left', { n: i18n.whole(Math.ceil(left / 1000)) }));
      setTimeout(tick, left % 1000 || 1000);
      return;
    }
    until = null;
    setText(byId('outage-left'), '');
    announce(t('live.outage-over'));
  }

  function count(left) {
    until = performance.now() + left;
    announce(t('live.outage-on'));
    tick();
  }

  async function begin() {
    button.setAttribute('aria-disabled', 'true');
    const limit = patience(limitMs());
    try {
      const response = await fetch('/lab/redis-outage', { method: 'POST', cache: 'no-store', signal: limit.signal });
      if (response.ok) {
        const { outage_ms: span } = await response.json();
        onBegin();
        count(span);
      } else {
        announce(response.status === 429 ? t('live.outage-again', { n: response.headers.get('Retry-After') })
          : t('live.outage-failed', { what: t('live.what-status', { status: response.status }) }));
      }
    } catch {
      announce(t('live.outage-failed', { what: t(limit.late ? 'live.what-timeout' : 'live.what-network') }));
    }
    limit.end();
    button.removeAttribute('aria-disabled');
  }

  button?.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') begin();
  });

  return (left) => {
    if (button && until === null && left > ENDING_MS) count(left);
  };
}
