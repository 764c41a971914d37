// Times one request with Resource Timing, from request sent to last byte. This excludes the wait for a free connection
// and the time of the page's own script.

import { limitMs, patience } from './patience.js';

const waiting = new Map(); // URL -> callback for its entry

if (typeof PerformanceObserver === 'function') {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      waiting.get(entry.name)?.(entry);
      waiting.delete(entry.name);
    }
    performance.clearResourceTimings(); // the browser's buffer holds 250 entries and then drops new ones
  }).observe({ type: 'resource' });
}

// The entry arrives shortly after the answer. Without an entry by then, the page's own clock is used.
const ENTRY_WAIT_MS = 1000;

function entryOf(url) {
  return new Promise((resolve) => {
    waiting.set(url, resolve);
  });
}

const orNothing = (promise, ms) =>
  Promise.race([promise, new Promise((resolve) => { setTimeout(resolve, ms, null); })]);

// Server-Timing (W3C) as { name: { dur, desc } }.
export function parseServerTiming(text) {
  const metrics = {};
  for (const part of (text ?? '').split(',')) {
    const [name, ...parameters] = part.split(';').map((each) => each.trim());
    if (!name) continue;
    metrics[name] = {};
    for (const parameter of parameters) {
      const [key, value = ''] = parameter.split('=');
      metrics[name][key] = key === 'dur' ? Number(value) : value.replaceAll('"', '');
    }
  }
  return metrics;
}

function failureOf(error, limit) {
  if (limit.late) return 'timeout';
  return error.name === 'AbortError' ? 'aborted' : 'network';
}

// Never rejects, and always ends. Each `url` must be unique, because the timing entry is found by its URL.
export async function timedRequest(url, { signal, accept = 'application/json' } = {}) {
  const limit = patience(limitMs(), signal);
  const absolute = new URL(url, location.href).href;
  const entryComes = entryOf(absolute);
  const sent = performance.now();
  let response;
  let body;
  try {
    response = await fetch(url, { cache: 'no-store', headers: { Accept: accept }, signal: limit.signal });
    body = await response.text();
  } catch (error) {
    waiting.delete(absolute);
    return { start: sent, failure: failureOf(error, limit) };
  } finally {
    limit.end();
  }
  const received = performance.now();
  const entry = await orNothing(entryComes, ENTRY_WAIT_MS);
  waiting.delete(absolute);
  const exact = entry !== null && entry.requestStart > 0 && entry.responseEnd >= entry.requestStart;
  return {
    start: exact ? entry.requestStart : sent,
    duration: exact ? entry.responseEnd - entry.requestStart : received - sent,
    clock: exact ? 'resource-timing' : 'page',
    status: response.status,
    body,
    xCache: response.headers.get('X-Cache'),
    cacheStatus: response.headers.get('Cache-Status') ?? '',
    age: response.headers.get('Age'),
    retryAfter: response.headers.get('Retry-After'),
    timing: parseServerTiming(response.headers.get('Server-Timing')),
  };
}

// The smallest clock step that the page can observe.
export function clockStep() {
  let smallest = Infinity;
  const until = performance.now() + 15;
  for (let before = performance.now(); before < until; ) {
    const now = performance.now();
    if (now > before) smallest = Math.min(smallest, now - before);
    before = now;
  }
  // Timestamps are doubles; digits below 0.1 µs are rounding errors.
  return Math.round(smallest * 1e4) / 1e4;
}
