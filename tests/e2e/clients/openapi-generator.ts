// openapi-generator's typescript-fetch against the demo.
import { Configuration, JobsApi, ProblemFromJSON, ResponseError } from "./typescript-fetch/index.js";
import { run, url, user } from "./scenario.js";

const [username = "", password = ""] = user.split(":");
const jobs = new JobsApi(new Configuration({ basePath: url, username, password }));

run("openapi-generator", {
  list: async () => (await jobs.listJobs({ phase: ["active", "scheduled"] })).jobs,
  submit: async (jobName) => {
    const imageServingPublishJob = { publishType: "Full", emailSetting: "None" };
    const answer = await jobs.submitJobRaw({ submitJobParam: { jobName, imageServingPublishJob } });
    return { status: answer.raw.status, job: await answer.value() };
  },
  get: (job) => jobs.getJob({ job }),
  stop: async (job) => {
    try {
      await jobs.stopJob({ job });
      return undefined;
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      return ProblemFromJSON(await error.response.json());
    }
  },
});
