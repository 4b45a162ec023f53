// A live list of jobs: progress, a button to stop a job, and a note when the list is out of date.
import { type Client, type Job, stopJob } from "ips-gateway-client";
import { useState } from "react";
import { useJob, useJobs } from "./hooks.js";

export function Jobs({ client }: { client: Client }) {
  const { live, ended } = useJobs(client);
  const [selected, select] = useState<string>();
  if (ended) return <p role="alert">{String(ended)}</p>;
  if (!live?.observedAt) return <p role="status">{live?.error ? `No connection: ${live.error.message}` : "Loading …"}</p>;
  return (
    <>
      {live.stale && <p role="status">Out of date, as of {new Date(live.observedAt).toLocaleTimeString()}</p>}
      <ul>
        {live.jobs.map((job) => (
          <li key={job.id}>
            <button onClick={() => select(job.id)}>{job.title ?? job.id}</button> {job.status}{" "}
            {job.percent !== undefined && <progress max={100} value={job.percent} aria-label="Progress" />}
            <Stop client={client} job={job} />
          </li>
        ))}
      </ul>
      {selected && <Details key={selected} client={client} id={selected} />}
    </>
  );
}

function Stop({ client, job }: { client: Client; job: Job }) {
  const [error, setError] = useState<string>();
  const stop = () => stopJob(client, job.id).catch((error: Error) => setError(error.message));
  return (
    <>
      {job.actions.includes("stop") && <button onClick={stop}>Stop</button>}
      {error && <span role="alert">{error}</span>}
    </>
  );
}

function Details({ client, id }: { client: Client; id: string }) {
  const { live, ended } = useJob(client, id);
  if (ended) return <p role="alert">{String(ended)}</p>;
  const job = live?.job;
  return <p role="status" id="details">{job ? `${job.title}: ${job.phase === "completed" ? job.outcome : job.status}` : "Loading …"}</p>;
}
