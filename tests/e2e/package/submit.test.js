// Submits over connections that fail, and what the errors say.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ConnectionError, GatewayError, JobLostError, createClient, deleteJob, getJob, listJobs, pauseJob, resumeJob, stopJob, submitJob } from 'ips-gateway-client';
import { CREDENTIALS, clientOf, loseAnswer, optimize, refuse, startFaults } from './faults.js';
import { api, eventually, file, freePort, startDemo } from './harness.js';

let origin;
before(async () => {
  ({ origin } = await startDemo());
});

const titles = async (title) => (await api(origin, 'GET', '/jobs?phase=active,completed')).jobs.filter((job) => job.title === title);
const onPost = (handle) => (incoming, outgoing) => (incoming.method === 'POST' ? handle(incoming, outgoing) : undefined);

describe('submitJob', { concurrency: true }, () => {
  test('repeats a submit whose answer was lost with the same key, and IPS gets one job', async () => {
    let posts = 0;
    const proxy = await startFaults(origin, onPost((incoming, outgoing) => (posts++ === 0 ? loseAnswer(origin, incoming, outgoing) : undefined)));
    const job = await submitJob(clientOf(proxy), optimize('lost-answer'));
    const [first, second, ...more] = proxy.of('POST', /^\/jobs$/).map(({ headers }) => headers['idempotency-key']);
    assert.match(first, /^"[0-9a-f]{32}"$/);
    assert.deepEqual([second, more], [first, []]);
    assert.deepEqual((await titles('lost-answer')).map(({ id }) => id), [job.id]);
  });

  test('waits for Retry-After before it repeats a submit that was not sent', async () => {
    // A date counts by the clock of the server, which is a day ahead here.
    const date = (seconds) => new Date(Date.now() + 86_400_000 + seconds * 1000).toUTCString();
    for (const headers of [() => ({ 'retry-after': '2' }), () => ({ 'retry-after': date(2), date: date(0) })]) {
      let posts = 0;
      const proxy = await startFaults(origin, onPost((_, outgoing) => {
        if (posts++ > 0) return undefined;
        refuse(outgoing, 503, { code: 'upstream-busy', retryable: true, outcome: 'not_sent' }, headers());
        return true;
      }));
      await submitJob(clientOf(proxy), optimize('busy'));
      const [first, second] = proxy.of('POST', /^\/jobs$/);
      assert.ok(second.at - first.at >= 1_950, `${second.at - first.at} ms`);
    }
  });

  test('repeats a submit that a proxy answered with a page', async () => {
    let posts = 0;
    const proxy = await startFaults(origin, onPost((_, outgoing) => (posts++ === 0 ? outgoing.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway') : undefined)));
    await submitJob(clientOf(proxy), optimize('page'));
    assert.equal((await titles('page')).length, 1);
  });

  test('rejects an invalid submit with all errors, after one attempt', async () => {
    const proxy = await startFaults(origin);
    const error = await submitJob(clientOf(proxy), { jobName: '', exportJob: { assetHandleArray: ['a|11004'], fmt: '', emailSetting: 'None' }, locale: 'x' }).catch((error) => error);
    assert.ok(error instanceof GatewayError);
    assert.deepEqual([error.status, error.code, error.retryable, error.outcome], [422, 'invalid-request', false, 'not_sent']);
    assert.ok(error.errors.length > 1 && error.errors[0].pointer && error.problem.requestId, JSON.stringify(error.problem));
    assert.equal(proxy.requests.length, 1);
  });

  test('gives up after retryFor with the last error, and at once by its signal', async () => {
    const client = createClient({ baseUrl: `http://127.0.0.1:${await freePort()}`, credentials: CREDENTIALS });
    await assert.rejects(submitJob(client, optimize('nowhere'), { retryFor: 600 }), ConnectionError);
    const reason = new Error('enough');
    await assert.rejects(submitJob(client, optimize('nowhere'), { signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 300);
    await assert.rejects(submitJob(client, optimize('nowhere'), { signal: controller.signal }), reason);
  });

  test('looks for a job whose submit is unknown by its id', async () => {
    const unknown = { code: 'submit-outcome-unknown', retryable: false, outcome: 'unknown' };
    for (const accepted of [true, false]) {
      const { id } = await submitJob(createClient({ baseUrl: origin, credentials: CREDENTIALS }), optimize(`unknown-${accepted}`));
      let reads = 0;
      const proxy = await startFaults(origin, (incoming, outgoing) => {
        if (incoming.method === 'POST') refuse(outgoing, 504, { ...unknown, job: id });
        else if (reads++ === 0) outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, status: 'unknown', unconfirmed: true }));
        else if (accepted) return undefined;
        else refuse(outgoing, 404, { code: 'job-not-found', retryable: false });
        return true;
      });
      const submitted = submitJob(clientOf(proxy), optimize('again'));
      if (accepted) assert.equal((await submitted).title, 'unknown-true');
      else await assert.rejects(submitted, (error) => error instanceof JobLostError && error.jobId === id);
      assert.equal(proxy.of('POST', /./).length, 1, 'it is not sent again');
    }
  });

  test('finds the job after a real loss of the answer of IPS', async () => {
    const script = '[[fault]]\noperation = "submitJob"\ncount = 1\neffect = "cut-off"\n\n[[fault]]\noperation = "getActiveJobs"\ncount = 4\neffect = "fault"\ncode = 30000\nreason = "test"\n';
    const { origin } = await startDemo('--script', await file('faults.toml', script));
    const job = await submitJob(clientOf({ origin }), optimize('really-lost'));
    assert.equal(job.title, 'really-lost');
    await eventually(async () => {
      const { jobs } = await listJobs(clientOf({ origin }), { phase: ['active', 'completed'], q: 'really-lost' });
      assert.deepEqual(jobs.map(({ id }) => id), [job.id]);
    });
  });
});

describe('calls', { concurrency: true }, () => {
  test('actions resolve with the job, and a refused one has its code and actions', async () => {
    const client = clientOf({ origin });
    const schedule = await submitJob(client, { ...optimize('nightly-of-the-package'), execSchedule: '0 30 2 * * ?' });
    assert.equal((await pauseJob(client, schedule.id)).status, 'paused');
    assert.equal((await resumeJob(client, schedule.id)).status, 'scheduled');
    await deleteJob(client, schedule.id);
    const job = await submitJob(client, optimize('to-stop'));
    assert.ok(['stopping', 'finalizing', 'completed'].includes((await stopJob(client, job.id)).status));
    await assert.rejects(stopJob(client, job.id, { ifMatch: 'W/"other"' }), (error) => error.code === 'precondition-failed');
  });

  test('lists are filtered by arrays, paged by cursor, and belong to the company of the client', async () => {
    const client = createClient({ baseUrl: `${origin}/`, credentials: { token: 'sandbox-token-agency' }, company: { company: 'Sample Furniture' } });
    const page = await listJobs(client, { phase: ['active', 'scheduled', 'completed'], limit: 1 });
    assert.ok(page.jobs.every((job) => job.companyHandle === 'c|47') && page.next, JSON.stringify(page));
    const [next] = (await listJobs(client, { phase: ['active', 'scheduled', 'completed'], limit: 1, cursor: page.next })).jobs;
    assert.notEqual(next.id, page.jobs[0].id);
    const other = await listJobs(client, { companyHandle: 'c|110', limit: 1 });
    assert.equal(other.jobs[0].companyHandle, 'c|110');
  });

  test('credentials of a function are renewed once when they are rejected', async () => {
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      if (incoming.headers.authorization === 'Bearer sandbox-token-katlyn') return undefined;
      refuse(outgoing, 401, { code: 'credentials-rejected', retryable: false });
      return true;
    });
    let renewals = 0;
    const credentials = async (rejected) => {
      if (rejected) assert.equal(rejected.code, 'credentials-rejected', renewals++);
      return { token: renewals ? 'sandbox-token-katlyn' : 'expired' };
    };
    const client = clientOf(proxy, { credentials });
    const lists = await Promise.all([listJobs(client), listJobs(client)]);
    assert.ok(lists.every(({ jobs }) => jobs.length > 0));
    assert.ok(renewals <= 2 && proxy.requests.length <= 4, `${renewals} renewals`);
    const wrong = clientOf(proxy, { credentials: () => ({ token: 'expired' }) });
    await assert.rejects(getJob(wrong, 'x'), (error) => error instanceof GatewayError && error.status === 401);
  });

  test('passwords are UTF-8, and an answer of another kind is an error', async () => {
    const proxy = await startFaults(origin, (incoming, outgoing) => outgoing.end('<p>Please log in'));
    const client = clientOf(proxy, { credentials: { username: 'é', password: '密' } });
    await assert.rejects(listJobs(client), (error) => error instanceof GatewayError && error.code === 'invalid-answer' && error.retryable);
    assert.equal(proxy.requests[0].headers.authorization, `Basic ${Buffer.from('é:密').toString('base64')}`);
  });

  test('a response that does not come within the timeout is a ConnectionError', async () => {
    const proxy = await startFaults(origin, () => true);
    await assert.rejects(listJobs(clientOf(proxy, { timeout: 200 })), ConnectionError);
  });
});
