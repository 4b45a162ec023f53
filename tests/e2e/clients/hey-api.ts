// @hey-api/openapi-ts against the demo.
import assert from "node:assert/strict";
import { client } from "./hey-api-client/client.gen.js";
import { getJob, listJobs, stopJob, submitJob } from "./hey-api-client/index.js";
import { run, url, user } from "./scenario.js";

client.setConfig({ baseUrl: url, auth: (scheme) => (scheme.scheme === "basic" ? user : undefined) });

run("hey-api", {
  list: async () => (await listJobs({ query: { phase: ["active", "scheduled"] }, throwOnError: true })).data.jobs,
  submit: async (jobName) => {
    const body = { jobName, imageServingPublishJob: { publishType: "Full", emailSetting: "None" } };
    const { data, response } = await submitJob({ body });
    assert(data && response);
    return { status: response.status, job: data };
  },
  get: async (job) => (await getJob({ path: { job }, throwOnError: true })).data,
  stop: async (job) => (await stopJob({ path: { job } })).error,
});
