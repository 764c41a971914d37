// The battle's chart: one dot per request over time, and a histogram of the latencies, on one logarithmic axis.

import { svg } from './dom.js';
import { logHistogram } from './statistics.js';

// The unit is 1/16 of the root font size, so that the chart scales with the page's text.
const MARGIN = { top: 14, right: 4, bottom: 40, left: 62 };
const SHAPES = { slow: 'square', redis: 'diamond', memory: 'circle' };
const BINS_PER_DECADE = 5;

// Whole decades that contain all values, at least two.
function decades(values) {
  if (values.length === 0) return [1, 1000];
  const low = Math.floor(Math.log10(Math.max(Math.min(...values), 0.001)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values)) + 1e-9), low + 2);
  return [10 ** low, 10 ** high];
}

function dot(lane, x, y, className) {
  const size = 9;
  return svg('use', { href: `#${SHAPES[lane]}`, x: x - size / 2, y: y - size / 2, width: size, height: size, class: className });
}

function cross(x, y, className) {
  return svg('path', { d: `M${x - 4} ${y - 4}l8 8m0-8l-8 8`, class: className });
}

function niceStep(span, parts) {
  const rough = span / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
}

// `samples` as in lanes.js. Redraws everything, which is cheap for a few hundred dots.
export function drawChart(container, { samples, i18n, label, minimumSeconds }) {
  const { t } = i18n;
  const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const width = Math.max(220, Math.floor(container.clientWidth / unit));
  const height = width < 560 ? 300 : Math.min(520, 260 + width * 0.12);
  const histogram = Math.round(width * (width < 560 ? 0.2 : 0.24));
  const plot = { left: MARGIN.left, right: width - MARGIN.right - histogram - 14, top: MARGIN.top, bottom: height - MARGIN.bottom };
  const answered = samples.filter((sample) => sample.duration !== null);
  const values = answered.map((sample) => sample.duration);
  const [low, high] = decades(values);
  const y = (ms) => plot.bottom - ((Math.log10(Math.max(ms, low)) - Math.log10(low)) / Math.log10(high / low)) * (plot.bottom - plot.top);
  const seconds = Math.max(minimumSeconds, ...samples.map((sample) => sample.start / 1000));
  const x = (s) => plot.left + (s / seconds) * (plot.right - plot.left);

  const axes = svg('g', { class: 'axes' });
  for (let ms = low; ms <= high * 1.001; ms *= 10) {
    axes.append(svg('path', { d: `M${plot.left} ${y(ms)}H${width - MARGIN.right}`, class: 'grid' }));
    axes.append(svg('text', { x: plot.left - 8, y: y(ms) + 4, class: 'tick end' }, i18n.ms(ms)));
  }
  const step = niceStep(seconds, width < 560 ? 3 : 6);
  for (let s = 0; s <= seconds; s += step) {
    axes.append(svg('text', { x: x(s), y: plot.bottom + 17, class: 'tick middle' }, i18n.number(s)));
  }
  axes.append(svg('text', { x: (plot.left + plot.right) / 2, y: height - 4, class: 'tick middle' }, t('live.axis-time')));
  const histogramLeft = plot.right + 14;
  axes.append(svg('text', { x: (histogramLeft + width - MARGIN.right) / 2, y: height - 4, class: 'tick middle' }, t('live.axis-count')));
  axes.append(svg('path', { d: `M${histogramLeft} ${plot.top}V${plot.bottom}`, class: 'base' }));

  const dots = svg('g', { class: 'dots' });
  for (const sample of samples) {
    const at = x(sample.start / 1000);
    if (sample.duration === null) {
      dots.append(cross(at, plot.top, 'error'));
    } else {
      dots.append(dot(sample.lane, at, y(sample.duration), `lane-${sample.lane}`));
      if (sample.problem) dots.append(svg('circle', { cx: at, cy: y(sample.duration), r: 8, class: 'wrong' }));
    }
  }

  const bars = svg('g', { class: 'bars' });
  const took = Object.keys(SHAPES).filter((lane) => answered.some((sample) => sample.lane === lane));
  const lanes = took.map((lane) => ({
    lane,
    bins: logHistogram(answered.filter((sample) => sample.lane === lane).map((sample) => sample.duration), low, high, BINS_PER_DECADE),
  }));
  const most = Math.max(1, ...lanes.flatMap(({ bins }) => bins.counts));
  for (const [place, { lane, bins }] of lanes.entries()) {
    bins.counts.forEach((count, index) => {
      if (count === 0) return;
      // The lanes share the height of a bin, so that no bar hides another.
      const top = y(bins.edge(index + 1));
      const share = (y(bins.edge(index)) - top) / lanes.length;
      bars.append(svg('rect', {
        x: histogramLeft,
        y: top + place * share + 0.25,
        width: (count / most) * (width - MARGIN.right - histogramLeft),
        height: share - 0.5,
        class: `lane-${lane}`,
      }));
    });
  }
  container.replaceChildren(
    svg('svg', { viewBox: `0 0 ${width} ${height}`, width: width * unit, height: height * unit, role: 'img', 'aria-label': label }, axes, bars, dots),
    legend(samples, t),
  );
}

function legend(samples, t) {
  const list = document.createElement('ul');
  list.className = 'legend';
  const add = (picture, words) => {
    const item = document.createElement('li');
    item.append(picture, ` ${words}`);
    list.append(item);
  };
  const key = (className, ...children) => svg('svg', { viewBox: '0 0 18 18', class: 'key', 'aria-hidden': 'true' }, ...children.map((child) => {
    child.setAttribute('class', className);
    return child;
  }));
  for (const lane of Object.keys(SHAPES)) {
    if (samples.some((sample) => sample.lane === lane)) add(key(`lane-${lane}`, dot(lane, 9, 9, '')), t(`live.lane-${lane}`));
  }
  if (samples.some((sample) => sample.problem === 'unexpected')) add(key('wrong', svg('circle', { cx: 9, cy: 9, r: 7 })), t('live.legend-wrong'));
  if (samples.some((sample) => sample.duration === null)) add(key('error', cross(9, 9, '')), t('live.legend-error'));
  return list;
}
