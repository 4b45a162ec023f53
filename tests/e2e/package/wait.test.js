// Waits for the end of a job: by its stream, by long polls, and for jobs that never end.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { GatewayError, JobLostError, JobTimeoutError, deleteJob, submitJob, waitForJob } from 'ips-gateway-client';
import { clientOf, forward, isStream, optimize, refuse, startFaults } from './faults.js';
import { startDemo } from './harness.js';

let origin;
before(async () => {
  ({ origin } = await startDemo());
});

const isPoll = (path) => /^\/jobs\/[^/]+$/.test(path);

/** Runs a job behind a proxy; the polls, the times at which they were sent, and what was seen of the job. */
async function run(name, handle, options = {}) {
  const proxy = await startFaults(origin, handle);
  const sent = [];
  const client = clientOf(proxy, { fetch: (url, init) => (isPoll(new URL(url).pathname) && sent.push(performance.now()), fetch(url, init)) });
  const { id } = await submitJob(client, optimize(name));
  const seen = [];
  const job = await waitForJob(client, id, { ...options, onChange: (live) => seen.push(live) });
  assert.deepEqual([job.phase, job.outcome, job.title], ['completed', 'succeeded', name]);
  assert.ok(seen.some(({ job }) => job?.status === 'running'), JSON.stringify(seen));
  return { proxy, polls: proxy.requests.filter(({ method, path }) => method === 'GET' && isPoll(path)), sent, seen };
}

/** Fails if polls were sent more often than one in so many milliseconds; the first two may be close. */
function assertPaced(sent, interval) {
  const gaps = sent.slice(2).map((at, index) => at - sent[index + 1]);
  assert.ok(gaps.every((gap) => gap >= interval - 100), JSON.stringify(gaps));
}

describe('waitForJob', { concurrency: true }, () => {
  test('reads the stream of the job, without a poll', async () => {
    const { proxy, polls, seen } = await run('by-stream');
    assert.deepEqual([proxy.of('GET', /events$/).length, polls.length], [1, 0]);
    assert.ok(seen.every(({ connection, stale }) => connection === 'stream' && !stale), JSON.stringify(seen));
  });

  test('polls with Prefer: wait where the stream is refused', async () => {
    const problem = { code: 'too-many-requests', retryable: true };
    const { polls, sent, seen } = await run('refused', (incoming, outgoing) => isStream(incoming) && (refuse(outgoing, 429, problem), true) || undefined);
    assert.deepEqual([polls[0].headers['prefer'], polls[1].headers['prefer']], [undefined, 'wait=25']);
    assert.ok(polls.slice(1).every(({ headers }) => headers['if-none-match']));
    assert.ok(seen.every(({ connection }) => connection === 'poll'));
    assertPaced(sent, 1_000);
  });

  test('a job whose log is still open has not ended', async () => {
    let openAnswers = 2;
    const answer = async ({ url, headers: { authorization } }, outgoing) => {
      const job = await (await fetch(`${origin}${url}`, { headers: { authorization } })).json();
      if (job.phase === 'completed' && openAnswers-- > 0) Object.assign(job, { status: 'finalizing', outcome: 'unknown' });
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(job));
    };
    const { seen } = await run('open-log', (incoming, outgoing) => {
      if (isStream(incoming)) return refuse(outgoing, 429, { code: 'too-many-requests', retryable: true }), true;
      return incoming.method === 'GET' && isPoll(incoming.url) ? (answer(incoming, outgoing), true) : undefined;
    });
    assert.ok(seen.some(({ job }) => job.phase === 'completed' && job.status === 'finalizing'));
    assert.equal(seen.at(-1).job.status, 'completed');
  });

  test('polls where a proxy holds the stream back', async () => {
    const held = (incoming, outgoing) => isStream(incoming) && (outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(), true) || undefined;
    const { polls } = await run('held', held, { firstByteTimeout: 500 });
    assert.ok(polls.length > 1);
  });

  test('polls at an interval where a proxy removes Prefer', async () => {
    const { polls, sent } = await run('no-prefer', (incoming, outgoing) => {
      const { prefer, ...headers } = incoming.headers;
      forward(origin, incoming, outgoing, headers);
      return true;
    }, { stream: 'none' });
    assert.ok(polls.length > 2);
    assertPaced(sent, 2_000);
  });

  test('waits for the publish after an upload, unless told otherwise', async () => {
    const client = clientOf({ origin });
    const upload = (jobName) => ({
      jobName,
      uploadUrlsJob: {
        urlArray: [{ sourceUrl: 'https://assets.example.com/jacket.tif', destPath: 'jacket.tif' }],
        overwrite: true, readyForPublish: true, createMask: false, emailSetting: 'None',
        postImageServingPublishJob: { publishType: 'Full', emailSetting: 'None' },
      },
    });
    const run = async (options) => waitForJob(client, (await submitJob(client, upload(`upload-${JSON.stringify(options)}`))).id, options);
    const [streamed, polled, alone] = await Promise.all([run({}), run({ stream: 'none' }), run({ until: 'job' })]);
    for (const { kind, chain, followOns } of [streamed, polled]) {
      assert.deepEqual([kind, chain.status, followOns.map(({ kind }) => kind)], ['uploadUrls', 'completed', ['imageServingPublish']]);
    }
    assert.deepEqual([alone.phase, alone.chain.status === 'completed'], ['completed', false]);
  });

  test('honours Retry-After of a refused poll', async () => {
    let reads = 0;
    const { polls, seen } = await run('retry-after', (incoming, outgoing) => {
      if (incoming.method !== 'GET' || reads++ !== 1) return undefined;
      refuse(outgoing, 503, { code: 'upstream-suspended', retryable: true }, { 'retry-after': '3' });
      return true;
    }, { stream: 'none' });
    assert.ok(polls[2].at - polls[1].at >= 2_990, `${polls[2].at - polls[1].at} ms`);
    assert.ok(seen.some(({ connection, stale, error }) => connection === 'lost' && stale === 'disconnected' && error.code === 'upstream-suspended'));
  });

  test('rejects with JobLostError when the job is deleted, and for an id that IPS does not know', async () => {
    const client = clientOf({ origin });
    for (const stream of [undefined, 'none']) {
      const schedule = await submitJob(client, { ...optimize(`deleted-${stream}`), execSchedule: '0 30 2 * * ?' });
      const waiting = waitForJob(client, schedule.id, stream && { stream });
      setTimeout(() => deleteJob(client, schedule.id), 1_000);
      await assert.rejects(waiting, (error) => error instanceof JobLostError && error.jobId === schedule.id);
    }
    await assert.rejects(waitForJob(client, 'j|110||nothing||'), JobLostError);
  });

  test('rejects with JobTimeoutError and the last state, or with the reason of the signal', async () => {
    const client = clientOf({ origin });
    const { id } = await submitJob(client, { ...optimize('later'), execTime: new Date(Date.now() + 3_600_000).toISOString() });
    await assert.rejects(waitForJob(client, id, { timeout: 1_500 }), (error) => error instanceof JobTimeoutError && error.job.status === 'scheduled');
    await assert.rejects(waitForJob(client, id, { signal: AbortSignal.timeout(500) }), { name: 'TimeoutError' });
    await deleteJob(client, id);
  });

  test('rejects when the caller may not read the job', async () => {
    const client = clientOf({ origin }, { credentials: { username: 'katlyn@example.com', password: 'wrong' } });
    await assert.rejects(waitForJob(client, 'j|110||nothing||'), (error) => error instanceof GatewayError && error.status === 401);
  });
});
