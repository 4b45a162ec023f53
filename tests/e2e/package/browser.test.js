// The package and the React example in Chromium.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { build } from 'esbuild';
import { isStream, refuse, startFaults } from './faults.js';
import { api, eventually, inBrowser, picture, startDemo, submit } from './harness.js';

let origin;
let script;
before(async () => {
  ({ origin } = await startDemo());
  const { outputFiles } = await build({
    entryPoints: ['page.tsx'], bundle: true, write: false, format: 'esm', jsx: 'automatic', define: { 'process.env.NODE_ENV': '"production"' },
  });
  script = outputFiles[0].contents;
});

/** A proxy that also serves the page; `handle` is as that of `startFaults`. */
const startSite = (handle = () => undefined) =>
  startFaults(origin, (incoming, outgoing) => {
    if (incoming.url === '/page.js') return outgoing.setHeader('content-type', 'text/javascript').end(script);
    if (incoming.url !== '/page.html') return handle(incoming, outgoing);
    return outgoing.setHeader('content-type', 'text/html').end(
      '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Jobs</title><main></main><script type="module" src="page.js"></script>',
    );
  });

/** Starts a watch in the page; its values are in `values`. */
const watch = (page, stream, options = {}) =>
  page.evaluate(([stream, options]) => {
    window.values = [];
    const read = async () => {
      for await (const value of gateway.watchJobs(client, { ...options, ...(stream && { stream: gateway[stream] }) })) values.push(value);
    };
    read().catch((error) => (window.ended = String(error)));
  }, [stream, options]);

inBrowser('the React example shows jobs as they change, stops one and shows its end', {}, async (page) => {
  const site = await startSite();
  await page.goto(`${site.origin}/page.html#react`);
  await page.locator('li').first().waitFor();
  await submit(origin, 'in-react');
  await page.getByRole('button', { name: 'in-react' }).click();
  await page.locator('li', { hasText: 'in-react' }).locator('progress').waitFor();
  await page.screenshot(picture('react'));
  await page.locator('li', { hasText: 'in-react' }).getByRole('button', { name: 'Stop' }).click();
  await page.getByText('in-react: stopped').waitFor();
  await page.locator('li', { hasText: 'in-react' }).waitFor({ state: 'detached' });
});

inBrowser('the React example tells a lost connection and its return', { allows: /ERR_/ }, async (page) => {
  const site = await startSite();
  await page.goto(`${site.origin}/page.html#react`);
  await page.locator('li').first().waitFor();
  await site.down();
  await page.getByText('Out of date').waitFor();
  assert.ok((await page.locator('li').count()) > 0);
  await site.up();
  await page.getByText('Out of date').waitFor({ state: 'detached' });
});

inBrowser('EventSource with a ticket resumes after its last event, without loss', { allows: /ERR_/ }, async (page) => {
  const site = await startSite();
  await page.goto(`${site.origin}/page.html`);
  await watch(page, 'ticketStream');
  await page.waitForFunction(() => values.length > 0);
  const { id } = await submit(origin, 'by-ticket');
  const types = () => page.evaluate((id) => values.flatMap(({ changes }) => changes).filter(({ job }) => job.id === id).map(({ type }) => type), id);
  await eventually(async () => assert.equal((await types())[0], 'created'));
  site.cut();
  await api(origin, 'POST', `/jobs/${id}/stop`);
  await eventually(async () => assert.equal((await types()).at(-1), 'finished'));
  assert.equal((await types()).filter((type) => type === 'created' || type === 'finished').length, 2);
  const streams = site.of('GET', /events$/).map(({ url }) => new URL(url, site.origin).searchParams);
  assert.ok(streams.length > 1 && streams.every((query) => query.get('ticket')));
  assert.deepEqual(streams.map((query) => query.has('lastEventId')), streams.map((_, index) => index > 0));
  assert.ok(site.of('GET', /events$/).every(({ headers }) => !headers.authorization));
});

inBrowser('polls where both kinds of stream are refused', { allows: /status of 429/ }, async (page) => {
  const site = await startSite((incoming, outgoing) => isStream(incoming) && (refuse(outgoing, 429, { code: 'too-many-requests', retryable: true }), true) || undefined);
  for (const stream of ['ticketStream', undefined]) {
    await page.goto(`${site.origin}/page.html`);
    await watch(page, stream);
    await page.waitForFunction(() => values.some(({ connection, jobs }) => connection === 'poll' && jobs.length > 0));
    await page.goto('about:blank');
  }
});

inBrowser('a page of another origin watches, submits and polls', { allows: /status of 404/ }, async (page, { requests }) => {
  const demo = await startDemo('--cors-origins', '*');
  const site = await startSite();
  await page.goto(`${demo.origin}/livez`);
  await page.goto(`${site.origin}/page.html`);
  const outcome = await page.evaluate(async (baseUrl) => {
    const client = gateway.createClient({ baseUrl, credentials: { token: 'sandbox-token-katlyn' } });
    const { value } = await gateway.watchJobs(client).next();
    const job = { jobName: 'cross-origin', imageServingPublishJob: { publishType: 'Incremental', emailSetting: 'None' } };
    const { id } = await gateway.submitJob(client, job);
    setTimeout(() => gateway.stopJob(client, id), 3_000);
    const { outcome } = await gateway.waitForJob(client, id, { stream: 'none' });
    return [value.connection, outcome];
  }, demo.origin);
  assert.deepEqual(outcome, ['stream', 'stopped']);
  assert.ok(requests.some((request) => request.headers()['prefer'] === 'wait=25'), 'the entity tag can be read');
});

inBrowser('a hidden page closes its stream after 30 s, and resumes it when it is visible', {}, async (page) => {
  const site = await startSite();
  const isShown = (visibility) =>
    page.evaluate((visibility) => {
      Object.defineProperty(document, 'visibilityState', { value: visibility, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, visibility);
  let closed = 0;
  const handle = site.handle;
  site.handle = (incoming, outgoing) => {
    if (isStream(incoming)) outgoing.on('close', () => closed++);
    return handle(incoming, outgoing);
  };
  await page.clock.install();
  await page.goto(`${site.origin}/page.html`);
  // The clock of the page is moved, and the stream is silent meanwhile.
  await watch(page, undefined, { silenceTimeout: 3_600_000 });
  await page.waitForFunction(() => values.length > 0);
  await isShown('hidden');
  await page.clock.fastForward(29_000);
  assert.equal(closed, 0);
  await page.clock.fastForward(2_000);
  await eventually(() => assert.equal(closed, 1));
  await submit(origin, 'while-hidden');
  assert.equal(site.of('GET', /events$/).length, 1);
  await isShown('visible');
  await page.waitForFunction(() => values.some(({ changes }) => changes.some(({ type, job }) => type === 'created' && job.title === 'while-hidden')));
  assert.ok(site.of('GET', /events$/)[1].headers['last-event-id']);
});

inBrowser('a submit whose connection broke is repeated, and its job is waited for', { allows: /ERR_/ }, async (page) => {
  let posts = 0;
  const site = await startSite((incoming, outgoing) => (incoming.method === 'POST' && posts++ === 0 ? (outgoing.destroy(), true) : undefined));
  await page.goto(`${site.origin}/page.html`);
  const job = await page.evaluate(async () => {
    const job = { jobName: 'browser', imageServingPublishJob: { publishType: 'Incremental', emailSetting: 'None' } };
    const { id } = await gateway.submitJob(client, job);
    await gateway.stopJob(client, id);
    return gateway.waitForJob(client, id);
  });
  assert.deepEqual([job.title, job.outcome, posts], ['browser', 'stopped', 3]);
});
