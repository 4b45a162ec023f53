import type { Client } from "../client.js";
import { JobTimeoutError } from "../errors.js";
import { Deadline } from "../timing.js";
import type { CompletedJob, Job } from "../types.js";
import { type LiveJob, type WatchJobOptions, isEnded, watchJob } from "./watch-job.js";

export interface WaitOptions extends Omit<WatchJobOptions, "whenHidden"> {
  /** Milliseconds after which the wait is given up; none by default. The job is not stopped by that. */
  timeout?: number;
  /** Called at each change, and when the state becomes stale or current. */
  onChange?: (live: LiveJob) => void;
}

/**
 * Waits for the end of a job and of its follow-on jobs. Resolves with the completed job, whatever its `outcome` and that of its `chain`. Rejects with
 * `JobLostError`, `JobTimeoutError`, the reason of the signal, or a permanent error. Failures of the connection and of IPS are retried. Hidden pages
 * wait, too.
 */
export async function waitForJob(client: Client, id: string, { timeout, onChange, ...options }: WaitOptions = {}): Promise<CompletedJob> {
  const deadline = new Deadline(options.signal);
  let last: Job | undefined;
  if (timeout !== undefined) deadline.start(timeout, () => new JobTimeoutError(id, last));
  try {
    for await (const live of watchJob(client, id, { ...options, signal: deadline.signal, whenHidden: "continue" })) {
      onChange?.(live);
      if (live.job && isEnded(live.job, options.until ?? "chain")) return live.job;
      last = live.job;
    }
  } finally {
    deadline.release();
  }
  throw new Error("the watch ended before the job");
}
