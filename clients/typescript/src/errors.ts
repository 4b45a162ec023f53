import type { InvalidValue, Job, Problem } from "./types.js";

/** Error response of the gateway, or of a proxy in front of it. Branch on `code`, `retryable` and `outcome`. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  /** Code of the problem; `http-<status>` for a response that is no problem document, `invalid-answer` for a success that is no JSON. */
  readonly code: string;
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
  /** Outcome of a request that changes something. `unknown`, too, if a proxy answered and the gateway may have the request. */
  readonly outcome: Problem["outcome"];
  /** Invalid values of the request. */
  readonly errors: readonly InvalidValue[];
  /** Problem document with all members; absent if the response is none. */
  readonly problem: Problem | undefined;
  /** Milliseconds to wait before the next request, from `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(readonly status: number, { problem, code, retryAfter }: { problem?: Problem; code?: string; retryAfter?: number | undefined }) {
    super(problem?.detail ?? `HTTP ${status}: the response is not from the gateway`);
    this.problem = problem;
    this.code = problem?.code ?? code ?? `http-${status}`;
    this.retryable = problem?.retryable ?? (status < 400 || [408, 429, 502, 503, 504].includes(status));
    this.outcome = problem ? problem.outcome : "unknown";
    this.errors = problem?.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

/** No response: the network failed, the response broke off, or a time limit of the client passed. `cause` has the error of `fetch`. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** The job is neither in a list of IPS nor in the log: deleted, or its submit was not accepted. */
export class JobLostError extends Error {
  override readonly name = "JobLostError";
  constructor(readonly jobId: string, options?: ErrorOptions) {
    super(`job ${jobId} is neither active nor scheduled nor in the log`, options);
  }
}

/** The job did not end within the time limit of `waitForJob`. It is not stopped by that. */
export class JobTimeoutError extends Error {
  override readonly name = "JobTimeoutError";
  /** @param job Last state that was seen; absent if none was. */
  constructor(readonly jobId: string, readonly job: Job | undefined) {
    super(`job ${jobId} did not end within the time limit`);
  }
}
