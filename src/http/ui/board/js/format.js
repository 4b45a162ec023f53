// Display values of jobs: labels, names, counts, times and durations, in the chosen language. Times and durations are in milliseconds.

import { currentLocale, onLanguage, t, textOf } from './texts.js';

/** Tones of the outcomes and of the statuses. A tone selects a colour. */
const OUTCOME_TONES = { succeeded: 'success', succeededWithWarnings: 'warning', failed: 'danger', stopped: 'neutral', unknown: 'neutral' };
const STATUS_TONES = {
  scheduled: 'scheduled', waiting: 'neutral', running: 'active', paused: 'neutral', stopping: 'warning', finalizing: 'active', unknown: 'neutral',
};

/** Outcomes of completed jobs, for the filter. */
export const OUTCOMES = Object.keys(OUTCOME_TONES);

/** `SomeNewThing` → “Some new thing”. */
export function humanize(identifier) {
  const words = identifier.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Kind of the job, else its type of IPS without `Begin` or `End`, else an empty text. Kinds begin with a lower-case letter, types with an
 * upper-case one.
 */
export const kindOf = (job) => job.kind ?? job.type ?? job.logType?.replace(/^(Begin|End)/, '') ?? '';

/** Label of a kind, or of a type of jobs without a kind. */
export const kindLabel = (kind) => (kind === '' ? t('kind.none') : textOf(`kind.${kind}`) ?? humanize(kind));

/** Label of the job's kind. */
export const typeLabel = (job) => kindLabel(kindOf(job));

export const outcomeLabel = (outcome) => textOf(`outcome.${outcome}`) ?? humanize(outcome);

/** `[tone, label]` of the job's status, or of its outcome when it is completed: it has none while its log is open. */
export function statusOf(job) {
  if (job.phase === 'completed' && job.status !== 'finalizing') return [OUTCOME_TONES[job.outcome] ?? 'neutral', outcomeLabel(job.outcome ?? 'unknown')];
  return [STATUS_TONES[job.status] ?? 'neutral', textOf(`status.${job.status}`) ?? humanize(job.status)];
}

/** `[name, suffix]`: the submitted name and the suffix that the gateway added to make it unique. */
export function nameParts(job) {
  const name = job.title ?? job.jobHandle ?? '';
  const submitted = job.originalName ?? job.originalJobName ?? '';
  return [name, submitted.startsWith(name) ? submitted.slice(name.length) : ''];
}

/** The larger of two counts of the same files, `null` without both: IPS counts a file that could not be fetched in both. */
function maxCount(one, other) {
  return one === undefined && other === undefined ? null : Math.max(one ?? 0, other ?? 0);
}

export const errorCount = (job) => maxCount(job.fileErrorCount, job.transferErrorCount);
export const warningCount = (job) => maxCount(job.fileWarningCount, job.transferWarningCount);

/** Outcomes of jobs that need attention. */
export const ATTENTION_OUTCOMES = ['failed', 'succeededWithWarnings', 'stopped'];

/** Whether the job needs attention: it failed or was stopped, or has errors or warnings, also while it runs. */
export const needsAttention = (job) => ATTENTION_OUTCOMES.includes(job.outcome) || errorCount(job) > 0 || warningCount(job) > 0;

const parseTime = (text) => (text ? Date.parse(text) : null);

/** Start time; of a job that waits, the expected one. */
export const startTime = (job) => parseTime(job.startedAt ?? job.startDate ?? job.triggerTime);
export const nextRunTime = (job) => parseTime(job.nextRunAt);
export const endTime = (job) => parseTime(job.endedAt);

/** Time of the job in lists, as in the API: its start, the expected one, else the next run; `null` without any. */
export const listTime = (job) => parseTime(job.startedAt ?? job.startDate ?? job.nextRunAt ?? job.triggerTime);

/** Duration until the end or until `now`; `null` for jobs that have not started. */
export function durationOf(job, now) {
  const start = startTime(job);
  if (start === null || job.phase === 'scheduled' || job.status === 'waiting') return null;
  return Math.max(0, (endTime(job) ?? now) - start);
}

export function formatDuration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return t('duration.seconds', { seconds });
  const minutes = Math.floor(seconds / 60);
  const twoDigits = (number) => String(number).padStart(2, '0');
  if (minutes < 60) return t('duration.minutes', { minutes, seconds: twoDigits(seconds % 60) });
  return t('duration.hours', { hours: Math.floor(minutes / 60), minutes: twoDigits(minutes % 60) });
}

/** How the language writes the hour: `2-digit` as in 06:05, `numeric` as in 6:05. `numeric` alone gives 6:05 in all languages.
 * @returns {'2-digit' | 'numeric'} */
export function hourStyle() {
  const parts = new Intl.DateTimeFormat(currentLocale(), { timeStyle: 'short' }).formatToParts(new Date(2024, 0, 1, 6));
  return parts.find(({ type }) => type === 'hour')?.value.length === 2 ? '2-digit' : 'numeric';
}

let formats;
onLanguage(() => {
  const hour = hourStyle();
  const format = (options) => new Intl.DateTimeFormat(currentLocale(), options);
  formats = {
    time: format({ hour, minute: '2-digit', second: '2-digit' }),
    hourMinute: format({ hour, minute: '2-digit' }),
    dayTime: format({ day: 'numeric', month: 'short', hour, minute: '2-digit' }),
    full: format({ dateStyle: 'medium', timeStyle: 'medium' }),
    percent: new Intl.NumberFormat(currentLocale(), { style: 'percent' }),
    list: new Intl.ListFormat(currentLocale(), { type: 'conjunction' }),
  };
});

const isSameDay = (one, other) => new Date(one).toDateString() === new Date(other).toDateString();

/** The time of day. */
export const formatTime = (time) => formats.time.format(time);
/** The time of day for times of today, otherwise day and time. */
export const formatShortTime = (time, now) => (isSameDay(time, now) ? formats.time : formats.dayTime).format(time);
export const formatFullTime = (time) => formats.full.format(time);
export const formatHourMinute = (time) => formats.hourMinute.format(time);
/** A number from 0 to 100 as a percentage. */
export const formatPercent = (percent) => formats.percent.format(percent / 100);
export const formatList = (texts) => formats.list.format(texts);
