import { Deadline, sleep } from "../timing.js";

/** Reason why the connection of a hidden page is closed. */
export const HIDDEN = new DOMException("the page is hidden", "AbortError");

/** Milliseconds for which a hidden page keeps its connection. */
const HIDDEN_AFTER = 30_000;

const isHidden = (): boolean => typeof document === "object" && document.visibilityState === "hidden";

/** Waits until the page is visible. */
export async function untilVisible(signal: AbortSignal): Promise<void> {
  while (isHidden()) {
    const deadline = new Deadline(signal);
    const shown = () => deadline.abort(HIDDEN);
    document.addEventListener("visibilitychange", shown);
    await sleep(Infinity, deadline.signal).catch(() => {});
    document.removeEventListener("visibilitychange", shown);
    deadline.release();
    signal.throwIfAborted();
  }
}

/** Aborts a connection with `HIDDEN` when the page has been hidden for 30 s; returns the function that ends the observation. */
export function abortWhenHidden(connection: Deadline): () => void {
  if (typeof document !== "object") return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const observe = () => {
    clearTimeout(timer);
    if (isHidden()) timer = setTimeout(() => connection.abort(HIDDEN), HIDDEN_AFTER);
  };
  observe();
  document.addEventListener("visibilitychange", observe);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", observe);
  };
}
