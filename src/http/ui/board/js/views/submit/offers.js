// Whether a job can be run again, or its failed items retried, by its kind and state.

import { session } from '../../session.js';
import { errorCount } from '../../format.js';
import { RETRYABLE_KINDS } from './kinds.js';

/** Kinds that IPS runs and that can't be submitted: uploads by HTTP POST. */
const NOT_SUBMITTED_KINDS = ['uploadPost'];

/** The forms that a job offers: `retry` and `runAgain`; none to users who may not submit.
 * @param {any} job */
export function formsFor(job) {
  if (!session.maySubmit || job.phase === 'scheduled') return [];
  const isRetryable = job.phase === 'completed' && (job.kind === undefined || RETRYABLE_KINDS.includes(job.kind))
    && (['failed', 'stopped'].includes(job.outcome) || (errorCount(job) ?? 0) > 0);
  return [...(isRetryable ? ['retry'] : []), ...(NOT_SUBMITTED_KINDS.includes(job.kind) ? [] : ['runAgain'])];
}
