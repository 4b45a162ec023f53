import { ConnectionError } from "./errors.js";

/** Longest delay of a timer of JavaScript. */
const MAX_DELAY = 2 ** 31 - 1;

/** Milliseconds of a clock that a change of the system time does not move. */
export const now = (): number => performance.now();

/** Delay before the attempt after `failures` failed ones: exponential up to 30 s, the upper half of it random. */
export function backOff(failures: number): number {
  const delay = Math.min(30_000, 500 * 2 ** Math.min(failures, 10));
  return delay / 2 + (Math.random() * delay) / 2;
}

/** Waits; rejects with the reason of the signal. `wakeOn` is an event of the window that ends the wait early. */
export function sleep(milliseconds: number, signal?: AbortSignal, wakeOn?: "online"): Promise<void> {
  return new Promise((resolve, reject) => {
    const page = wakeOn && typeof window === "object" ? window : undefined;
    const settle = (end: () => void) => () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if (wakeOn) page?.removeEventListener(wakeOn, wake);
      end();
    };
    const wake = settle(resolve);
    const abort = settle(() => reject(signal?.reason));
    const timer = setTimeout(wake, Math.min(milliseconds, MAX_DELAY));
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort);
    if (wakeOn) page?.addEventListener(wakeOn, wake);
  });
}

/** AbortController that follows a signal until it is released, and aborts with an error when a timer that can be restarted runs out. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #follow = () => this.#controller.abort(this.#parent?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parent: AbortSignal | undefined) {
    this.#parent = parent;
    if (parent?.aborted) this.#follow();
    parent?.addEventListener("abort", this.#follow);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  start(milliseconds: number, error: () => Error = () => new ConnectionError(`no response within ${milliseconds} ms`)): void {
    this.stop();
    this.#timer = setTimeout(() => this.#controller.abort(error()), Math.min(milliseconds, MAX_DELAY));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  release(): void {
    this.stop();
    this.#parent?.removeEventListener("abort", this.#follow);
  }
}
