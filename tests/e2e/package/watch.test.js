// Live lists over connections that fail.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, listJobs, submitJob, watchJob, watchJobs } from 'ips-gateway-client';
import { clientOf, forward, isStream, optimize, refuse, startFaults, until } from './faults.js';
import { eventually, file, startDemo } from './harness.js';

let origin;
before(async () => {
  ({ origin } = await startDemo());
});

/** Runs a test with a watch, which is ended after it. */
async function watching(client, options, run) {
  const controller = new AbortController();
  const reason = new Error('the test is over');
  const watch = watchJobs(client, { ...options, signal: controller.signal });
  try {
    await run(watch);
  } finally {
    const end = watch.next();
    controller.abort(reason);
    await end.catch(() => {});
  }
}

const changesOf = (values, id) => values.flatMap(({ changes }) => changes).filter(({ job }) => job.id === id).map(({ type }) => type);
const ends = (id) => ({ changes }) => changes.some(({ type, job }) => type === 'finished' && job.id === id);

/** Fails unless a job was created once, made progress and finished once, as its last change. */
function assertWhole(values, id) {
  const types = changesOf(values, id);
  const counts = ['created', 'finished', 'removed'].map((type) => types.filter((other) => other === type).length);
  assert.deepEqual([counts, types[0], types.at(-1)], [[1, 1, 0], 'created', 'finished'], JSON.stringify(types));
}

describe('watchJobs', { concurrency: true }, () => {
  test('is the list of GET /jobs with its changes', async () => {
    const client = clientOf({ origin });
    await watching(client, {}, async (watch) => {
      const [first] = await until(watch, ({ observedAt }) => observedAt);
      assert.deepEqual([first.connection, first.stale], ['stream', undefined]);
      // An event can come together with the first list, whose jobs are no changes.
      assert.ok(first.changes.length < first.jobs.length, JSON.stringify(first.changes));
      const { id } = await submitJob(client, optimize('live'));
      const values = await until(watch, ends(id));
      assertWhole(values, id);
      assert.ok(values.some(({ jobs }) => jobs.some((job) => job.id === id && job.status === 'running')));
      assert.ok(!values.at(-1).jobs.some((job) => job.id === id));
      // Of two reads at different times: until they agree.
      await eventually(async () => {
        const { value } = await watch.next();
        const ids = (jobs) => jobs.map((job) => job.id).sort();
        assert.deepEqual(ids(value.jobs), ids((await listJobs(client)).jobs));
      });
    });
  });

  test('closes its connection when the reader leaves the loop', async () => {
    const proxy = await startFaults(origin);
    const client = clientOf(proxy);
    const { id } = await submitJob(clientOf({ origin }), optimize('left'));
    for (const watch of [watchJobs(client), watchJob(client, id)]) {
      for await (const live of watch) {
        assert.equal(live.connection, 'stream');
        assert.equal(proxy.open.size, 1);
        break;
      }
      // Less than the time after which the runtime closes a connection without a reader.
      await eventually(() => assert.equal(proxy.open.size, 0), 15_000);
    }
  });

  test('resumes a stream that is cut, without loss', async () => {
    const proxy = await startFaults(origin);
    const client = clientOf(proxy);
    await watching(client, {}, async (watch) => {
      await until(watch, ({ observedAt }) => observedAt);
      const { id } = await submitJob(client, optimize('cut'));
      const timer = setInterval(() => proxy.cut(), 6_000);
      const values = await until(watch, ends(id)).finally(() => clearInterval(timer));
      assertWhole(values, id);
      const [first, ...others] = proxy.of('GET', /events$/);
      assert.ok(others.length > 0 && !first.headers['last-event-id'] && others.every(({ headers }) => headers['last-event-id']));
    });
  });

  test('tells an outage of the gateway, and what ended in it although the stream could not be resumed', async () => {
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      const { 'last-event-id': id, ...headers } = incoming.headers;
      forward(origin, incoming, outgoing, headers);
      return true;
    });
    await watching(clientOf(proxy), {}, async (watch) => {
      const client = clientOf({ origin });
      await until(watch, ({ observedAt }) => observedAt);
      const { id } = await submitJob(client, optimize('outage'));
      const before = await until(watch, ({ jobs }) => jobs.some((job) => job.id === id));
      await proxy.down();
      const lost = (await until(watch, ({ connection }) => connection === 'lost')).at(-1);
      assert.deepEqual([lost.stale, lost.error.name], ['disconnected', 'ConnectionError']);
      assert.ok(lost.jobs.some((job) => job.id === id), 'the last list stays');
      await eventually(async () => assert.equal((await listJobs(client, { phase: ['completed'], q: 'outage' })).jobs.length, 1), 240_000);
      await proxy.up();
      const after = await until(watch, ends(id));
      assert.deepEqual([after.at(-1).stale, after.at(-1).error], [undefined, undefined]);
      assertWhole([...before, ...after], id);
    });
  });

  test('keeps the list by long polls where streams are refused', async () => {
    const proxy = await startFaults(origin, (incoming, outgoing) => isStream(incoming) && (refuse(outgoing, 403, { code: 'forbidden', retryable: false }), true) || undefined);
    const client = clientOf(proxy);
    await watching(client, { streamRetry: 3_600_000 }, async (watch) => {
      await until(watch, ({ observedAt }) => observedAt);
      const { id } = await submitJob(client, optimize('polled'));
      const values = await until(watch, ends(id));
      assertWhole(values, id);
      assert.ok(values.every(({ connection }) => connection === 'poll'));
    });
    assert.equal(proxy.of('GET', /events$/).length, 1, 'the stream is not tried again before streamRetry');
  });

  test('polls where a stream breaks again and again, and returns to it', async () => {
    let isBad = true;
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      if (!isBad || !isStream(incoming)) return undefined;
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n', () => outgoing.destroy());
      return true;
    });
    await watching(clientOf(proxy), { streamRetry: 3_000 }, async (watch) => {
      await until(watch, ({ connection }) => connection === 'poll');
      assert.ok(proxy.of('GET', /events$/).length <= 4);
      isBad = false;
      await until(watch, ({ connection }) => connection === 'stream');
    });
  });

  test('tells that IPS fails and is back', async () => {
    const script = '[[fault]]\noperation = "getActiveJobs"\nafter = 2\ncount = 3\neffect = "fault"\ncode = 30000\nreason = "test"\n';
    const { origin } = await startDemo('--script', await file('stale.toml', script));
    await watching(clientOf({ origin }), {}, async (watch) => {
      const stale = (await until(watch, (value) => value.stale)).at(-1);
      assert.deepEqual([stale.stale, stale.connection], ['upstreamFailed', 'stream']);
      assert.ok(stale.jobs.length > 0 && stale.observedAt);
      await until(watch, (value) => !value.stale);
    });
  });

  test('backs off while the gateway does not answer', async () => {
    const proxy = await startFaults(origin, (incoming, outgoing) => (outgoing.destroy(), true));
    await watching(clientOf(proxy), {}, async (watch) => {
      const values = [];
      while (values.length < 5) values.push((await watch.next()).value);
      assert.ok(values.every(({ connection, jobs, observedAt }) => connection === 'lost' && jobs.length === 0 && !observedAt));
    });
    const polls = proxy.of('GET', /^\/jobs$/).map(({ at }) => at);
    const gaps = polls.slice(1).map((at, index) => at - polls[index]);
    assert.ok([250, 500, 1_000, 2_000].every((least, index) => gaps[index] >= least - 20), JSON.stringify(gaps));
  });

  test('takes a silent connection for dead', async () => {
    let streams = 0;
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      if (!isStream(incoming) || streams++ > 0) return undefined;
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\nevent: snapshot\ndata: {"jobs":[]}\n\n');
      return true;
    });
    await watching(clientOf(proxy), { silenceTimeout: 6_000 }, async (watch) => {
      await until(watch, ({ observedAt }) => observedAt);
    });
    assert.equal(proxy.of('GET', /events$/).length, 2);
  });

  test('tells within the time limits of a stream that nothing answers any more', async () => {
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      if (proxy.requests.length > 1) return true;
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\nevent: snapshot\ndata: {"jobs":[],"observedAt":"2026-01-01T00:00:00Z"}\n\n');
      return true;
    });
    await watching(clientOf(proxy, { timeout: 3_600_000 }), { silenceTimeout: 1_000, firstByteTimeout: 1_000 }, async (watch) => {
      const values = await until(watch, ({ connection }) => connection === 'lost');
      assert.deepEqual([values.at(-1).stale, values.at(-1).error.name], ['disconnected', 'ConnectionError']);
    });
  });

  test('goes on with renewed credentials, and ends when they are final', async () => {
    let valid = 'Bearer first';
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      if (incoming.headers.authorization !== valid) refuse(outgoing, 401, { code: 'credentials-rejected', retryable: false });
      else forward(origin, incoming, outgoing, { ...incoming.headers, authorization: 'Bearer sandbox-token-katlyn' });
      return true;
    });
    let token = 'first';
    const renewed = clientOf(proxy, { credentials: async (rejected) => ({ token: rejected ? (token = 'second') : token }) });
    await watching(renewed, {}, async (watch) => {
      await until(watch, ({ observedAt }) => observedAt);
      const fixed = watchJobs(clientOf(proxy, { credentials: { token: 'first' } }));
      await until(fixed, ({ observedAt }) => observedAt);
      valid = 'Bearer second';
      proxy.cut();
      await assert.rejects(until(fixed, () => false), (error) => error instanceof GatewayError && error.code === 'credentials-rejected');
      await submitJob(clientOf({ origin }), optimize('renewed'));
      await until(watch, ({ changes }) => changes.some(({ type }) => type === 'created'));
      assert.equal(token, 'second');
    });
  });

  test('gives a slow reader several changes at once', async () => {
    const client = clientOf({ origin });
    await watching(client, {}, async (watch) => {
      await until(watch, ({ observedAt }) => observedAt);
      await Promise.all([1, 2, 3].map((number) => submitJob(client, optimize(`slow-${number}`))));
      const other = watchJobs(client);
      await until(other, ({ jobs }) => jobs.filter(({ title }) => title.startsWith('slow-')).length === 3);
      // For the events to arrive here as well.
      await sleep(3_000);
      const { value } = await watch.next();
      assert.ok(value.changes.length > 1, JSON.stringify(value.changes));
      await other.return();
    });
  });

  test('does not read ahead of a reader that stops', async () => {
    const event = `event: job.progress\ndata: ${JSON.stringify({ id: 'a', phase: 'active', title: 'x'.repeat(60_000) })}\n\n`;
    let written = 0;
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      outgoing.write('event: snapshot\ndata: {"jobs":[],"observedAt":"2026-01-01T00:00:00Z"}\n\n');
      const fill = () => {
        // 256 MiB, unless the connection is full before.
        while (written < 2 ** 28 && !outgoing.destroyed) {
          written += event.length;
          if (!outgoing.write(event)) return outgoing.once('drain', fill);
        }
      };
      fill();
      return true;
    });
    await watching(clientOf(proxy), {}, async (watch) => {
      await watch.next();
      // The buffers of the connection fill up, and then nothing moves.
      let before = -1;
      while (before !== written) {
        before = written;
        await sleep(1_000);
      }
      assert.ok(written < 2 ** 27, `${written} bytes`);
      assert.ok((await watch.next()).value.changes.length > 0);
    });
  });

  test('reads events that come byte by byte, with any line ends and several data lines', async () => {
    const job = (id, title) => ({ id, phase: 'active', status: 'running', actions: [], title, observedAt: '2026-01-01T00:00:00Z' });
    const text = `\uFEFF: comment\r\nretry: 2000\r\nid: 1\r\nevent: snapshot\r\ndata: {"observedAt":"2026-01-01T00:00:00Z",\r\ndata: "jobs":[${JSON.stringify(job('a', 'Größe 🚀'))}]}\r\n\r\n`
      + `event:heartbeat\rdata:{}\r\revent: job.new-kind\ndata: no JSON\n\nid: 2\nevent: job.created\ndata: ${JSON.stringify(job('b', 'second'))}\n\nevent: job.removed\ndata: {"id":"a"}\n\n`;
    const proxy = await startFaults(origin, (incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      const bytes = Buffer.from(text);
      const send = (index) => index < bytes.length && outgoing.write(bytes.subarray(index, index + 1), () => setImmediate(send, index + 1));
      send(0);
      return true;
    });
    await watching(clientOf(proxy), {}, async (watch) => {
      const values = await until(watch, ({ changes }) => changes.some(({ type }) => type === 'removed'));
      assert.equal(values[0].jobs[0].title, 'Größe 🚀');
      assert.deepEqual(values.at(-1).jobs.map(({ id }) => id), ['b']);
    });
  });

  test('ends by its signal with the reason, and closes the connection', async () => {
    const proxy = await startFaults(origin);
    const controller = new AbortController();
    const watch = watchJobs(clientOf(proxy), { signal: controller.signal });
    await until(watch, ({ observedAt }) => observedAt);
    const reason = new Error('enough');
    const next = until(watch, () => false);
    controller.abort(reason);
    await assert.rejects(next, reason);
    await eventually(() => assert.equal(proxy.open.size, 0));
  });
});
