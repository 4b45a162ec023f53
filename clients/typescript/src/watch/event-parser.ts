import { ConnectionError } from "../errors.js";

/** An event of a stream. */
export interface ServerEvent {
  /** Id for `Last-Event-ID`; absent of events without one, such as heartbeats. */
  id?: string;
  event: string;
  data: string;
}

/** Events of the gateway that tell a state. Others are ignored, so that the gateway can add some. */
export const STATE_EVENTS = [
  "snapshot", "job.created", "job.progress", "job.status", "job.finished", "job.chain", "job.removed", "upstream.stale", "upstream.recovered",
] as const;

/** Largest event, in characters; a snapshot of 10,000 jobs has some 20 million. */
const MAX_SIZE = 256 * 1024 * 1024;

/** Incremental parser of `text/event-stream` (WHATWG HTML). */
export class EventParser {
  #rest = "";
  #endsWithCr = false;
  #event = "";
  #data: string[] = [];
  #size = 0;
  #id: string | undefined;

  /** Events that a piece of the stream completes. */
  push(piece: string): ServerEvent[] {
    if (piece === "") return [];
    const text = this.#endsWithCr && piece.startsWith("\n") ? piece.slice(1) : piece;
    this.#endsWithCr = piece.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    if (this.#size + this.#rest.length > MAX_SIZE) throw new ConnectionError("an event of the stream is too large");
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === "") return this.#dispatch();
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "event") this.#event = value ?? "";
    else if (field === "data") this.#data.push(value ?? "");
    else if (field === "id" && !value?.includes("\0")) this.#id = value;
    this.#size += line.length;
    return [];
  }

  #dispatch(): ServerEvent[] {
    const [event, data, id] = [this.#event || "message", this.#data, this.#id];
    [this.#event, this.#data, this.#size, this.#id] = ["", [], 0, undefined];
    return data.length === 0 ? [] : [{ ...(id !== undefined && { id }), event, data: data.join("\n") }];
  }
}
