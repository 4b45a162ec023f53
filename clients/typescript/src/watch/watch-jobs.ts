import type { Client } from "../client.js";
import { ConnectionError, GatewayError } from "../errors.js";
import { type JobEvent, type WatchOptions, follow } from "./follow.js";
import { type CallOptions, getJob } from "../jobs.js";
import { type State, StateOfConnection } from "./state.js";
import { now } from "../timing.js";
import type { CompletedJob, Job, JobList, RemovedJob } from "../types.js";

export type JobChange =
  | { type: "created" | "progress" | "status"; job: Job }
  | { type: "finished"; job: CompletedJob }
  /** A job that finished before has other follow-on jobs, or another state of them. Only streams report it. */
  | { type: "chain"; job: CompletedJob }
  | { type: "removed"; job: RemovedJob };

/** The active jobs, and what is known about their age. */
export interface LiveJobs extends State {
  /** Active jobs in the order of `GET /jobs`. Empty until the first list came: `observedAt` is absent until then. */
  jobs: readonly Job[];
  /** Changes since the value before. The jobs of the first list are none. */
  changes: readonly JobChange[];
}

/**
 * Keeps a live list of the active jobs. Yields it at each change, and when it becomes stale or current. A reader that is slow gets several changes
 * at once. Ends only by the signal, whose reason is thrown, and by permanent errors, such as rejected credentials.
 */
export async function* watchJobs(client: Client, options: WatchOptions = {}): AsyncGenerator<LiveJobs, never> {
  const list = new LiveList(client, options);
  const state = new StateOfConnection();
  const updates = follow<JobList>(client, "/jobs", options);
  try {
    // `follow` never returns.
    for (;;) {
      const update = (await updates.next()).value;
      let hasNews = state.apply(update);
      if (update.type === "events") for (const event of update.events) hasNews = list.apply(event) || hasNews;
      else if (update.type === "polled" && update.body) hasNews = list.replace(update.body) || hasNews;
      if (update.type !== "lost") hasNews = (await list.resolveMissing()) || hasNews;
      if (hasNews) yield { jobs: list.jobs(), changes: list.takeChanges(), ...state.value() };
    }
  } finally {
    // Closes the connection when the reader leaves its loop.
    await updates.return(undefined as never);
  }
}

/** Milliseconds between two looks at jobs that left the list without an event. */
const LOOK_INTERVAL = 2_000;
const PARALLEL_LOOKS = 4;

class LiveList {
  #jobs = new Map<string, Job>();
  /** Jobs that a newer list lacks, and of which no event told the end. They stay in the list until their end is known. */
  #missing = new Set<string>();
  #changes: JobChange[] = [];
  #nextLook = 0;
  #isLoaded = false;

  constructor(readonly client: Client, readonly options: CallOptions) {}

  jobs(): Job[] {
    return [...this.#jobs.values()];
  }

  takeChanges(): JobChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Applies an event; returns whether the list changed. */
  apply({ event, data }: JobEvent): boolean {
    switch (event) {
      case "snapshot":
        return this.replace(data);
      case "job.created":
        return this.#put("created", data);
      case "job.progress":
        return this.#put("progress", data);
      case "job.status":
        return this.#put("status", data);
      case "job.finished":
        return this.#end({ type: "finished", job: data });
      case "job.chain":
        this.#changes.push({ type: "chain", job: data });
        return true;
      case "job.removed":
        return this.#end({ type: "removed", job: data });
      default:
        return false;
    }
  }

  /** Replaces the list by a newer one and derives the changes. */
  replace({ jobs }: JobList): boolean {
    const before = this.#jobs;
    this.#jobs = new Map();
    this.#missing.clear();
    let hasChanged = !this.#isLoaded;
    for (const job of jobs) {
      const old = before.get(job.id);
      if (old && isSame(old, job)) this.#jobs.set(job.id, job);
      else if (this.#isLoaded) hasChanged = this.#put(old ? changeOf(old, job) : "created", job);
      else this.#jobs.set(job.id, job);
    }
    for (const [id, job] of before) {
      if (this.#jobs.has(id)) continue;
      this.#jobs.set(id, job);
      this.#missing.add(id);
    }
    this.#isLoaded = true;
    return hasChanged;
  }

  /** Reads jobs that left the list during an interruption: they finished or were removed. */
  async resolveMissing(): Promise<boolean> {
    if (this.#missing.size === 0 || now() < this.#nextLook) return false;
    this.#nextLook = now() + LOOK_INTERVAL;
    const ids = this.#missing.values();
    const look = async (): Promise<boolean> => {
      let hasChanged = false;
      for (const id of ids) hasChanged = (await this.#resolve(id)) || hasChanged;
      return hasChanged;
    };
    return (await Promise.all(Array.from({ length: PARALLEL_LOOKS }, look))).includes(true);
  }

  async #resolve(id: string): Promise<boolean> {
    try {
      const job = await getJob(this.client, id, this.options);
      if (job.phase === "completed") return this.#end({ type: "finished", job });
      // Of another phase, such as a schedule, or not yet in the log.
      return job.phase === "scheduled" && this.#end({ type: "removed", job: { id } });
    } catch (error) {
      if (error instanceof GatewayError && error.code === "job-not-found") return this.#end({ type: "removed", job: { id } });
      if (error instanceof ConnectionError || (error instanceof GatewayError && error.retryable)) return false;
      throw error;
    }
  }

  #put(type: "created" | "progress" | "status", job: Job): true {
    this.#jobs.set(job.id, job);
    this.#missing.delete(job.id);
    this.#changes.push({ type, job });
    return true;
  }

  #end(change: Extract<JobChange, { type: "finished" | "removed" }>): true {
    this.#jobs.delete(change.job.id);
    this.#missing.delete(change.job.id);
    this.#changes.push(change);
    return true;
  }
}

/** Whether two states mean the same; the time of their observation does not count. */
function isSame(one: Job, other: Job): boolean {
  const meaning = (job: Job) => JSON.stringify({ ...job, observedAt: undefined });
  return meaning(one) === meaning(other);
}

function changeOf(old: Job, job: Job): "status" | "progress" {
  return old.status === job.status && String(old.actions) === String(job.actions) ? "progress" : "status";
}
