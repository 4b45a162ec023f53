// openapi-typescript and openapi-fetch against the demo: responses match their strict types.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import createClient from "openapi-fetch";
import type { components, paths } from "./ips-gateway.js";

const [url, user] = [process.env["GATEWAY_URL"]!, process.env["GATEWAY_USER"]!];
const client = createClient<paths, "application/json" | "application/problem+json">({
  baseUrl: url,
  headers: { Authorization: `Basic ${btoa(user)}` },
  // Lists are separated by commas in the document, which openapi-fetch doesn't take from there.
  querySerializer: { array: { style: "form", explode: false } },
});
const publish: components["schemas"]["SubmitJobParam"] = {
  jobName: "typescript",
  imageServingPublishJob: { publishType: "Full", emailSetting: "None" },
};
// @ts-expect-error A submit needs a kind of job.
const withoutKind: components["schemas"]["SubmitJobParam"] = { jobName: "typescript" };

async function submit() {
  const { data } = await client.POST("/jobs", { body: publish });
  assert(data && "id" in data);
  return data;
}

// Concurrent, as most of the time is spent waiting for a job.
describe("openapi-fetch", { concurrency: true }, () => {
  test("lists jobs", async () => {
    const { data } = await client.GET("/jobs", { params: { query: { phase: ["active", "scheduled"], sort: "-startDate", limit: 5 } } });
    assert(data && data.jobs.length > 1, JSON.stringify(data));
    for (const job of data.jobs) {
      if (job.phase === "scheduled") assert(["scheduled", "paused"].includes(job.status), job.status);
      assert(job.actions.length > 0 && job.companyHandle && job.observedAt);
    }
  });

  test("follows a job to its outcome, and gets a code for an impossible action", async () => {
    let job = await submit();
    const path = { job: job.id };
    while (job.phase !== "completed") {
      const { data } = await client.GET("/jobs/{job}", { params: { path, header: { Prefer: "wait=5" } } });
      assert(data);
      job = data;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.equal(job.outcome, "succeeded");
    const { data: log } = await client.GET("/jobs/{job}/log", { params: { path, query: { level: "info", perPage: 2 } } });
    assert.equal(log?.entries.length, 2);
    const { error, response } = await client.POST("/jobs/{job}/stop", { params: { path } });
    assert.deepEqual([response.status, error?.code, error?.actions], [409, "action-not-possible", []]);
  });

  test("stops a job", async () => {
    let job: components["schemas"]["Job"] = await submit();
    const params = { path: { job: job.id } };
    while (job.status !== "running") {
      assert(job.status === "waiting", JSON.stringify(job));
      await new Promise((resolve) => setTimeout(resolve, 500));
      job = (await client.GET("/jobs/{job}", { params })).data!;
    }
    const { data } = await client.POST("/jobs/{job}/stop", { params });
    assert(data && ["stopping", "finalizing", "completed"].includes(data.status), JSON.stringify(data));
  });

  test("gets the errors of an invalid submit", async () => {
    const { error } = await client.POST("/jobs", { body: withoutKind });
    assert.equal(error?.code, "invalid-request");
    assert.equal(typeof error.errors?.[0]?.detail, "string");
  });
});
