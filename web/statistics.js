// The statistics, without user interface: pure functions, tested without a browser.

// Sample counts below which a number says more about chance than about the service. A median needs six: then the range
// from the smallest to the largest value contains it with at least 95 %, for any distribution (1 - 2 / 2^6 = 97 %).
export const ENOUGH = { p50: 6, p90: 10, p99: 100, ratio: 6 };

export function mean(values) {
  return values.length === 0 ? NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

// The quantile of sorted values, interpolated between neighbours (Hyndman and Fan, 1996, type 7).
export function quantile(sorted, part) {
  if (sorted.length === 0) return NaN;
  const place = (sorted.length - 1) * part;
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

export function sorted(values) {
  return Float64Array.from(values).sort();
}

export function median(values) {
  return quantile(sorted(values), 0.5);
}

export function summarize(values) {
  const order = sorted(values);
  return {
    count: order.length,
    mean: mean(values),
    p50: quantile(order, 0.5),
    p90: quantile(order, 0.9),
    p99: quantile(order, 0.99),
    max: order.length === 0 ? NaN : order[order.length - 1],
  };
}

// The total time during which at least one span was under way. Lanes take turns, so a lane's rate counts only its own
// time.
export function busyTime(spans) {
  const order = [...spans].sort((a, b) => a.start - b.start);
  let busy = 0;
  let end = -Infinity;
  for (const span of order) {
    const from = Math.max(span.start, end);
    const to = span.start + span.duration;
    if (to > from) busy += to - from;
    end = Math.max(end, to);
  }
  return busy;
}

// Requests per second, over the time during which any request was under way.
export function rate(spans) {
  const busy = busyTime(spans);
  return busy > 0 ? (spans.length * 1000) / busy : NaN;
}

// Counts per bin; the bin edges are a constant factor apart. Values outside the range go into the outer bins.
export function logHistogram(values, low, high, binsPerDecade) {
  const bins = Math.max(1, Math.ceil(Math.log10(high / low) * binsPerDecade - 1e-9));
  const counts = new Array(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(Math.log10(value / low) * binsPerDecade + 1e-9);
    counts[Math.min(bins - 1, Math.max(0, bin))] += 1;
  }
  return { counts, edge: (index) => low * 10 ** (index / binsPerDecade) };
}

// A generator of numbers in [0, 1) (mulberry32). The same seed gives the same numbers on every machine.
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// median(slow) / median(fast) with the 95 % interval of the percentile bootstrap (Efron and Tibshirani, 1993, chapter
// 13). With too few values for an interval, its ends are null.
export function ratioOfMedians(slow, fast, { resamples = 2000, seed = 1 } = {}) {
  if (slow.length === 0 || fast.length === 0) return null;
  const ratio = median(slow) / median(fast);
  if (Math.min(slow.length, fast.length) < ENOUGH.ratio) return { ratio, low: null, high: null };
  const next = random(seed);
  const draw = (values) => {
    const picked = new Float64Array(values.length);
    for (let i = 0; i < picked.length; ++i) picked[i] = values[Math.floor(next() * values.length)];
    return quantile(picked.sort(), 0.5);
  };
  const ratios = new Float64Array(resamples);
  for (let i = 0; i < resamples; ++i) ratios[i] = draw(slow) / draw(fast);
  ratios.sort();
  return { ratio, low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) };
}
