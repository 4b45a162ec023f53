import type { Client, Query } from "../client.js";
import { ConnectionError, GatewayError } from "../errors.js";
import { EventParser, STATE_EVENTS, type ServerEvent } from "./event-parser.js";
import { connected, exchange, open } from "../request.js";
import { Deadline } from "../timing.js";
import type { Ticket } from "../types.js";

export interface StreamRequest {
  path: string;
  query: Query;
  lastEventId: string | undefined;
  signal: AbortSignal;
  /** Milliseconds for the first byte. A proxy that buffers the stream exceeds it. */
  firstByteTimeout: number;
  /** Milliseconds without a byte after which the connection counts as dead. */
  silenceTimeout: number;
}

/** Opens an event stream. Yields the events that arrived together, an empty array for a sign of life; returns when the server ends it. */
export type StreamSource = (client: Client, request: StreamRequest) => AsyncIterable<ServerEvent[]>;

/** Event stream by `fetch`, with the credentials of the client. It is read no faster than its events are taken. */
export async function* fetchStream(client: Client, request: StreamRequest): AsyncGenerator<ServerEvent[], void> {
  const deadline = new Deadline(request.signal);
  try {
    deadline.start(request.firstByteTimeout);
    const headers = { Accept: "text/event-stream", ...(request.lastEventId !== undefined && { "Last-Event-ID": request.lastEventId }) };
    const response = await open(client, request.path, { query: request.query, headers, signal: deadline.signal });
    if (response.status === 204) return;
    if (!response.body || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
      throw new GatewayError(response.status, { code: "invalid-answer" });
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await connected(deadline.signal, () => reader.read());
      deadline.stop();
      if (done) return;
      yield parser.push(decoder.decode(value, { stream: true }));
      deadline.start(request.silenceTimeout);
    }
  } finally {
    deadline.release();
    // Closes the connection.
    deadline.abort(new ConnectionError("the stream was closed"));
  }
}

/** Events that are kept for a slow reader; beyond it the stream is closed, and resumed later. */
const MAX_QUEUE = 4_096;

/** Event stream by `EventSource`, with a ticket. Each connection gets a ticket of its own. */
export async function* ticketStream(client: Client, request: StreamRequest): AsyncGenerator<ServerEvent[], void> {
  const deadline = new Deadline(request.signal);
  let source: EventSource | undefined;
  try {
    deadline.start(request.firstByteTimeout);
    const issued = await exchange<Ticket>(client, "/jobs/events/tickets", { method: "POST", signal: deadline.signal });
    const query = { ...request.query, ticket: issued.body!.ticket, heartbeat: 15, lastEventId: request.lastEventId };
    const events = (source = new EventSource(client.url(request.path, query)));
    let queue: ServerEvent[] = [];
    let wake = () => {};
    let isClosed = false;
    const close = () => {
      isClosed = true;
      events.close();
      wake();
    };
    deadline.signal.addEventListener("abort", close);
    for (const event of [...STATE_EVENTS, "heartbeat", "error"]) {
      events.addEventListener(event, (message) => {
        // The connection error has the name of the event `error`.
        if (!(message instanceof MessageEvent)) return close();
        const id = message.lastEventId;
        queue.push({ event, data: message.data, ...(id && event !== "heartbeat" && { id }) });
        if (queue.length > MAX_QUEUE) close();
        wake();
      });
    }
    for (;;) {
      if (queue.length === 0 && !isClosed) {
        await new Promise<void>((resolve) => (wake = resolve));
        deadline.signal.throwIfAborted();
      }
      deadline.stop();
      const batch = queue;
      queue = [];
      if (batch.length > 0) yield batch;
      else if (isClosed) return;
      deadline.start(request.silenceTimeout);
    }
  } finally {
    source?.close();
    deadline.release();
  }
}
