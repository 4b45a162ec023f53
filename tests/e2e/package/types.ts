// What the types of the package allow and refuse; compiled, not run.
import { type Client, type Job, type SubmitJobParam, getJob, listJobs, submitJob } from "ips-gateway-client";

export async function compiles(client: Client): Promise<number | undefined> {
  // @ts-expect-error A submit needs a kind of job.
  await submitJob(client, { jobName: "without kind" });
  // @ts-expect-error Values of filters are those of the document.
  await listJobs(client, { phase: ["other"] });
  const submit: SubmitJobParam = { jobName: "typed", imageServingPublishJob: { publishType: "Full", emailSetting: "None" } };
  const job: Job = await submitJob(client, submit);
  // @ts-expect-error Only a completed job has counts.
  job.fatalError;
  const read = await getJob(client, job.id);
  return read.phase === "completed" ? read.totalFileCount : read.percent;
}
