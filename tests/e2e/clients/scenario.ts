// What each generated TypeScript client must be able to do.
import assert from "node:assert/strict";
import { test } from "node:test";

const PATIENCE = 240_000;

/** What the clients have in common: their own types of jobs and problems fit these. */
interface Job {
  id: string;
  phase: string;
  outcome?: string | undefined;
}
interface Problem {
  status: number;
  code: string;
}

/** A generated client, with its own calls. */
export interface Client {
  /** Lists the active and the scheduled jobs. */
  list(): Promise<Job[]>;
  /** Submits a job; also its status. */
  submit(jobName: string): Promise<{ status: number; job: Job }>;
  get(id: string): Promise<Job>;
  /** Stops a job that can't be stopped. */
  stop(id: string): Promise<Problem | undefined>;
}

export const [url, user] = [process.env["GATEWAY_URL"]!, process.env["GATEWAY_USER"]!];
export const authorization = `Basic ${btoa(user)}`;

export function run(name: string, client: Client) {
  test(`${name} lists two phases, submits, follows, and reads a problem`, async () => {
    const phases = new Set((await client.list()).map((job) => job.phase));
    assert.deepEqual([...phases].sort(), ["active", "scheduled"]);

    const submitted = await client.submit(name);
    assert.equal(submitted.status, 202);
    let { job } = submitted;
    for (const end = Date.now() + PATIENCE; job.phase !== "completed"; ) {
      assert(Date.now() < end, JSON.stringify(job));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      job = await client.get(job.id);
    }
    assert.equal(job.outcome, "succeeded");

    const problem = await client.stop(job.id);
    assert.deepEqual([problem?.status, problem?.code], [409, "action-not-possible"]);
  });
}
