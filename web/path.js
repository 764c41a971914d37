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
  if (cacheStatus.includes('stale-if-error')) return timing.upstream ? 'failed' : 'spared';
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

const SILENT = ['provider-unreachable', 'provider-timeout', 'provider-bad-reply'];
const AT_THE_DOOR = ['client-limited', 'mock-limited'];

// An answer of the provider has a status; a pause or a budget of the service's own has none.
function failedProviderState(kind, { cacheStatus }) {
  if (kind === 'deadline-exceeded') return 'slow';
  if (kind === 'not-cached' || kind === 'cache-unavailable') return 'skipped';
  if (!kind.startsWith('provider-') || cacheStatus.includes('error-memo')) return 'spared';
  if (SILENT.includes(kind)) return 'failed';
  if (!cacheStatus.includes('fwd-status=')) return 'spared';
  return kind === 'provider-error' ? 'failed' : 'refused';
}

// The stops of a question that ended in an error of this kind; null if the answer does not tell how far it got.
// failed_path() in src/endpoints/page_model.cpp does the same; tests/unit/endpoints/failed_paths.json tests both.
export function failedStops(answer, kind, tiers) {
  const { cacheStatus } = answer;
  if (!cacheStatus || kind === 'internal' || kind === 'draining') return null;
  const bypass = cacheStatus.includes('fwd=bypass');
  const askedRedis = !bypass && !cacheStatus.includes('error-memo') && !AT_THE_DOOR.includes(kind);
  const redis = cacheStatus.includes('redis-unavailable') ? 'failed' : 'passed';
  const off = { state: 'off' };
  return {
    memory: tiers.memory ? { state: bypass ? 'skipped' : 'passed' } : off,
    redis: tiers.redis ? { state: askedRedis ? redis : 'skipped' } : off,
    provider: { state: failedProviderState(kind, answer) },
  };
}

const tiersOf = ({ memory, redis }) => ({ memory: memory === 'true', redis: redis === 'true' });

// Draws the stops and returns a sentence about each.
function draw(i18n, stops, mock) {
  const { t } = i18n;
  const provider = t(mock ? 'live.mock-api' : 'live.provider');
  const names = { memory: t('live.stop-memory'), redis: 'Redis', provider };
  setText(byId('stop-provider').querySelector('[data-part=name]'), provider);
  return Object.entries(stops).map(([name, { state, took }]) => {
    const group = byId(`stop-${name}`);
    const word = t(`live.state-${state}`);
    group.dataset.state = state;
    setText(group.querySelector('[data-part=state]'), word);
    setText(group.querySelector('[data-part=time]'), took === undefined ? '' : i18n.ms(took));
    return `${names[name]}: ${word}${took === undefined ? '' : ` (${i18n.ms(took)})`}.`;
  });
}

export function showPath(i18n, answer, source, mock) {
  const sentences = draw(i18n, stopsOf(answer, source, tiersOf(document.body.dataset)), mock);
  const service = answer.timing.total?.dur;
  if (service !== undefined) {
    sentences.push(i18n.t('live.path-browser', {
      browser: i18n.ms(answer.duration),
      service: i18n.ms(service),
      network: i18n.ms(Math.max(0, answer.duration - service)),
    }));
  }
  setText(byId('path-total'), i18n.ms(answer.duration));
  setText(byId('path-text'), sentences.join(' '));
}

// `kind` of error; empty for an answer that is not this service's, or for none.
export function showFailedPath(i18n, answer, kind, mock) {
  const tiers = tiersOf(document.body.dataset);
  const stops = kind ? failedStops(answer, kind, tiers) : null;
  const idle = (exists) => ({ state: exists ? 'idle' : 'off' });
  const sentences = draw(i18n, stops ?? { memory: idle(tiers.memory), redis: idle(tiers.redis), provider: idle(true) }, mock);
  const why = kind === 'bad-parameter' ? 'live.path-nothing' : 'live.path-unknown';
  setText(byId('path-total'), stops ? i18n.ms(answer.duration) : '');
  setText(byId('path-text'), stops ? sentences.join(' ') : i18n.t(why));
}
