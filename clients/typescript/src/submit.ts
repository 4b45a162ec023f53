import type { Client } from "./client.js";
import { ConnectionError, GatewayError, JobLostError } from "./errors.js";
import { type CallOptions, getJob } from "./jobs.js";
import { exchange } from "./request.js";
import { backOff, now, sleep } from "./timing.js";
import type { Job, SubmitJobParam } from "./types.js";

export interface SubmitOptions extends CallOptions {
  /** Key that all attempts share; random by default. Set it to go on with the same submit after a reload of the page, within 24 hours. */
  idempotencyKey?: string;
  /** `false` sends the name unchanged. */
  uniqueName?: boolean;
  /** Milliseconds in which failed attempts are repeated, 120,000 by default; 0 makes one attempt. */
  retryFor?: number;
}

/**
 * Submits a job once. Attempts that fail without a result are repeated with the same `Idempotency-Key`, so that IPS gets the job at most once.
 * If the answer of IPS was lost, the job is looked up by its id until IPS lists it. Rejects with `GatewayError` if the job is refused, with
 * `JobLostError` if IPS never listed it, and with the last error after `retryFor`.
 */
export async function submitJob(client: Client, job: SubmitJobParam, options: SubmitOptions = {}): Promise<Job> {
  const { signal, company = {}, uniqueName, retryFor = 120_000 } = options;
  const end = now() + retryFor;
  const headers = { "Idempotency-Key": `"${options.idempotencyKey ?? randomKey()}"` };
  const query = { ...company, uniqueName };
  for (let failures = 0; ; failures++) {
    try {
      return (await exchange<Job>(client, "/jobs", { method: "POST", query, headers, body: job, signal })).body!;
    } catch (error) {
      const id = error instanceof GatewayError && error.outcome === "unknown" ? error.problem?.job : undefined;
      if (id !== undefined) return confirmed(client, id, options);
      await pauseBeforeRetry(error, failures, end, signal);
    }
  }
}

/** Polls a job whose submit lost its answer. The gateway gives it up after 2 minutes with 404. */
async function confirmed(client: Client, id: string, options: CallOptions): Promise<Job> {
  // Longer than the gateway takes to give the job up.
  const end = now() + 300_000;
  for (let failures = 0; ; ) {
    await sleep(2_000, options.signal);
    try {
      const job = await getJob(client, id, options);
      if (!("unconfirmed" in job && job.unconfirmed)) return job;
      failures = 0;
    } catch (error) {
      if (error instanceof GatewayError && error.code === "job-not-found") throw new JobLostError(id, { cause: error });
      await pauseBeforeRetry(error, failures++, end, options.signal);
    }
  }
}

/** Throws the error if the request cannot succeed later, or not before `end`. */
async function pauseBeforeRetry(error: unknown, failures: number, end: number, signal: AbortSignal | undefined): Promise<void> {
  const isRetryable = error instanceof ConnectionError || (error instanceof GatewayError && error.retryable);
  const delay = Math.max(backOff(failures), (error instanceof GatewayError && error.retryAfter) || 0);
  if (!isRetryable || now() + delay > end) throw error;
  await sleep(delay, signal);
}

/** 128 random bits. `crypto.randomUUID` does not exist in pages without TLS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
