import type { ConnectionError, GatewayError } from "../errors.js";
import type { StaleReason } from "../types.js";
import type { Update } from "./follow.js";

/** What is known about the age of a watched list or job. */
export interface State {
  /** Time at which IPS returned this; absent until the first answer. It is not updated while nothing changes. */
  observedAt?: string | undefined;
  /** Why this is out of date: calls of the gateway to IPS fail, or there is no connection to the gateway. Absent while it is current. */
  stale?: StaleReason | "disconnected" | undefined;
  /** How changes arrive. */
  connection: "stream" | "poll" | "lost";
  /** Failure of the connection, which is tried again. */
  error?: GatewayError | ConnectionError | undefined;
}

type Age = { observedAt?: string; stale?: boolean; staleReason?: StaleReason };

const CONNECTIONS = { events: "stream", polled: "poll", lost: "lost" } as const;

/** Connection, staleness and age, as updates of a list or job tell them. */
export class StateOfConnection {
  #observedAt: string | undefined;
  #upstream: StaleReason | undefined;
  #connection: State["connection"] = "lost";
  #error: State["error"];

  value(): State {
    return {
      observedAt: this.#observedAt,
      stale: this.#connection === "lost" ? "disconnected" : this.#upstream,
      connection: this.#connection,
      error: this.#error,
    };
  }

  /** Applies an update; returns whether staleness or connection changed after the first answer, or a failure was reported. */
  apply(update: Update<Age>): boolean {
    const before = this.value();
    this.#error = update.type === "lost" ? update.error : undefined;
    this.#connection = CONNECTIONS[update.type];
    if (update.type === "polled" && update.body) this.#observe(update.body);
    if (update.type === "events") {
      for (const { event, data } of update.events) {
        if (event === "snapshot" || event === "upstream.stale" || event === "upstream.recovered") this.#observe(data);
        else if (event !== "job.removed") this.#observedAt = data.observedAt;
      }
    }
    const after = this.value();
    if (update.type === "lost") return true;
    return after.observedAt !== undefined && (before.stale !== after.stale || before.connection !== after.connection);
  }

  #observe({ observedAt, stale, staleReason }: Age): void {
    this.#observedAt = observedAt ?? this.#observedAt;
    this.#upstream = stale ? (staleReason ?? "upstreamFailed") : undefined;
  }
}
