import type { Client } from "../client.js";
import { GatewayError, JobLostError } from "../errors.js";
import { type JobEvent, type WatchOptions, follow } from "./follow.js";
import { pathOf } from "../jobs.js";
import { type State, StateOfConnection } from "./state.js";
import type { Job } from "../types.js";

/** A job, and what is known about its age. */
export interface LiveJob extends State {
  /** Last state; absent until the first answer. */
  job: Job | undefined;
}

/**
 * Watches a job. Yields its state at each change, and when it becomes stale or current; returns after the completed job. Throws `JobLostError` if the
 * job is gone and not in the log, the reason of the signal, and errors that cannot pass.
 */
export async function* watchJob(client: Client, id: string, options: WatchOptions = {}): AsyncGenerator<LiveJob, void> {
  const state = new StateOfConnection();
  let job: Job | undefined;
  try {
    for await (const update of follow<Job>(client, pathOf(id), options)) {
      let hasNews = state.apply(update);
      const seen = update.type === "events" ? update.events.flatMap((event) => jobsOf(event, id)) : update.type === "polled" && update.body ? [update.body] : [];
      for (const next of seen) [job, hasNews] = [next, true];
      if (hasNews) yield { job, ...state.value() };
      if (job?.phase === "completed") return;
    }
  } catch (error) {
    throw error instanceof GatewayError && error.code === "job-not-found" ? new JobLostError(id, { cause: error }) : error;
  }
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
