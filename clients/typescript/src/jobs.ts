import type { Client } from "./client.js";
import { exchange } from "./request.js";
import type { CompanyQuery, Job, JobList, ListQuery } from "./types.js";

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Company of the call; by default that of the client. */
  company?: CompanyQuery;
}

export interface ActionOptions extends CallOptions {
  /** `ETag` of the job: if the job has changed since, the action is refused with `precondition-failed`. */
  ifMatch?: string;
}

export const pathOf = (id: string): string => `/jobs/${encodeURIComponent(id)}`;

/** Reads a job, in any phase. */
export async function getJob(client: Client, id: string, { signal, company = {} }: CallOptions = {}): Promise<Job> {
  return (await exchange<Job>(client, pathOf(id), { signal, query: company })).body!;
}

/** Reads a list of jobs, or a page of it: `next` of the list is the `cursor` of the next page. */
export async function listJobs(client: Client, query: ListQuery = {}, { signal }: Pick<CallOptions, "signal"> = {}): Promise<JobList> {
  return (await exchange<JobList>(client, "/jobs", { signal, query })).body!;
}

/** Stops an active job. Resolves with the job as it is afterwards. Actions are sent once: see `outcome` of the error before repeating one. */
export const stopJob = (client: Client, id: string, options?: ActionOptions): Promise<Job> => act(client, id, "stop", options);

/** Pauses the schedule of a scheduled job. */
export const pauseJob = (client: Client, id: string, options?: ActionOptions): Promise<Job> => act(client, id, "pause", options);

/** Resumes a paused schedule. */
export const resumeJob = (client: Client, id: string, options?: ActionOptions): Promise<Job> => act(client, id, "resume", options);

/** Runs a scheduled job now. */
export const executeJob = (client: Client, id: string, options?: ActionOptions): Promise<Job> => act(client, id, "execute", options);

/** Deletes an active or scheduled job. */
export async function deleteJob(client: Client, id: string, options: ActionOptions = {}): Promise<void> {
  await exchange(client, pathOf(id), { method: "DELETE", ...changes(options) });
}

async function act(client: Client, id: string, action: string, options: ActionOptions = {}): Promise<Job> {
  return (await exchange<Job>(client, `${pathOf(id)}/${action}`, { method: "POST", ...changes(options) })).body!;
}

const changes = ({ signal, company = {}, ifMatch }: ActionOptions) => ({
  signal,
  query: company,
  headers: ifMatch === undefined ? {} : { "If-Match": ifMatch },
});
