// Hooks for ips-gateway-client. Create the client once, outside of components or with `useMemo`: a new one starts a new watch.
import { type Client, type LiveJob, type LiveJobs, type WatchOptions, watchJob, watchJobs } from "ips-gateway-client";
import { useEffect, useState } from "react";

/** Live list of the active jobs. */
export function useJobs(client: Client, options?: WatchOptions): Watched<LiveJobs> {
  return useWatch((signal) => watchJobs(client, { ...options, signal }), [client]);
}

/** Live state of a job, to its end. */
export function useJob(client: Client, id: string, options?: WatchOptions): Watched<LiveJob> {
  return useWatch((signal) => watchJob(client, id, { ...options, signal }), [client, id]);
}

export interface Watched<T> {
  /** Last value; absent until the first one. */
  live?: T;
  /** Error that ended the watch, such as rejected credentials. */
  ended?: unknown;
}

/** Watches from mount to unmount, and anew when `dependencies` change. Other options are those of the first render. */
function useWatch<T>(watch: (signal: AbortSignal) => AsyncIterable<T>, dependencies: readonly unknown[]): Watched<T> {
  const [watched, setWatched] = useState<Watched<T>>({});
  useEffect(() => {
    const controller = new AbortController();
    setWatched({});
    const read = async () => {
      for await (const live of watch(controller.signal)) setWatched({ live });
    };
    read().catch((ended: unknown) => {
      if (!controller.signal.aborted) setWatched(({ live }) => ({ ...(live && { live }), ended }));
    });
    return () => controller.abort();
  }, dependencies);
  return watched;
}
