// Draws the stops of a read: the state of each in the last answer, and how long it took.

import { byId, setText } from './dom.js';

function memoryState(fromMemory, { xCache, cacheStatus }) {
  if (fromMemory) return 'answered';
  return xCache === 'BYPASS' || cacheStatus.includes('fwd=request') ? 'skipped' : 'passed';
}

function redisState(fromRedis, { cacheStatus, timing }) {
  if (cacheStatus.includes('redis-unavailable')) return 'failed';
  if (fromRedis) return 'answered';
  if (!timing.redis) return 'skipped';
  // The soft wait ended before the load began.
  return cacheStatus.includes('soft-timeout') && !timing.upstream ? 'slow' : 'passed';
}

function providerState(fromTier, { cacheStatus, timing }) {
  if (cacheStatus.includes('stale-if-error')) return 'failed';
  if (cacheStatus.includes('soft-timeout')) return timing.upstream ? 'slow' : 'skipped';
  if (cacheStatus.includes('collapsed')) return 'waited';
  return fromTier ? 'skipped' : 'answered';
}

// Derives the stops of an answer from its headers and its source. read_path() in src/endpoints/page_model.cpp does the
// same for the page without scripts; the table tests/unit/endpoints/read_paths.json tests both.
export function stopsOf(answer, source, tiers) {
  const fromMemory = source.startsWith('Memory');
  const fromRedis = source.startsWith('Redis');
  const { cache, redis, upstream } = answer.timing;
  const off = { state: 'off', took: undefined };
  return {
    memory: tiers.memory ? { state: memoryState(fromMemory, answer), took: fromMemory ? cache?.dur : undefined } : off,
    redis: tiers.redis ? { state: redisState(fromRedis, answer), took: redis?.dur } : off,
    provider: { state: providerState(fromMemory || fromRedis, answer), took: upstream?.dur },
  };
}

export function showPath(i18n, answer, source, mock) {
  const { t } = i18n;
  const { memory, redis } = document.body.dataset;
  const stops = stopsOf(answer, source, { memory: memory === 'true', redis: redis === 'true' });
  const provider = t(mock ? 'live.mock-api' : 'live.provider');
  const names = { memory: t('live.stop-memory'), redis: 'Redis', provider };
  setText(byId('stop-provider').querySelector('[data-part=name]'), provider);
  const sentences = [];
  for (const [name, { state, took }] of Object.entries(stops)) {
    const group = byId(`stop-${name}`);
    const word = t(`live.state-${state}`);
    group.dataset.state = state;
    setText(group.querySelector('[data-part=state]'), word);
    setText(group.querySelector('[data-part=time]'), took === undefined ? '' : i18n.ms(took));
    sentences.push(`${names[name]}: ${word}${took === undefined ? '' : ` (${i18n.ms(took)})`}.`);
  }
  const service = answer.timing.total?.dur;
  if (service !== undefined) {
    sentences.push(t('live.path-browser', {
      browser: i18n.ms(answer.duration),
      service: i18n.ms(service),
      network: i18n.ms(Math.max(0, answer.duration - service)),
    }));
  }
  setText(byId('path-total'), i18n.ms(answer.duration));
  setText(byId('path-text'), sentences.join(' '));
}
