// The drawing of a read's stops: which ones the last answer took, and how long each was.

import { byId, setText } from './dom.js';

// The stops of an answer, from its headers and the source that it names.
export function stopsOf({ xCache, cacheStatus, timing }, source, redisConfigured) {
  const took = { redis: timing.redis?.dur, provider: timing.upstream?.dur };
  const stops = {
    memory: { state: xCache === 'BYPASS' ? 'skipped' : 'passed' },
    redis: { state: took.redis === undefined ? 'skipped' : 'passed', took: took.redis },
    provider: { state: 'skipped', took: took.provider },
  };
  if (source.startsWith('Memory')) {
    stops.memory = { state: 'answered', took: timing.total?.dur };
  } else if (source.startsWith('Redis')) {
    stops.redis.state = 'answered';
  } else {
    stops.provider.state = cacheStatus.includes('collapsed') ? 'waited' : 'answered';
  }
  if (cacheStatus.includes('redis-unavailable')) stops.redis.state = 'failed';
  if (!redisConfigured) stops.redis = { state: 'off' };
  return stops;
}

export function showPath(i18n, answer, source, mock) {
  const { t } = i18n;
  const stops = stopsOf(answer, source, document.body.dataset.redis === 'true');
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
