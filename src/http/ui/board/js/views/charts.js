// Charts of the overview: jobs completed in the last hour, and durations by type.

import { $, h, svg } from '../dom.js';
import { durationOf, endTime, formatDuration, formatHourMinute, statusOf, typeLabel } from '../format.js';
import { t } from '../texts.js';

const HOUR = 3_600_000;
/** Bars of the last hour, two minutes each. */
const BARS = 30;
/** Highest count of a bar that still leaves the chart at its smallest scale. */
const MIN_SCALE = 3;
/** Tones of a stacked bar, from bottom to top. */
const TONES = ['success', 'warning', 'danger', 'neutral'];
const SIZE = { width: 300, height: 64 };
/** Types in the duration chart. */
const MAX_TYPES = 4;

/** Minimum interval between renderings, in milliseconds. */
const RENDER_INTERVAL = 1_000;

let renderedAt = 0;
let timer = null;

/** Renders both charts, at most once per `RENDER_INTERVAL`. `jobs` and `now` are called when they are rendered. */
export function renderCharts(jobs, now) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    renderedAt = Date.now();
    const completed = [...jobs()].filter((job) => job.phase === 'completed' && endTime(job) !== null);
    renderLastHour(completed, now());
    renderDurations(completed);
  }, Math.max(0, renderedAt + RENDER_INTERVAL - Date.now()));
}

function renderLastHour(completed, now) {
  const bars = Array.from({ length: BARS }, () => Object.fromEntries(TONES.map((tone) => [tone, 0])));
  const recent = completed.filter((job) => now - endTime(job) < HOUR && endTime(job) <= now);
  for (const job of recent) bars[Math.min(BARS - 1, Math.floor((1 - (now - endTime(job)) / HOUR) * BARS))][statusOf(job)[0]] += 1;
  const highest = Math.max(MIN_SCALE, ...bars.map((bar) => TONES.reduce((sum, tone) => sum + bar[tone], 0)));
  const step = SIZE.width / BARS;
  const marks = bars.flatMap((bar, index) => {
    let y = SIZE.height;
    const baseline = svg('rect', { x: index * step + 1, y: SIZE.height - 1.5, width: step - 2, height: 1.5, class: 'baseline' });
    return [baseline, ...TONES.filter((tone) => bar[tone] > 0).map((tone) => {
      const height = (bar[tone] / highest) * SIZE.height;
      y -= height;
      return svg('rect', { x: index * step + 1, y, width: step - 2, height: height - 1, rx: 1, 'data-tone': tone });
    })];
  });
  const count = (outcome) => recent.filter((job) => job.outcome === outcome).length;
  const [failed, stopped] = [count('failed'), count('stopped')];
  const parts = [
    t('chart.completed', { count: recent.length }), failed === 0 ? t('chart.noneFailed') : t('chart.failed', { count: failed }),
    stopped > 0 && t('chart.stopped', { count: stopped }),
  ];
  const summary = recent.length === 0 ? t('chart.none') : parts.filter(Boolean).join(t('chart.separator'));
  $('hour-figure').textContent = summary;
  $('hour').replaceChildren(
    svg('svg', {
      viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': t('chart.hourImage', { summary }),
    }, marks),
    h('div', { class: 'axis', 'aria-hidden': 'true' },
      h('span', null, formatHourMinute(now - HOUR)), h('span', null, formatHourMinute(now - HOUR / 2)), h('span', null, t('chart.now'))),
  );
}

function median(sorted) {
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

function renderDurations(completed) {
  const jobsByType = new Map();
  for (const job of completed) jobsByType.set(typeLabel(job), [...(jobsByType.get(typeLabel(job)) ?? []), job]);
  const statistics = [...jobsByType].map(([type, jobs]) => {
    const durations = jobs.map((job) => durationOf(job, 0)).sort((one, other) => one - other);
    return { type, count: jobs.length, min: durations[0], median: median(durations), max: durations.at(-1) };
  });
  const shown = statistics.sort((one, other) => other.count - one.count).slice(0, MAX_TYPES);
  const longest = Math.max(1, ...shown.map(({ max }) => max));
  const x = (duration) => (duration / longest) * (SIZE.width - 8) + 4;
  $('durations').replaceChildren(...shown.map(({ type, count, min, median, max }) => h('div', { class: 'duration-row' },
    h('span', { class: 'duration-type', title: type }, type),
    svg('svg', {
      viewBox: `0 0 ${SIZE.width} 12`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': t('chart.durationImage', { count, median: formatDuration(median), min: formatDuration(min), max: formatDuration(max) }),
    },
    svg('line', { x1: 0, x2: SIZE.width, y1: 6, y2: 6, class: 'baseline' }),
    svg('line', { x1: x(min), x2: x(max), y1: 6, y2: 6, class: 'range' }),
    svg('line', { x1: x(median), x2: x(median), y1: 1, y2: 11, class: 'median' })),
    h('span', { class: 'duration-median' }, formatDuration(median)))));
  $('durations-empty').hidden = shown.length > 0;
}
