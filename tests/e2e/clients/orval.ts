// orval's fetch client against the demo.
import assert from "node:assert/strict";
import { getJob, listJobs, stopJob, submitJob } from "./orval-client.js";
import { authorization, run } from "./scenario.js";

const options = { headers: { Authorization: authorization } };

run("orval", {
  list: async () => {
    const answer = await listJobs({ phase: ["active", "scheduled"] }, options);
    assert(answer.status === 200, JSON.stringify(answer));
    return answer.data.jobs;
  },
  submit: async (jobName) => {
    const body = { jobName, imageServingPublishJob: { publishType: "Full", emailSetting: "None" } };
    const answer = await submitJob(body, undefined, options);
    assert(answer.status === 202, JSON.stringify(answer));
    return { status: answer.status, job: answer.data };
  },
  get: async (job) => {
    const answer = await getJob(job, undefined, options);
    assert(answer.status === 200, JSON.stringify(answer));
    return answer.data;
  },
  stop: async (job) => {
    const answer = await stopJob(job, undefined, options);
    return answer.status === 202 ? undefined : answer.data;
  },
});
