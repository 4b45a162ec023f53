// Display values of jobs: labels, names, counts, times and durations. Times and durations are in milliseconds.

/** Labels of `type`, and of `logType` without its `Begin` or `End`. */
const TYPE_LABELS = {
  ImageServingPublish: 'Publish images',
  ImageRenderingPublish: 'Publish renderings',
  VideoPublish: 'Publish videos',
  ServerDirectoryPublish: 'Publish to directory',
  ServerDirectoryPublishWithTemplate: 'Publish to directory',
  MetadataPublish: 'Metadata',
  MetadataUpload: 'Metadata',
  Metadata: 'Metadata',
  UrlUpload: 'Upload from URLs',
  UploadUrls: 'Upload from URLs',
  UploadFromServerDirectory: 'Upload',
  FileUpload: 'Upload',
  Upload: 'Upload',
  ImageOptimization: 'Reprocess',
  AssetReprocess: 'Reprocess',
  Reoptimize: 'Reprocess',
  PdfRip: 'Rip PDFs',
  AssetExport: 'Export',
  Get: 'Export',
  Cleanup: 'Clean up',
  ImageServingPublishCleanup: 'Clean up',
};

const OUTCOMES = {
  succeeded: ['success', 'Succeeded'],
  succeededWithWarnings: ['warning', 'With warnings'],
  failed: ['danger', 'Failed'],
  stopped: ['neutral', 'Stopped'],
  unknown: ['neutral', 'Completed'],
};

const STATUSES = {
  scheduled: ['scheduled', 'Scheduled'],
  waiting: ['neutral', 'Waiting'],
  running: ['active', 'Running'],
  paused: ['neutral', 'Paused'],
  stopping: ['warning', 'Stopping'],
  finalizing: ['active', 'Finalizing'],
  unknown: ['neutral', 'Unknown'],
};

/** `SomeNewThing` → “Some new thing”. */
export function humanize(identifier) {
  const words = identifier.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Label of the job's type. A completed job has no `type`: IPS gives the type of its first log entry instead. */
export function typeLabel(job) {
  const type = job.type ?? job.logType?.replace(/^(Begin|End)/, '');
  if (!type) return job.kind ? humanize(job.kind) : 'Job';
  return TYPE_LABELS[type] ?? humanize(type);
}

/** `[tone, label]` of the job's status, or of its outcome when it is completed. The tone selects the colour. */
export function statusOf(job) {
  if (job.phase === 'completed') return OUTCOMES[job.outcome] ?? OUTCOMES.unknown;
  return STATUSES[job.status] ?? STATUSES.unknown;
}

/** Outcomes of completed jobs with their labels, for the filter. */
export const OUTCOME_LABELS = Object.entries(OUTCOMES).map(([outcome, [, label]]) => [outcome, label]);

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

/** Whether somebody should look at the job: it failed or was stopped, or has errors or warnings, also while it runs. */
export const needsAttention = (job) =>
  ['failed', 'succeededWithWarnings', 'stopped'].includes(job.outcome) || errorCount(job) > 0 || warningCount(job) > 0;

const parseTime = (text) => (text ? Date.parse(text) : null);

/** Start time; of a job that waits, the expected one. */
export const startTime = (job) => parseTime(job.startedAt ?? job.startDate ?? job.triggerTime);
export const nextRunTime = (job) => parseTime(job.nextRunAt);
export const endTime = (job) => parseTime(job.endedAt);

/** Duration until the end or until `now`; `null` for jobs that have not started. */
export function durationOf(job, now) {
  const start = startTime(job);
  if (start === null || job.phase === 'scheduled' || job.status === 'waiting') return null;
  return Math.max(0, (endTime(job) ?? now) - start);
}

export function formatDuration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
const HOUR_MINUTE = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const DAY_TIME = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

const isSameDay = (one, other) => new Date(one).toDateString() === new Date(other).toDateString();

/** The time of day for times of today, otherwise day and time. */
export const formatShortTime = (time, now) => (isSameDay(time, now) ? TIME : DAY_TIME).format(time);
export const formatFullTime = (time) => FULL.format(time);
export const formatHourMinute = (time) => HOUR_MINUTE.format(time);

export function plural(count, one, many) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
