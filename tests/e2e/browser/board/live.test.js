// Updates of the board: by a stream, by polls without one, after outages, behind proxies; and none while it is paused.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { freePort, eventually, inBrowser, openBoard, row, startDemo, startGateway, startNginx, stop, submit } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const state = (page) => page.locator('#state-text').innerText();
const isIn = (page, wanted) => eventually(async () => assert.equal(await state(page), wanted), 60_000);
const paths = (requests) => requests.map((request) => new URL(request.url()).pathname.split('/').slice(1).join('/'));

inBrowser('a job that another client submits appears, makes progress and completes, over one stream', {}, async (page, { requests }) => {
  await openBoard(page, demo.origin);
  await isIn(page, 'Live');
  const before = requests.length;
  const { originalName } = await submit(demo.origin, 'seen-live');
  const job = page.locator('#rows tr', { hasText: originalName });
  await job.waitFor();
  await eventually(async () => assert.equal(await job.locator('.pill').innerText(), 'Running'), 120_000);
  await eventually(async () => assert.ok(Number(await job.locator('progress').getAttribute('value')) > 0), 120_000);
  await eventually(async () => assert.match(await job.locator('.pill').innerText(), /Succeeded|warnings|Failed/), 180_000);
  const asked = paths(requests.slice(before));
  assert.ok(asked.every((path) => path === 'jobs'), `only the refresh of the list every 30 s: ${asked}`);
  assert.equal(paths(requests).filter((path) => path === 'jobs/events').length, 1, 'one stream');
});

inBrowser('without a stream it polls with If-None-Match, and returns to the stream', { allows: /Failed to load resource/ }, async (page, { requests }) => {
  await page.route('**/jobs/events?*', (route) => route.abort());
  await openBoard(page, demo.origin);
  await isIn(page, 'Polling');
  const { originalName } = await submit(demo.origin, 'seen-by-polls');
  await page.locator('#rows tr', { hasText: originalName }).waitFor();
  await eventually(async () => {
    const polls = requests.filter((request) => request.url().includes('phase=active') && request.headers()['if-none-match']);
    assert.ok(polls.length > 0, 'polls are conditional');
  });
  await page.unroute('**/jobs/events?*');
  await isIn(page, 'Live');
});

inBrowser('paused, it sends no requests; resumed, it is up to date', {}, async (page, { requests }) => {
  await openBoard(page, demo.origin);
  await isIn(page, 'Live');
  const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/jobs/events'));
  await page.getByRole('button', { name: 'Pause updates' }).click();
  await ended;
  await isIn(page, 'Paused');
  const before = requests.length;
  const { originalName } = await submit(demo.origin, 'while-paused');
  await page.waitForTimeout(40_000);
  assert.deepEqual(paths(requests.slice(before)), [], 'longer than every timer of the board');
  assert.equal(await page.locator('#rows tr', { hasText: originalName }).count(), 0);
  await page.getByRole('button', { name: 'Resume updates' }).click();
  await page.locator('#rows tr', { hasText: originalName }).waitFor();
  await isIn(page, 'Live');
});

inBrowser('when the gateway is down it says so, and reconnects by itself', { allows: /Failed to load resource/ }, async (page) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const first = await startGateway('demo', '--listen', listen);
  await openBoard(page, first.origin);
  await isIn(page, 'Live');
  await stop(first.child);
  await isIn(page, 'No connection');
  await page.locator('#banner', { hasText: 'is unreachable' }).waitFor();
  assert.ok((await page.locator('#rows tr').count()) > 0, 'the last list stays');
  await startGateway('demo', '--listen', listen);
  await isIn(page, 'Live');
  await eventually(async () => assert.equal(await page.locator('#banner').isHidden(), true));
});

/** Starts a sandbox and a gateway with default settings, and opens the board of the gateway; returns both. */
async function openBoardOfServer(page) {
  const sandbox = await startGateway('sandbox', '--listen', '127.0.0.1:0');
  const server = await startGateway('serve', '--listen', '127.0.0.1:0', '--upstream-url', sandbox.origin, '--api-version', '2022-11-01-beta');
  await page.goto(server.origin);
  await page.getByLabel('E-mail', { exact: true }).fill('katlyn@example.com');
  await page.getByLabel('Password', { exact: true }).fill('sandbox-katlyn');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await row(page, 'Nightly publish').waitFor();
  await isIn(page, 'Live');
  return { sandbox, server };
}

const banner = (page, pattern) => eventually(async () => assert.match(await page.locator('#banner').innerText(), pattern), 60_000);

inBrowser('when IPS is killed the open board says so, and since when', { allows: /Failed to load resource/ }, async (page) => {
  const { sandbox } = await openBoardOfServer(page);
  sandbox.child.kill('SIGKILL');
  await banner(page, /IPS is not responding.*as of \d/);
  await isIn(page, 'Out of date');
  await row(page, 'Nightly publish').waitFor();
  await startGateway('sandbox', '--listen', new URL(sandbox.origin).host);
  await isIn(page, 'Live');
  await eventually(async () => assert.equal(await page.locator('#banner').isHidden(), true));
});

inBrowser('when the gateway hangs the open board says so, and since when', { allows: /Failed to load resource/ }, async (page) => {
  const { server } = await openBoardOfServer(page);
  server.child.kill('SIGSTOP');
  try {
    await banner(page, /The gateway does not respond.*as of \d/);
    assert.notEqual(await state(page), 'Live');
    await row(page, 'Nightly publish').waitFor();
  } finally {
    server.child.kill('SIGCONT');
  }
  await isIn(page, 'Live');
  await eventually(async () => assert.equal(await page.locator('#banner').isHidden(), true));
});

inBrowser('in a hidden tab updates stop after a minute, and continue when it is visible again', {}, async (page, { requests }) => {
  await page.clock.install();
  await openBoard(page, demo.origin);
  await isIn(page, 'Live');
  const show = (visible) => page.evaluate((visible) => {
    Object.defineProperty(document, 'hidden', { value: !visible, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visible);
  await show(false);
  await page.clock.fastForward('00:50');
  assert.equal(await state(page), 'Live');
  await page.clock.fastForward('00:11');
  await isIn(page, 'In background');
  const before = requests.length;
  await page.clock.fastForward('10:00');
  assert.deepEqual(paths(requests.slice(before)), []);
  await show(true);
  await isIn(page, 'Live');
});

for (const [name, locations, path, args] of [
  ['a proxy', (origin) => ({ '/': origin }), '', []],
  ['a proxy that strips a prefix', (origin) => ({ '/tools/ips/': `${origin}/` }), '/tools/ips', []],
  ['a proxy that keeps the prefix', (origin) => ({ '/ips': origin }), '/ips', ['--path-prefix', '/ips']],
  ['a proxy that replaces the prefix', (origin) => ({ '/outer/': `${origin}/ips/` }), '/outer', ['--path-prefix', '/ips']],
]) {
  inBrowser(`it works behind ${name}`, {}, async (page) => {
    const { origin } = await startDemo(...args);
    const proxy = await startNginx(locations(origin));
    await openBoard(page, `${proxy}${path}`);
    await isIn(page, 'Live');
    await page.getByRole('link', { name: 'Problems' }).click();
    await page.getByRole('link', { name: 'ambiguous-job' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('link', { name: 'API' }).click();
    await page.locator('.opblock').first().waitFor();
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    // Browsers send the cookie of the session below the prefix of the gateway only.
    const isBack = () => (name.endsWith('replaces the prefix') ? page.locator('#sign-in-form').waitFor() : isIn(page, 'Live'));
    await isBack();
    await page.goto(`${proxy}${path}`);
    await isBack();
  });
}
