import type { Client, Query } from "../client.js";
import { ConnectionError, GatewayError } from "../errors.js";
import { STATE_EVENTS, type ServerEvent } from "./event-parser.js";
import type { CallOptions } from "../jobs.js";
import type { CompletedJob, Job, JobList, RemovedJob, Staleness } from "../types.js";
import { HIDDEN, abortWhenHidden, untilVisible } from "./page.js";
import { exchange, retryAfterOf } from "../request.js";
import { type StreamSource, fetchStream } from "./streams.js";
import { Deadline, backOff, now, sleep } from "../timing.js";

export interface WatchOptions extends CallOptions {
  /** How events arrive: `fetchStream` (default), `ticketStream` (`EventSource`), or `"none"`, which polls only. */
  stream?: StreamSource | "none";
  /** Milliseconds for the first byte of a stream, 10,000 by default. After that a proxy is taken to buffer it, and the list is polled. */
  firstByteTimeout?: number;
  /** Milliseconds without a byte after which a stream counts as dead, 25,000 by default. The gateway sends one every 15 s. */
  silenceTimeout?: number;
  /** Milliseconds of polling after which a refused stream is tried again, 60,000 by default; up to eight times as many after repeated refusals. */
  streamRetry?: number;
  /** `pause` (default) closes the connection of a page that has been hidden for 30 s, and catches up when it is visible. */
  whenHidden?: "pause" | "continue";
}

/** Event of the gateway with its data. Other events are left out. */
export type JobEvent =
  | { event: "snapshot"; data: JobList }
  | { event: "job.created" | "job.progress" | "job.status"; data: Job }
  | { event: "job.finished" | "job.chain"; data: CompletedJob }
  | { event: "job.removed"; data: RemovedJob }
  | { event: "upstream.stale" | "upstream.recovered"; data: Staleness };

/** What a followed resource reports. */
export type Update<T> =
  | { type: "events"; events: JobEvent[] }
  | { type: "polled"; body: T | undefined }
  | { type: "lost"; error: GatewayError | ConnectionError };

/** Seconds that a long poll waits: fewer than the 30 s after which common proxies give up. */
const POLL_WAIT = 25;

/** Least milliseconds from one poll to the next; the larger one if the server did not wait, because a proxy removed `Prefer`. */
const POLL_INTERVAL = { waited: 1_000, answered: 2_000 };

/** A stream that lives shorter than this counts as a failure, in milliseconds. */
const SHORT_STREAM = 5_000;

/**
 * Follows a resource: by its event stream, which is resumed after the last event; by long polls where the stream is refused, buffered or
 * breaks repeatedly. Failures that can pass are reported and repeated with back-off; the others are thrown.
 *
 * @param streamQuery Query parameters of the stream only.
 */
export async function* follow<T>(client: Client, path: string, options: WatchOptions, streamQuery: Query = {}): AsyncGenerator<Update<T>, never> {
  const { signal = new AbortController().signal, company = {}, stream = fetchStream, whenHidden = "pause" } = options;
  const { firstByteTimeout = 10_000, silenceTimeout = 25_000, streamRetry = 60_000 } = options;
  let [failures, refusals, nextStream] = [0, 0, 0];
  let lastEventId: string | undefined;
  let etag: string | undefined;
  let isStreaming = false;

  async function* streamed(source: StreamSource): AsyncGenerator<Update<T>, boolean> {
    const connection = new Deadline(signal);
    const release = whenHidden === "pause" ? abortWhenHidden(connection) : () => {};
    const started = now();
    let isOpen = false;
    try {
      const request = { path: `${path}/events`, query: { ...company, ...streamQuery }, lastEventId, signal: connection.signal, firstByteTimeout, silenceTimeout };
      for await (const events of source(client, request)) {
        [isOpen, isStreaming, refusals] = [true, true, 0];
        etag = undefined;
        for (const event of events) lastEventId = event.id ?? lastEventId;
        yield { type: "events", events: events.flatMap(read) };
      }
      if (isOpen) throw new ConnectionError("the server ended the stream");
      return false;
    } catch (error) {
      signal.throwIfAborted();
      if (error === HIDDEN) return true;
      if (!isOpen) {
        const refusal = refusalOf(error);
        // A poll would take too long to find it out. A refusal is not told: the poll can succeed.
        if (isStreaming && refusal instanceof ConnectionError) yield { type: "lost", error: refusal };
        return false;
      }
      failures = now() - started < SHORT_STREAM ? failures + 1 : 0;
      // The reader is told if it takes longer than one attempt.
      if (failures > 0) yield { type: "lost", error: recoverable(error) };
      await sleep(backOff(failures + 1), signal, "online");
      if (failures < 3) return true;
      failures = 0;
      return false;
    } finally {
      release();
      connection.release();
    }
  }

  async function* polled(): AsyncGenerator<Update<T>, boolean> {
    const started = now();
    try {
      const headers = etag === undefined ? {} : { "If-None-Match": etag, Prefer: `wait=${POLL_WAIT}` };
      const timeout = client.timeout + (etag === undefined ? 0 : POLL_WAIT * 1000);
      const answer = await exchange<T>(client, path, { query: { ...company }, headers, timeout, signal });
      const interval = answer.headers.has("Preference-Applied")
        ? POLL_INTERVAL.waited
        : Math.max(POLL_INTERVAL.answered, retryAfterOf(answer.headers) ?? 0);
      etag = answer.headers.get("ETag") ?? undefined;
      // The events before this state would turn it back.
      lastEventId = undefined;
      [failures, isStreaming] = [0, false];
      yield { type: "polled", body: answer.body };
      // The first poll is followed by one that waits.
      if (headers["If-None-Match"] !== undefined || etag === undefined) await sleep(started + interval - now(), signal);
      return true;
    } catch (thrown) {
      signal.throwIfAborted();
      const error = recoverable(thrown);
      yield { type: "lost", error };
      const delay = Math.max(backOff(failures++), (error instanceof GatewayError && error.retryAfter) || 0);
      await sleep(delay, signal, error instanceof ConnectionError ? "online" : undefined);
      return false;
    }
  }

  for (;;) {
    signal.throwIfAborted();
    if (whenHidden === "pause") await untilVisible(signal);
    if (stream !== "none" && now() >= nextStream) {
      if (yield* streamed(stream)) continue;
      nextStream = now() + streamRetry * 2 ** Math.min(refusals++, 3);
    }
    // Where polls fail as well, it was not the stream that was refused.
    if (!(yield* polled())) [refusals, nextStream] = [0, 0];
  }
}

/** Reads an event. Heartbeats say nothing more; after an `error` the stream ends, and the next request meets the error. */
function read({ event, data }: ServerEvent): JobEvent[] {
  if (!(STATE_EVENTS as readonly string[]).includes(event)) return [];
  try {
    return [{ event, data: JSON.parse(data) } as JobEvent];
  } catch (cause) {
    throw new ConnectionError(`the data of an event ${event} are no JSON`, { cause });
  }
}

/** The error if the same request can succeed later; throws it otherwise. */
function recoverable(error: unknown): GatewayError | ConnectionError {
  if (error instanceof ConnectionError || (error instanceof GatewayError && error.retryable)) return error;
  throw error;
}

/** A stream that did not open is followed by a poll, which finds out whether more than the stream is refused. Rejected credentials are final. */
function refusalOf(error: unknown): GatewayError | ConnectionError {
  if (error instanceof ConnectionError || (error instanceof GatewayError && error.status !== 401)) return error;
  throw error;
}
