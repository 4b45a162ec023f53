// What IPS and the gateway say, in the words of people.

const KINDS = {
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
  succeeded: ['good', 'Succeeded'],
  succeededWithWarnings: ['warn', 'With warnings'],
  failed: ['bad', 'Failed'],
  unknown: ['idle', 'Completed'],
};

const STATUSES = {
  scheduled: ['plan', 'Scheduled'],
  waiting: ['idle', 'Waiting'],
  running: ['busy', 'Running'],
  paused: ['idle', 'Paused'],
  stopping: ['warn', 'Stopping'],
  finalizing: ['busy', 'Finalizing'],
  unknown: ['idle', 'Unknown'],
};

/** `SomeNewThing` as “Some new thing”. */
export function spaced(word) {
  const words = word.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What kind of job it is. In the log IPS tells it by the type of the first entry. */
export function kindOf(job) {
  const type = job.type ?? job.logType?.replace(/^(Begin|End)/, '');
  if (!type) {
    const detail = Object.keys(job).find((key) => key.endsWith('Job'));
    return detail ? spaced(detail.slice(0, -3)) : 'Job';
  }
  return KINDS[type] ?? spaced(type);
}

/** A tone for the colour, and the word. */
export function statusOf(job) {
  if (job.phase === 'completed') return OUTCOMES[job.outcome] ?? OUTCOMES.unknown;
  return STATUSES[job.status] ?? STATUSES.unknown;
}

/** The name as it was given, and the suffix by which the gateway made it unique. */
export function nameOf(job) {
  const name = job.originalName ?? job.originalJobName ?? job.name ?? job.jobName ?? '';
  const suffix = /-[1z][0-9a-hjkmnp-tv-z]{14}$/.exec(name)?.[0] ?? '';
  return [name.slice(0, name.length - suffix.length), suffix];
}

/** The larger of two counts of the same files: IPS counts a file that could not be fetched in both. */
function larger(one, other) {
  return one === undefined && other === undefined ? null : Math.max(one ?? 0, other ?? 0);
}

export const errorsOf = (job) => larger(job.fileErrorCount, job.transferErrorCount);
export const warningsOf = (job) => larger(job.fileWarningCount, job.transferWarningCount);

const time = (text) => (text ? Date.parse(text) : null);

/** When it started, or will; in milliseconds. */
export const startOf = (job) => time(job.startDate ?? job.triggerTime);
export const nextOf = (job) => time(job.nextFireTime ?? job.execTime);
export const endOf = (job) => time(job.endDate);

/** How long it took, or takes by now; `null` for what has not begun. */
export function durationOf(job, now) {
  const start = startOf(job);
  if (start === null || job.phase === 'scheduled' || job.status === 'waiting') return null;
  return Math.max(0, (endOf(job) ?? now) - start);
}

export function inWords(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
const hour = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

const isSameDay = (one, other) => new Date(one).toDateString() === new Date(other).toDateString();

/** As short as can be: the time today, else the day too. */
export const shortTime = (at, now) => (isSameDay(at, now) ? clock : day).format(at);
export const fullTime = (at) => full.format(at);
export const hourOf = (at) => hour.format(at);

export function plural(count, one, many) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
