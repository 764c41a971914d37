// The numbers, the rules of a battle, the drawing of a read and the words for problems, without a browser.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';

import { toCsv, toJson } from '../../web/export.js';
import { makeI18n } from '../../web/i18n.js';
import { compare, laneSummary, parallelFor, problemOf, run, toSample, waited, whyElsewhere } from '../../web/lanes.js';
import { parseServerTiming } from '../../web/measure.js';
import { failedStops, stopsOf } from '../../web/path.js';
import { tidyPlace } from '../../web/place.js';
import { patience } from '../../web/patience.js';
import { failureCard, kindOf, problemCard, weatherOf } from '../../web/problem.js';
import { loadsSaved } from '../../web/stats.js';
import { busyTime, logHistogram, mean, median, quantile, random, rate, ratioOfMedians, sorted, summarize } from '../../web/statistics.js';
import { comparison, verdict } from '../../web/strip.js';

const read = async (language) => JSON.parse(await readFile(new URL(`../../web/${language}.json`, import.meta.url), 'utf8'));
const texts = { en: await read('en'), 'pt-BR': await read('pt-BR') };
const sourcesIn = async (folder, names) => {
  const directory = new URL(`../../${folder}/`, import.meta.url);
  const chosen = (await readdir(directory)).filter((name) => names.test(name));
  return (await Promise.all(chosen.map((name) => readFile(new URL(name, directory), 'utf8')))).join('\n');
};
const sources = `${await sourcesIn('web', /\.(js|html)$/)}\n${await sourcesIn('src/pages', /\.cpp$/)}`;

const flat = (groups) => Object.entries(groups).flatMap(([group, entries]) => Object.entries(entries).map(([key, words]) => [`${group}.${key}`, words]));

const close = (actual, expected, tolerance = 1e-9) => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

describe('percentiles', () => {
  it('lie between neighbours in proportion', () => {
    const values = sorted([4, 1, 3, 2]);
    close(quantile(values, 0), 1);
    close(quantile(values, 0.5), 2.5);
    close(quantile(values, 0.9), 3.7);
    close(quantile(values, 1), 4);
  });
  it('sort as numbers, not as words', () => close(median([10, 9, 100]), 10));
  it('of nothing are no number', () => {
    for (const value of [median([]), mean([]), summarize([]).max, summarize([]).p99]) assert.ok(Number.isNaN(value));
  });
  it('of one value are that value', () => assert.deepEqual(summarize([7]), { count: 1, mean: 7, p50: 7, p90: 7, p99: 7, max: 7 }));
});

describe('the rate', () => {
  it('counts the time in which something was under way, once', () => {
    const spans = [{ start: 0, duration: 10 }, { start: 5, duration: 10 }, { start: 100, duration: 5 }, { start: 101, duration: 1 }];
    close(busyTime(spans), 20);
    close(rate(spans), 200);
  });
  it('of nothing is no number', () => assert.ok(Number.isNaN(rate([]))));
});

describe('the histogram', () => {
  it('has edges a constant factor apart and loses nothing', () => {
    const values = [0.5, 1, 1.5, 9.99, 10, 99, 1000, 5000];
    const { counts, edge } = logHistogram(values, 1, 1000, 1);
    assert.deepEqual(counts, [4, 2, 2]);
    close(edge(0), 1);
    close(edge(3), 1000, 1e-6);
  });
});

describe('the ratio of medians', () => {
  const next = random(7);
  const slow = Array.from({ length: 40 }, () => 500 + next() * 20);
  const fast = Array.from({ length: 40 }, () => 1 + next());
  it('is the same for the same seed, and its interval holds it', () => {
    const first = ratioOfMedians(slow, fast, { seed: 3 });
    assert.deepEqual(ratioOfMedians(slow, fast, { seed: 3 }), first);
    close(first.ratio, median(slow) / median(fast));
    assert.ok(first.low <= first.ratio && first.ratio <= first.high);
    assert.ok(first.low > 200 && first.high < 520, JSON.stringify(first));
  });
  it('has an interval without width where nothing varies', () => assert.deepEqual(ratioOfMedians(Array(6).fill(6), Array(6).fill(2)), { ratio: 3, low: 3, high: 3 }));
  it('has no interval from fewer than six of either', () => {
    assert.deepEqual(ratioOfMedians([6], [2]), { ratio: 3, low: null, high: null });
    assert.deepEqual(ratioOfMedians(Array(5).fill(6), Array(50).fill(2)), { ratio: 3, low: null, high: null });
    assert.deepEqual(ratioOfMedians(Array(50).fill(6), Array(5).fill(2)), { ratio: 3, low: null, high: null });
  });
  it('is nothing without both sides', () => assert.equal(ratioOfMedians([], [1]), null));
  it('covers the true ratio in about 95 of 100 experiments', () => {
    const chance = random(11);
    const normal = () => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
    let covered = 0;
    for (let i = 0; i < 200; ++i) {
      const a = Array.from({ length: 50 }, () => 100 * Math.exp(0.2 * normal()));
      const b = Array.from({ length: 50 }, () => 10 * Math.exp(0.2 * normal()));
      const { low, high } = ratioOfMedians(a, b, { resamples: 300, seed: i + 1 });
      if (low <= 10 && 10 <= high) covered += 1;
    }
    assert.ok(covered >= 180 && covered <= 200, `${covered} of 200`);
  });
});

describe('an answer', () => {
  const answer = (over) => ({ status: 200, xCache: 'HIT', cacheStatus: 'weather-cache; hit; ttl=7; detail=memory', timing: { total: { dur: 0.02 } }, start: 105, duration: 2, clock: 'resource-timing', ...over });
  it('is right when it came from its lane', () => assert.equal(problemOf('memory', answer()), null));
  it('from another place is unexpected', () => {
    assert.equal(problemOf('redis', answer()), 'unexpected');
    assert.equal(problemOf('memory', answer({ xCache: 'MISS', cacheStatus: 'weather-cache; fwd=uri-miss' })), 'unexpected');
    assert.equal(problemOf('slow', answer()), 'unexpected');
  });
  it('with another status, or none, is an error and has no time', () => {
    for (const wrong of [answer({ status: 429 }), { start: 3, failure: 'network' }, { start: 3, failure: 'timeout' }]) {
      const sample = toSample('memory', 1, wrong, 0);
      assert.equal(sample.duration, null);
      assert.ok(['status', 'network', 'timeout'].includes(sample.problem));
    }
  });
  it('counts as an error, not as a latency', () => {
    const samples = [toSample('memory', 1, answer(), 100), toSample('memory', 2, { start: 3, failure: 'network' }, 100), toSample('memory', 3, answer({ xCache: 'MISS', duration: 500 }), 100)];
    const summary = laneSummary(samples);
    assert.deepEqual([summary.count, summary.errors, summary.unexpected, summary.max], [2, 1, 1, 500]);
    close(summary.service, 0.02);
    assert.equal(compare([], samples), null);
    assert.equal(waited(samples), 502);
  });
});

describe('the comparison of two lanes', () => {
  const lane = (...times) => times.map((duration) => ({ duration }));
  const six = (time) => lane(...Array(6).fill(time));
  const says = (slow, fast, options) => compare(slow, fast, options)?.says ?? null;
  it('says faster or slower only where its interval does not hold 1', () => {
    assert.equal(says(six(500), six(2)), 'faster');
    assert.equal(says(six(2), six(500)), 'slower');
    assert.equal(says(six(2), six(2)), 'same');
    assert.equal(says(lane(1, 2, 3, 4, 5, 6), lane(1.1, 2.1, 2.9, 4, 5, 6)), 'same');
  });
  it('says nothing certain with too few answers, or without an interval', () => {
    assert.equal(says(lane(500), six(2)), 'few');
    assert.deepEqual(compare(six(500), six(2), { interval: false }), { ratio: 250, low: null, high: null, says: 'few' });
    assert.equal(says([], six(2)), null);
    assert.equal(says([{ duration: null }], six(2)), null);
  });
  it('knows why an answer came from elsewhere', () => {
    assert.equal(whyElsewhere({ xCache: 'MISS', cacheStatus: 'weather-cache; fwd=uri-miss; fwd-status=200; detail=redis-unavailable' }), 'redis-unavailable');
    assert.equal(whyElsewhere({ xCache: 'MISS', cacheStatus: 'weather-cache; fwd=uri-miss; collapsed' }), 'collapsed');
    assert.equal(whyElsewhere({ xCache: 'MISS', cacheStatus: 'weather-cache; fwd=uri-miss' }), 'MISS');
    assert.equal(whyElsewhere({ xCache: null, cacheStatus: null }), '');
  });
});

describe('a run', () => {
  const good = { slow: { xCache: 'BYPASS', cacheStatus: 'fwd=bypass' }, redis: { xCache: 'HIT', cacheStatus: 'hit; detail=redis' }, memory: { xCache: 'HIT', cacheStatus: 'hit; detail=memory' } };
  // A service without a network. Records the requests, and how many were under way at once.
  function service() {
    const state = { urls: [], active: 0, most: { slow: 0, redis: 0, memory: 0, all: 0 }, now: 0 };
    const active = { slow: 0, redis: 0, memory: 0 };
    state.ask = async (url, signal) => {
      const lane = /run=\w+-(\w+)-/.exec(url)[1];
      state.urls.push(url);
      active[lane] += 1;
      state.active += 1;
      state.most[lane] = Math.max(state.most[lane], active[lane]);
      state.most.all = Math.max(state.most.all, state.active);
      for (let i = 0; i < (lane === 'slow' ? 20 : 2); ++i) await null;
      active[lane] -= 1;
      state.active -= 1;
      if (signal.aborted) return { start: 0, failure: 'aborted' };
      return { status: 200, start: state.now++, duration: 1, timing: {}, ...good[lane] };
    };
    return state;
  }
  async function play(lanes, n, parallel, { stopAfter = Infinity } = {}) {
    const state = service();
    const controller = new AbortController();
    const samples = [];
    const warm = [];
    await run({
      lanes, n, parallel, ask: state.ask, signal: controller.signal, now: () => 0, id: 'x',
      onBegin() {}, onWarm: (lane) => warm.push(lane),
      onSample(sample) {
        samples.push(sample);
        if (samples.length === stopAfter) controller.abort();
      },
    });
    return { state, samples, warm };
  }
  it('asks exactly n times per lane, the same question, after a warm-up of the cached lanes', async () => {
    for (const parallel of [1, 2]) {
      const { state, samples, warm } = await play(['slow', 'redis', 'memory'], 21, parallel);
      for (const lane of ['slow', 'redis', 'memory']) assert.equal(samples.filter((sample) => sample.lane === lane).length, 21);
      assert.deepEqual(warm, ['redis', 'memory']);
      assert.equal(new Set(state.urls).size, state.urls.length, 'every request must have its own URL');
      assert.equal(new Set(state.urls.map((url) => url.replace(/&cache=.*/, ''))).size, 1, 'one question');
    }
  });
  it('lets no lane have more under way than it may, and takes turns', async () => {
    const { state, samples } = await play(['slow', 'redis', 'memory'], 20, 2);
    assert.deepEqual([state.most.slow, state.most.redis, state.most.memory], [2, 2, 2]);
    assert.ok(state.most.all <= 4);
    const half = samples.slice(0, samples.length / 2);
    for (const lane of ['slow', 'redis', 'memory']) assert.ok(half.filter((sample) => sample.lane === lane).length >= 8, 'interleaved');
  });
  it('keeps a lane alone as busy as it may be', async () => {
    const { state, samples } = await play(['slow'], 20, 6);
    assert.equal(state.most.slow, 6);
    assert.equal(samples.length, 20);
  });
  it('ends soon after Stop and keeps what it has', async () => {
    const { state, samples } = await play(['slow', 'redis', 'memory'], 100, 1, { stopAfter: 10 });
    assert.ok(samples.length >= 10 && samples.length <= 12, String(samples.length));
    assert.ok(state.urls.length < 20);
  });
  it('has at most two at a time per lane when lanes run together', () => {
    assert.equal(parallelFor(['slow'], 6), 6);
    assert.equal(parallelFor(['slow', 'memory'], 6), 2);
    assert.equal(parallelFor(['slow', 'memory'], 1), 1);
  });
});

// The service draws the same picture without scripts. Its own test reads the same table.
describe('the drawing of a read', async () => {
  const table = JSON.parse(await readFile(new URL('../unit/endpoints/read_paths.json', import.meta.url), 'utf8'));
  const sources = { memory: 'Memory Cache ⚡', redis: 'Redis Cache ⚡', loader: 'Mock API (Slow) 🐢' };
  for (const { name, served, headers, drawn, memory, redis } of table) {
    it(`of ${name}`, () => {
      const answer = { xCache: headers['X-Cache'], cacheStatus: headers['Cache-Status'], timing: parseServerTiming(headers['Server-Timing']) };
      const stops = stopsOf(answer, sources[served.tier], { memory: memory !== 'off', redis: redis !== 'off' });
      const asDrawn = Object.fromEntries(Object.entries(stops).map(([stop, { state, took }]) => [stop, took === undefined ? { state } : { state, ms: took }]));
      assert.deepEqual(asDrawn, drawn);
    });
  }
});

describe('the drawing of a question that failed', async () => {
  const table = JSON.parse(await readFile(new URL('../unit/endpoints/failed_paths.json', import.meta.url), 'utf8'));
  for (const { name, error, headers, drawn, memory, redis } of table) {
    it(`at ${name}`, () => {
      const answer = { cacheStatus: headers['Cache-Status'] };
      const stops = failedStops(answer, error.kind, { memory: memory !== 'off', redis: redis !== 'off' });
      assert.deepEqual(stops && Object.fromEntries(Object.entries(stops).map(([stop, { state }]) => [stop, state])), drawn);
    });
  }
  it('shows nothing where the answer says nothing', () => assert.equal(failedStops({ cacheStatus: '' }, 'overloaded', {}), null));
  it('knows the kind of this service’s errors alone', () => {
    assert.equal(kindOf({ body: '{"type":"/problems/provider-error"}' }), 'provider-error');
    for (const body of ['{"type":"about:blank"}', '<html>', '', 'null']) assert.equal(kindOf({ body }), '', body);
  });
});

describe('the comparison of the last answers', () => {
  const i18n = makeI18n('en', Object.fromEntries(flat(texts.en)));
  const answer = (place, mark, time) => ({ place, mark, time });
  const said = (...answers) => verdict(i18n, comparison(answers));
  it('is the latest fetched answer over the latest copy, of the last answer’s place', () => {
    const answers = [answer('a', 'miss', 900), answer('a', 'miss', 500), answer('b', 'hit', 1), answer('a', 'hit', 4), answer('a', 'hit', 2)];
    assert.deepEqual(comparison(answers), { miss: 500, hit: 2, ratio: 250 });
    assert.deepEqual(said(...answers), { ratio: '250×', words: 'as fast with the copy: 2 ms instead of 500 ms.' });
  });
  it('is not made from half of it', () => {
    assert.equal(comparison([]), null);
    assert.deepEqual(said(answer('a', 'miss', 500)), { ratio: '', words: texts.en.live['strip-no-hit'] });
    assert.deepEqual(said(answer('a', 'miss', 500), answer('b', 'hit', 2)), { ratio: '', words: texts.en.live['strip-no-miss'] });
    assert.deepEqual(said(answer('a', 'miss', 500), answer('a', 'stale', 2)), { ratio: '', words: texts.en.live['strip-no-hit'] });
  });
  it('claims no difference where there is none', () => {
    for (const hit of [480, 500, 600]) assert.equal(said(answer('a', 'miss', 500), answer('a', 'hit', hit)).ratio, '', `${hit} ms`);
  });
  it('is not changed by a question that failed', () => {
    assert.equal(comparison([answer('a', 'miss', 500), answer('a', 'hit', 2), { mark: 'failed' }]).ratio, 250);
    assert.equal(comparison([{ mark: 'failed' }]), null);
  });
});

// The service reads the form in the same way without scripts. Its own test reads the same table.
describe('coordinates as people write them', async () => {
  const table = JSON.parse(await readFile(new URL('../unit/endpoints/typed_places.json', import.meta.url), 'utf8'));
  for (const { typed, read } of table) {
    it(`like ${JSON.stringify(typed)} are read as ${JSON.stringify(read)}`, () => {
      assert.deepEqual(tidyPlace(...typed), read);
      assert.deepEqual(tidyPlace(...read), read);
    });
  }
});

describe('patience', () => {
  it('ends by itself, and says so', async () => {
    const limit = patience(5);
    await once(limit.signal, 'abort');
    assert.equal(limit.late, true);
  });
  it('ends with whoever ends it before, who is not late', () => {
    const outer = new AbortController();
    const limit = patience(60_000, outer.signal);
    assert.equal(limit.signal.aborted, false);
    outer.abort();
    assert.deepEqual([limit.signal.aborted, limit.late], [true, false]);
    limit.end();
    const after = patience(60_000, outer.signal);
    assert.equal(after.signal.aborted, true);
    after.end();
  });
  it('that is not needed any more ends nothing', async () => {
    const limit = patience(1);
    limit.end();
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    assert.equal(limit.signal.aborted, false);
  });
});

describe('the weather in an answer', () => {
  const good = { latitude: 1, longitude: 2, current: { temperature_2m: 25.0, wind_speed_10m: 10.0 }, source: 'Memory Cache ⚡' };
  it('is read from what has it', () => assert.deepEqual(weatherOf(JSON.stringify(good)), good));
  it('may have no value at a place', () => {
    const empty = { ...good, current: { temperature_2m: null, wind_speed_10m: null } };
    assert.deepEqual(weatherOf(JSON.stringify(empty)), empty);
  });
  it('is not there where the answer is not this service’s', () => {
    for (const body of [JSON.stringify({ ...good, current: { temperature_2m: 1 } }), '<html>Sign in</html>', '', 'null', '[]', '{}', JSON.stringify({ ...good, source: undefined }), JSON.stringify({ ...good, current: { temperature_2m: 'warm' } })]) {
      assert.equal(weatherOf(body), null, body);
    }
  });
});

describe('the words for a problem', () => {
  const i18n = (language) => makeI18n(language, Object.fromEntries(flat(texts[language])));
  const id = '5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11';
  const problem = (kind, status, more = {}) => ({ status, body: JSON.stringify({ type: `/problems/${kind}`, title: 'T', status, instance: `urn:uuid:${id}`, ...more }) });
  const card = (answer, { language = 'en', lab = true, mock = false } = {}) => problemCard(i18n(language), answer, { lab, mock });
  it('show the detail of any, as the English that it is, and the request', () => {
    for (const language of ['en', 'pt-BR']) {
      for (const [kind, status] of [['uri-too-long', 414], ['provider-error', 502], ['provider-limited', 429], ['internal', 500]]) {
        const shown = card(problem(kind, status, { detail: 'the provider limits this service' }), { language });
        assert.deepEqual([shown.detail, shown.language, shown.request], ['the provider limits this service', 'en', id]);
        assert.ok(shown.label);
        assert.ok(shown.title.startsWith(`${status} · ${texts[language].error[kind]}`));
      }
    }
  });
  it('name faults in the page’s language', () => {
    const shown = card(problem('bad-parameter', 400, { detail: 'format is empty', errors: [{ parameter: 'format', detail: 'is empty' }] }), { language: 'pt-BR' });
    assert.deepEqual([shown.detail, shown.language, shown.label], ['format está vazio', 'pt-BR', '']);
    assert.equal(shown.advice, texts['pt-BR'].error['advice-parameter']);
  });
  it('leave what stands at the fields of the form to the fields', () => {
    const errors = [{ parameter: 'lat', detail: 'is missing' }, { parameter: 'mock', detail: 'must be true or false' }, { parameter: 'lon', detail: 'is empty' }];
    const some = card(problem('bad-parameter', 400, { detail: 'all of it', errors }));
    assert.deepEqual([some.detail, some.advice, some.errors], ['mock must be true or false', texts.en.error['advice-marked'], errors]);
    const none = card(problem('bad-parameter', 400, { detail: 'lat is missing', errors: errors.slice(0, 1) }));
    assert.deepEqual([none.detail, none.advice], ['', texts.en.error['advice-marked']]);
  });
  it('say when to ask again once, in seconds if they are known', () => {
    const vague = Object.entries(texts.en.live).filter(([key]) => key.startsWith('again-')).map(([, words]) => words);
    for (const kind of Object.keys(texts.en.error).filter((key) => !key.startsWith('advice-'))) {
      const { advice } = card({ ...problem(kind, 503, { detail: 'x' }), retryAfter: '7' });
      assert.match(advice, /^Ask again in 7 s\./, kind);
      for (const words of vague) assert.ok(!advice.includes(words), `${kind}: ${advice}`);
    }
    assert.equal(card(problem('provider-timeout', 504)).advice, 'Ask again in a few seconds. The mock answers without the provider.');
    assert.equal(card(problem('provider-timeout', 504), { lab: false }).advice, 'Ask again in a few seconds.');
    assert.equal(card(problem('overloaded', 503)).advice, 'Ask again in a moment.');
  });
  it('point at a detail only where there is one', () => {
    const pointing = texts.en.error['advice-other'];
    for (const kind of Object.keys(texts.en.error).filter((key) => !key.startsWith('advice-'))) assert.notEqual(card(problem(kind, 400)).advice, pointing, kind);
    assert.equal(card(problem('malformed-request', 400, { detail: 'there is no Host' })).advice, pointing);
    assert.equal(card(problem('not-found', 404)).advice, texts.en.error['advice-path']);
  });
  it('do not take somebody else’s answer for this service’s', () => {
    for (const body of ['<html>busy</html>', '', 'null', '3', '{"type":"about:blank"}']) {
      const shown = card({ status: 503, body, retryAfter: '7' });
      assert.equal(shown.title, `503 · ${texts.en.live['foreign-title']}`);
      assert.match(shown.advice, /answered instead.*Ask again in 7 s/);
      assert.deepEqual([shown.detail, shown.offer], ['', false]);
    }
  });
  it('offer the mock where it would answer', () => {
    assert.equal(card(problem('provider-timeout', 504)).offer, true);
    assert.equal(card(problem('provider-timeout', 504), { mock: true }).offer, false);
    assert.equal(card(problem('provider-timeout', 504), { lab: false }).offer, false);
    assert.equal(card(problem('not-found', 404)).offer, false);
  });
  it('say so where there is no answer at all, and where none came in time', () => {
    assert.equal(failureCard(i18n('en'), 'network', 13_000).title, texts.en.live['unreachable-title']);
    assert.equal(failureCard(i18n('en'), 'timeout', 13_000).title, 'No answer within 13 s');
  });
});

describe('the loads saved', () => {
  it('are the answers that needed no load of their own', () => {
    const requests = { hit_memory: 10, hit_redis: 5, stale: 6, miss: 100, collapsed: 20, lease: 3, bypass: 100, error: 100 };
    assert.equal(loadsSaved({ hits: 21, requests, stale_served: { while_revalidate: 3, if_error: 2, soft_timeout: 1 } }), 41);
  });
});

describe('the export', () => {
  const battle = { samples: [{ lane: 'memory', number: 1, start: 0.5, duration: 1.25, service: null, status: 200, xCache: 'HIT', cacheStatus: 'a "quoted", value', clock: 'page', problem: null }] };
  it('as JSON reads back', () => assert.deepEqual(JSON.parse(toJson(battle)), battle));
  it('as CSV quotes what needs it (RFC 4180)', () => assert.equal(toCsv(battle), 'lane,number,start,duration,service,status,xCache,cacheStatus,clock,problem\r\nmemory,1,0.5,1.25,,200,HIT,"a ""quoted"", value",page,\r\n'));
});

describe('the words', () => {
  it('have the same keys and placeholders in every language', () => {
    const shape = (groups) => flat(groups).map(([key, words]) => [key, [...words.matchAll(/\{\w+\}/g)].map(String).sort()]);
    assert.deepEqual(Object.fromEntries(shape(texts['pt-BR'])), Object.fromEntries(shape(texts.en)));
  });
  // A key may be written out, begin with what a script writes, or, in lane.html, hold the name of a lane.
  const called = [...sources.matchAll(/\bcounted\('([\w.-]+)'/g)].flatMap(([, key]) => [key, `${key}-one`]);
  const written = [...sources.matchAll(/['"]((?:live|error)\.[\w-]*\w)['"]|\{\{t ((?:page|live)\.[\w-]+)\}\}/g)].map(([, program, template]) => program ?? template);
  const named = new Set([...called, ...written]);
  const begun = [...sources.matchAll(/(?:`((?:page|live|error)\.[\w-]*)\$\{|cat\("((?:page|live|error)\.[\w-]*)",)/g)].map(([, script, service]) => script ?? service);
  const lanes = [...named].filter((key) => key.includes('LANE')).flatMap((key) => ['slow', 'redis', 'memory'].map((lane) => key.replace('LANE', lane)));
  const known = flat(texts.en).map(([key]) => key);
  it('are there for every key that a script names', () => {
    assert.ok(named.size > 100 && begun.length > 10 && called.length > 0 && lanes.length > 0);
    for (const key of [...named, ...lanes]) assert.ok(key.includes('LANE') || known.includes(key), key);
    for (const start of begun) assert.ok(known.some((key) => key.startsWith(start)), start);
  });
  it('have no key that nobody names', () => {
    const inUse = (key) => named.has(key) || lanes.includes(key) || begun.some((start) => key.startsWith(start));
    assert.deepEqual(known.filter((key) => /^(page|live|error)\./.test(key) && !inUse(key)), []);
  });
  it('keep the Portuguese that people know', () => {
    const all = flat(texts['pt-BR']).map(([, words]) => words).join('\n');
    for (const words of ['Consultar (Manual)', 'Fonte', 'Sem Cache', 'Com Cache', 'Latência Média', 'Testar Lento', 'Testar Rápido', 'Rodando...', 'Simula 20 requisições seguidas direto do seu navegador.']) assert.ok(all.includes(words), words);
  });
  it('write numbers as the language does', () => {
    const en = makeI18n('en', {});
    const pt = makeI18n('pt-BR', {});
    assert.deepEqual([en.ms(0.0213), en.ms(3.14159), en.ms(503.4), en.ms(NaN)], ['0.0213 ms', '3.14 ms', '503 ms', '–']);
    const at = Date.UTC(2026, 10, 28, 12, 45);
    assert.match(en.moment(at, at + 12 * 60_000 + 1), /^Nov 28, 2026, .*\(12 min\. ago\)$/);
    assert.match(pt.moment(at, at + 12 * 60_000 + 1), /^28\/11\/2026, \d\d:45 \(há 12 min\.\)$/);
    assert.match(pt.moment(at, at + 5 * 3_600_000), /\(há 5 h\)$/);
    assert.match(pt.moment(at, at + 50 * 3_600_000), /\(há 2 dias\)$/);
    assert.doesNotMatch(en.moment(at, at - 1), /\(/);
    assert.deepEqual([pt.ms(0.0213), pt.tenths(25), pt.tenths(null)], ['0,0213 ms', '25,0', '–']);
  });
});
