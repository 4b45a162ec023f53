import type { Client } from "../client.js";
import { GatewayError, JobLostError } from "../errors.js";
import { type JobEvent, type WatchOptions, follow } from "./follow.js";
import { pathOf } from "../jobs.js";
import { type State, StateOfConnection } from "./state.js";
import type { CompletedJob, Job } from "../types.js";

export interface WatchJobOptions extends WatchOptions {
  /** End of the watch: `chain` (default) includes the jobs that IPS runs after this one, such as the publish after an upload; `job` does not. */
  until?: "job" | "chain";
}

/** A job, and what is known about its age. */
export interface LiveJob extends State {
  /** Last state; absent until the first answer. */
  job: Job | undefined;
}

/**
 * Watches a job. Yields its state at each change, and when it becomes stale or current; returns after the completed job, whose follow-on jobs are
 * completed too. Throws `JobLostError` if the job is gone and not in the log, the reason of the signal, and permanent errors.
 */
export async function* watchJob(client: Client, id: string, options: WatchJobOptions = {}): AsyncGenerator<LiveJob, void> {
  const { until = "chain" } = options;
  const state = new StateOfConnection();
  let job: Job | undefined;
  try {
    for await (const update of follow<Job>(client, pathOf(id), options, until === "job" ? { until } : {})) {
      let hasNews = state.apply(update);
      const seen = update.type === "events" ? update.events.flatMap((event) => jobsOf(event, id)) : update.type === "polled" && update.body ? [update.body] : [];
      for (const next of seen) [job, hasNews] = [next, true];
      if (hasNews) yield { job, ...state.value() };
      if (job && isEnded(job, until)) return;
    }
  } catch (error) {
    throw error instanceof GatewayError && error.code === "job-not-found" ? new JobLostError(id, { cause: error }) : error;
  }
}

/** Whether a job is completed, and its chain if that counts. One whose log is still open is not. */
export function isEnded(job: Job, until: "job" | "chain"): job is CompletedJob {
  return job.phase === "completed" && job.status === "completed" && (until === "job" || job.chain === undefined || job.chain.status === "completed");
}

function jobsOf({ event, data }: JobEvent, id: string): Job[] {
  switch (event) {
    case "snapshot":
      return data.jobs;
    case "job.removed":
      throw new JobLostError(id);
    case "upstream.stale":
    case "upstream.recovered":
      return [];
    default:
      return [data];
  }
}
