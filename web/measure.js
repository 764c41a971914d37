// One request, timed as the browser's network layer saw it: Resource Timing, request sent to last byte. Waiting for a
// free connection and for the page's own script is not part of it.

import { limitMs, patience } from './patience.js';

const waiting = new Map(); // URL -> what to call with its entry

if (typeof PerformanceObserver === 'function') {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      waiting.get(entry.name)?.(entry);
      waiting.delete(entry.name);
    }
    performance.clearResourceTimings(); // the browser keeps 250 and then no more
  }).observe({ type: 'resource' });
}

// The entry comes shortly after the answer; if it does not, the page's own clock has to do.
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

// Never rejects, and ends. `url` must be asked once only, so that its timing can be told from others'.
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

// The smallest step of the clock that the page can see.
export function clockStep() {
  let smallest = Infinity;
  const until = performance.now() + 15;
  for (let before = performance.now(); before < until; ) {
    const now = performance.now();
    if (now > before) smallest = Math.min(smallest, now - before);
    before = now;
  }
  // Timestamps are doubles: what lies below a tenth of a microsecond is their rounding.
  return Math.round(smallest * 1e4) / 1e4;
}
