// Shows what the cache is doing, from /stats. Asks only while the tab is visible, and never during a battle.

import { byId, setText } from './dom.js';
import { patience } from './patience.js';

const EVERY_MS = 2000;
const OUTAGE_EVERY_MS = 500; // while the laboratory has taken Redis away
const LIMIT_MS = 4000; // the service has these numbers in memory

// Number of answers that needed no load of their own: copies, and answers of loads that other requests had started. A
// kept copy that was served because its load failed or was slow does not count, since that load was made. The mock's
// answers count.
export function loadsSaved({ hits, requests, stale_served: stale }) {
  return hits - stale.if_error - stale.soft_timeout + requests.collapsed + requests.lease;
}

// `onOutage` is called with the rest of the laboratory's outage of Redis, in ms; 0 without one.
export function startStats(i18n, { onOutage }) {
  const { t, counted } = i18n;
  const tiles = byId('tiles');
  const lab = byId('battle') !== null;
  let paused = false;
  let timer = 0;
  let shownAt = null; // time at which the shown numbers arrived
  let every = EVERY_MS;
  let readsFailed = null; // before the outage; null for a page that was opened during it

  function tile(name, value, note) {
    setText(tiles.querySelector(`[data-stat=${name}]`), value);
    setText(tiles.querySelector(`[data-stat=${name}-note]`), note);
  }

  function show(stats) {
    const { provider_calls: provider, memory, redis } = stats;
    tile('ratio', stats.lookups === 0 ? '–' : i18n.percent(stats.hit_ratio), counted('live.stat-ratio', stats.lookups, { hits: i18n.whole(stats.hits), all: i18n.whole(stats.lookups) }));
    const calls = Object.values(provider).reduce((sum, count) => sum + count, 0);
    const saved = { calls: i18n.whole(calls), mock: i18n.whole(stats.mock.calls) };
    tile('saved', i18n.whole(loadsSaved(stats)), lab ? counted('live.stat-saved', calls, saved) : counted('live.stat-saved-plain', calls, saved));
    const off = memory.state === 'off';
    tile('memory', off ? t('live.stat-memory-off') : i18n.bytes(memory.bytes),
      off ? '' : counted('live.stat-memory', memory.entries, { entries: i18n.whole(memory.entries), limit: i18n.bytes(memory.limit_bytes) }));
    showRedis(redis);
  }

  function awayNote(seconds, readsFailedNow, breaker) {
    const n = i18n.whole(seconds);
    if (readsFailed === null) return t('live.stat-away-plain', { n, breaker });
    const failed = readsFailedNow - readsFailed;
    return counted('live.stat-away', failed, { n, failed: i18n.whole(failed), breaker });
  }

  function showRedis(redis) {
    const left = redis.outage_ms_left;
    every = left > 0 ? OUTAGE_EVERY_MS : EVERY_MS;
    onOutage(left);
    if (redis.state === 'off') return tile('redis', t('live.redis-off'), t('live.redis-off-note'));
    const breaker = t(`live.breaker-${redis.breaker}`);
    if (left > 0 && redis.state === 'up') {
      return tile('redis', t('live.redis-away'), awayNote(Math.ceil(left / 1000), redis.reads_failed, breaker));
    }
    readsFailed = redis.reads_failed;
    const errors = redis.errors + redis.timeouts;
    return tile('redis', t(`live.redis-${redis.state}`), t('live.stat-redis', {
      commands: counted('live.stat-commands', redis.commands, { n: i18n.whole(redis.commands) }),
      errors: counted('live.stat-errors', errors, { n: i18n.whole(errors) }),
      breaker,
    }));
  }

  function gone() {
    if (shownAt === null) return t('live.stats-none');
    return t('live.stats-gone', { n: i18n.whole(Math.round((performance.now() - shownAt) / 1000)) });
  }

  async function ask() {
    clearTimeout(timer);
    if (paused || document.hidden) return;
    const limit = patience(LIMIT_MS);
    try {
      const response = await fetch('/stats', { cache: 'no-store', signal: limit.signal });
      if (!response.ok) throw new Error(String(response.status));
      show(await response.json());
      shownAt = performance.now();
      if (!paused) setText(byId('stats-state'), t(lab ? 'live.stats-every' : 'live.stats-every-plain'));
    } catch {
      if (!paused) setText(byId('stats-state'), gone());
    }
    limit.end();
    clearTimeout(timer);
    if (!paused && !document.hidden) timer = setTimeout(ask, every);
  }

  document.addEventListener('visibilitychange', ask);
  ask();
  return {
    ask,
    pause(busy) {
      paused = busy;
      if (busy) setText(byId('stats-state'), t('live.stats-paused'));
      ask();
    },
  };
}
