// Submits a job and follows it to its outcome: by server-sent events, and by long polling if the stream is refused or breaks.
//
//     npx openapi-typescript http://127.0.0.1:8080/openapi.json --output ips-gateway.ts
//
//     const gateway = { url: "http://127.0.0.1:8080", headers: { Authorization: `Bearer ${token}` } };
//     const submit = { jobName: "hello", imageServingPublishJob: { publishType: "Full", emailSetting: "None" } };
//     const job = await runJob(gateway, submit, (job) => console.log(job.status, job.percent));
//     console.log(job.outcome); // "succeeded", "succeededWithWarnings", "failed", "stopped" or "unknown"
import type { components } from "./ips-gateway.js";

type Schemas = components["schemas"];
export type Gateway = { url: string; headers: Record<string, string>; fetch?: typeof fetch };

/** Error response of the gateway; branch on `problem.code`. */
export class ProblemError extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    super(problem.detail);
  }
}

export async function runJob(gateway: Gateway, submit: Schemas["SubmitJobParam"], onChange: (job: Schemas["Job"]) => void) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": `"${crypto.randomUUID()}"` };
  const submitted = await ask(gateway, "/jobs", { method: "POST", headers, body: JSON.stringify(submit) });
  let job: Schemas["Job"] = await submitted.json();
  const see = (seen: Schemas["Job"]) => onChange((job = seen));
  const path = `/jobs/${job.id}`;
  await listen(gateway, path, see).catch(() => {}); // A persistent error is thrown by the polls below.
  for (let etag = "*"; job.status !== "completed"; ) {
    // The first poll returns at once, the others at the next change or after 20 seconds.
    const poll = await ask(gateway, path, { headers: etag === "*" ? {} : { "If-None-Match": etag, Prefer: "wait=20" } });
    etag = poll.headers.get("ETag") ?? "*";
    if (poll.status === 200) see(await poll.json());
  }
  return job as Schemas["CompletedJob"];
}

/** Reads the event stream of a job until it ends. */
async function listen(gateway: Gateway, path: string, see: (job: Schemas["Job"]) => void) {
  const stream = (await ask(gateway, `${path}/events`, {})).body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "", chunk = await stream.read(); !chunk.done; chunk = await stream.read()) {
    const events = (text + chunk.value).split("\n\n");
    text = events.pop()!; // The last event may be incomplete.
    for (const event of events) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/m.exec(event) ?? [];
      if (name === "snapshot") (JSON.parse(data!) as Schemas["JobList"]).jobs.forEach(see);
      else if (name?.startsWith("job.") && name !== "job.removed") see(JSON.parse(data!));
    }
  }
}

async function ask(gateway: Gateway, path: string, init: RequestInit & { headers?: Record<string, string> }) {
  const answer = await (gateway.fetch ?? fetch)(gateway.url + path, { ...init, headers: { ...gateway.headers, ...init.headers } });
  if (answer.status >= 400) throw new ProblemError(await answer.json());
  return answer;
}
