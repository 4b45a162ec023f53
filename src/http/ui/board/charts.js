// Two small charts: what was completed in the last hour, and how long jobs take, by kind.

import { $, h, svg } from './dom.js';
import { durationOf, endOf, hourOf, inWords, kindOf, plural, statusOf } from './words.js';

const HOUR = 3_600_000;
const BARS = 30;
const TONES = ['good', 'warn', 'bad', 'idle'];
const SIZE = { width: 300, height: 64 };

/** How often, at most, the charts are drawn again; in milliseconds. */
const PAUSE = 1_000;

let drawn = 0;
let timer = null;

/** Draws the charts of these jobs, soon. */
export function drawCharts(jobs, now) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    drawn = Date.now();
    const completed = [...jobs()].filter((job) => job.phase === 'completed' && endOf(job) !== null);
    drawHour(completed, now());
    drawDurations(completed);
  }, Math.max(0, drawn + PAUSE - Date.now()));
}

function drawHour(completed, now) {
  const bars = Array.from({ length: BARS }, () => Object.fromEntries(TONES.map((tone) => [tone, 0])));
  const recent = completed.filter((job) => now - endOf(job) < HOUR && endOf(job) <= now);
  for (const job of recent) bars[Math.min(BARS - 1, Math.floor((1 - (now - endOf(job)) / HOUR) * BARS))][statusOf(job)[0]] += 1;
  const highest = Math.max(3, ...bars.map((bar) => TONES.reduce((sum, tone) => sum + bar[tone], 0)));
  const step = SIZE.width / BARS;
  const marks = bars.flatMap((bar, index) => {
    let y = SIZE.height;
    const empty = svg('rect', { x: index * step + 1, y: SIZE.height - 1.5, width: step - 2, height: 1.5, class: 'ground' });
    return [empty, ...TONES.filter((tone) => bar[tone] > 0).map((tone) => {
      const height = (bar[tone] / highest) * SIZE.height;
      y -= height;
      return svg('rect', { x: index * step + 1, y, width: step - 2, height: height - 1, rx: 1, 'data-tone': tone });
    })];
  });
  const failed = recent.filter((job) => job.outcome === 'failed').length;
  const text = recent.length === 0 ? 'nothing yet' : failed === 0 ? `${recent.length}, none failed` : `${recent.length}, ${failed} failed`;
  $('hour-figure').textContent = text;
  $('hour').replaceChildren(
    svg('svg', {
      viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `Jobs completed in the last hour, in steps of two minutes: ${text}`,
    }, marks),
    h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', null, hourOf(now - HOUR)), h('span', null, hourOf(now - HOUR / 2)), h('span', null, 'now')),
  );
}

function median(sorted) {
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

function drawDurations(completed) {
  const kinds = new Map();
  for (const job of completed) kinds.set(kindOf(job), [...(kinds.get(kindOf(job)) ?? []), job]);
  const all = [...kinds].map(([kind, jobs]) => {
    const durations = jobs.map((job) => durationOf(job, 0)).sort((one, other) => one - other);
    return { kind, count: jobs.length, least: durations[0], middle: median(durations), most: durations.at(-1) };
  });
  const shown = all.sort((one, other) => other.count - one.count).slice(0, 4);
  const longest = Math.max(1, ...shown.map(({ most }) => most));
  const at = (duration) => (duration / longest) * (SIZE.width - 8) + 4;
  $('durations').replaceChildren(...shown.map(({ kind, count, least, middle, most }) => h('div', { class: 'lane' },
    h('span', { class: 'lane-name', title: kind }, kind),
    svg('svg', {
      viewBox: `0 0 ${SIZE.width} 12`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `${plural(count, 'job', 'jobs')}: half of them within ${inWords(middle)}, from ${inWords(least)} to ${inWords(most)}`,
    },
    svg('line', { x1: 0, x2: SIZE.width, y1: 6, y2: 6, class: 'ground' }),
    svg('line', { x1: at(least), x2: at(most), y1: 6, y2: 6, class: 'range' }),
    svg('line', { x1: at(middle), x2: at(middle), y1: 1, y2: 11, class: 'median' })),
    h('span', { class: 'lane-figure' }, inWords(middle)))));
  $('durations-empty').hidden = shown.length > 0;
}
