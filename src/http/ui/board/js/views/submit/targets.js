// What the form is for: a new job, a job run again, or a retry of failed items. Each has its requests and its first body.

import { nameParts } from '../../format.js';
import { t } from '../../texts.js';
import { isObject } from './body.js';
import { RETRYABLE_KINDS, newDetail } from './kinds.js';

/**
 * `check` and `submit` are the paths and queries of the requests; `kinds` are those that can be chosen, all if `null`.
 * @typedef {{ title: string, note: string, submitLabel: string, check: { path: string, query: object }, path: string, kinds: string[] | null,
 *   isSchedulable: boolean, isFilledIn: (name: string) => boolean, newDetail: (kind: string) => any, jobOf: (answer: any) => any, body: any }} Target
 */

/** What the gateway writes in place of secrets. */
const REDACTED = '[redacted]';
/** Arrays that a retry fills with the failed items of the log. */
const ARRAYS_OF_FAILED_ITEMS = ['assetHandleArray', 'pdfHandleArray'];

/** @returns {Target} */
export const newJob = () => ({
  title: t('submit.title'), note: '', submitLabel: t('submit.submit'), check: { path: 'jobs/validate', query: {} }, path: 'jobs', kinds: null, isSchedulable: true,
  isFilledIn: () => false, newDetail, jobOf: (job) => job, body: { jobName: '', imageServingPublishJob: newDetail('imageServingPublish') },
});

/** A new job with the options of another one, as far as they are known: IPS keeps none of completed jobs. `submitted` is the body that this page sent
 * for it, if it did.
 * @param {any} job
 * @param {any} submitted
 * @returns {Target} */
export function runAgain(job, submitted) {
  const { body, note } = originalOf(job, submitted);
  return { ...newJob(), title: t('submit.runAgainTitle', { job: nameParts(job)[0] }), note, body };
}

/** A retry of the failed items of a job.
 * @param {any} job
 * @param {any} submitted
 * @returns {Target} */
export function retry(job, submitted) {
  const { body } = originalOf(job, submitted);
  delete body.execSchedule;
  delete body.execTime;
  for (const kind of RETRYABLE_KINDS) withoutItems(body[`${kind}Job`]);
  const path = `jobs/${encodeURIComponent(job.id)}/retry`;
  return {
    ...newJob(), title: t('submit.retryTitle', { job: nameParts(job)[0] }), submitLabel: t('submit.sendRetry'), check: { path, query: { dryRun: true } }, path,
    note: submitted ? t('submit.retryNoteSubmitted') : job.kind === 'uploadUrls' ? t('submit.retryNoteUpload') : t('submit.retryNote'),
    kinds: job.kind ? [job.kind] : RETRYABLE_KINDS, isSchedulable: false, isFilledIn: (name) => name === 'jobName' || ARRAYS_OF_FAILED_ITEMS.includes(name),
    newDetail: (kind) => withoutItems(newDetail(kind)), jobOf: (answer) => answer.job, body,
  };
}

/** Removes the items that a retry takes from the log. */
function withoutItems(detail) {
  if (isObject(detail)) ARRAYS_OF_FAILED_ITEMS.forEach((name) => delete detail[name]);
  return detail;
}

function originalOf(job, submitted) {
  if (submitted) return { body: structuredClone(submitted), note: t('submit.noteSubmitted') };
  const member = `${job.kind}Job`;
  const listed = job[member];
  const body = { jobName: nameParts(job)[0], description: job.description, locale: job.locale };
  const known = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  if (isObject(listed)) {
    const { kept, isComplete } = withoutRedacted(listed);
    // IPS lists the number of URLs, and often not the URLs.
    const { numUrls, ...detail } = kept;
    const hasUrls = job.kind !== 'uploadUrls' || detail.urlArray?.length > 0;
    if (!hasUrls) detail.urlArray = newDetail('uploadUrls').urlArray;
    return { body: { ...known, [member]: detail }, note: isComplete && hasUrls ? t('submit.noteListed') : t('submit.noteIncomplete') };
  }
  return { body: job.kind ? { ...known, [member]: newDetail(job.kind) } : known, note: t('submit.noteUnknown') };
}

/** A value without the members that the gateway redacted. */
function withoutRedacted(value) {
  let isComplete = true;
  const kept = JSON.parse(JSON.stringify(value), (_, member) => {
    if (member !== REDACTED) return member;
    isComplete = false;
    return undefined;
  });
  return { kept, isComplete };
}
