// swagger-typescript-api against the demo.
import { Api, Phase, type HttpResponse, type Job, type Problem } from "./swagger-typescript-api-client.js";
import { authorization, run, url } from "./scenario.js";

const { jobs } = new Api({ baseUrl: url, baseApiParams: { headers: { Authorization: authorization } } });

run("swagger-typescript-api", {
  list: async () => (await jobs.listJobs({ phase: [Phase.Active, Phase.Scheduled] })).data.jobs,
  submit: async (jobName) => {
    const body = { jobName, imageServingPublishJob: { publishType: "Full", emailSetting: "None" } };
    const { status, data } = await jobs.submitJob(body);
    return { status, job: data };
  },
  get: async (job) => (await jobs.getJob(job)).data,
  // It throws responses that are no success.
  stop: async (job) => {
    const answer = jobs.stopJob(job).then(() => undefined, (refused: HttpResponse<Job, Problem>) => refused.error);
    return answer;
  },
});
