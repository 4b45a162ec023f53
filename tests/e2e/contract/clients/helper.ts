// examples/run-job.ts against the demo, with and without event streams.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProblemError, runJob } from "./run-job.js";
import type { components } from "./ips-gateway.js";

const [url, user] = [process.env["GATEWAY_URL"]!, process.env["GATEWAY_USER"]!];
const submit = { jobName: "helper", imageServingPublishJob: { publishType: "Full", emailSetting: "None" } };

/** Runs a job; the paths that were asked for, and what was seen of the job. */
async function run(answer: (path: string, init?: RequestInit) => Promise<Response>) {
  const [paths, seen]: [string[], components["schemas"]["Job"][]] = [[], []];
  const counting: typeof fetch = (target, init) => {
    paths.push(String(target).slice(url.length).replace(/[\w-]{30,}/, "{job}"));
    return answer(String(target), init);
  };
  const gateway = { url, headers: { Authorization: `Basic ${btoa(user)}` }, fetch: counting };
  const job = await runJob(gateway, submit, (job) => seen.push(job));
  assert.deepEqual([job.phase, job.outcome], ["completed", "succeeded"]);
  assert(seen.some((job) => job.status === "running"), JSON.stringify(seen));
  return paths;
}

// Concurrent, as most of the time is spent waiting for a job.
describe("run-job", { concurrency: true }, () => {
  test("listens to events, and polls at most once", async () => {
    const paths = await run(fetch);
    assert.deepEqual(paths, ["/jobs", "/jobs/{job}/events"]);
  });

  test("polls when the stream is refused", async () => {
    const refused = async () => Response.json({ code: "too-many-streams", detail: "refused" }, { status: 503 });
    const paths = await run((path, init) => (path.endsWith("/events") ? refused() : fetch(path, init)));
    assert(paths.filter((path) => path === "/jobs/{job}").length > 1, JSON.stringify(paths));
  });

  test("polls when the stream breaks off", async () => {
    const paths = await run(async (path, init) => {
      const answer = await fetch(path, init);
      if (!path.endsWith("/events")) return answer;
      const reader = answer.body!.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      return new Response(value);
    });
    assert(paths.includes("/jobs/{job}"), JSON.stringify(paths));
  });

  test("a refused submit is a problem with its code", async () => {
    const gateway = { url, headers: { Authorization: `Basic ${btoa("katlyn@example.com:wrong")}` } };
    const refused = (error: unknown) => error instanceof ProblemError && error.problem.code === "credentials-rejected";
    await assert.rejects(runJob(gateway, submit, () => {}), refused);
  });
});
