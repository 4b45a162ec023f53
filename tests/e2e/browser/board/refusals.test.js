// Refusals: 429 and credentials that expire in the middle of a session, and jobs that the user may not see.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PASSWORD, USER, eventually, file, inBrowser, openBoard, picture, startDemo, startFaultProxy, submit } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const RETRY_AFTER = 12;
const TOO_MANY = {
  status: 429, code: 'too-many-requests', type: '/problems/too-many-requests', title: 'Too many requests',
  detail: 'more requests came from this caller than it may send', requestId: '0123456789abcdef', retryable: true,
};

const FORBIDDEN = {
  status: 403, code: 'forbidden', type: '/problems/forbidden', title: 'Not permitted', detail: 'no operation permission',
  requestId: '0123456789abcdef', retryable: false,
};

const state = (page) => page.locator('#state-text').innerText();
const isIn = (page, wanted) => eventually(async () => assert.equal(await state(page), wanted), 60_000);

/** Everything that can be read from a page and its storage. */
const readable = (page) => page.evaluate(async () => JSON.stringify({
  html: document.documentElement.outerHTML,
  values: [...document.querySelectorAll('input, textarea, select')].map((field) => field.type === 'radio' ? '' : field.value),
  local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, url: location.href, state: history.state,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
}));

inBrowser('on 429 it waits for Retry-After, says so, and recovers by itself', { allows: /Failed to load resource/ }, async (page) => {
  const proxy = await startFaultProxy(demo.origin);
  await openBoard(page, proxy.origin);
  await isIn(page, 'Live');
  const names = () => page.locator('#rows .link').allInnerTexts();
  const known = await names();

  proxy.refuse({ status: 429, headers: { 'retry-after': RETRY_AFTER }, body: TOO_MANY });
  await page.locator('#banner', { hasText: 'Too many requests' }).waitFor();
  assert.equal(await state(page), 'No updates');
  assert.match(await page.locator('#banner').innerText(), /Too many requests\..*Retrying at \d/s);
  // Completed jobs may have been loaded after the first live list.
  const shown = await names();
  assert.ok(known.length > 0 && known.every((name) => shown.includes(name)), `${known} were shown before, ${shown} now`);
  await page.screenshot(picture('refused-429'));
  await eventually(async () => assert.ok(proxy.refused.length >= 3, `asked ${proxy.refused.length} times`), 90_000);
  // Pauses are as long as Retry-After; a list and a ticket may be requested at the same time.
  const pauses = proxy.refused.slice(1).map(({ at }, index) => at - proxy.refused[index].at);
  const isLongEnough = (pause) => pause >= RETRY_AFTER * 1_000 - 100;
  assert.ok(isLongEnough(pauses[0]) && pauses.every((pause) => isLongEnough(pause) || pause < 1_000), `pauses of ${pauses} ms`);

  const { originalName } = await submit(demo.origin, 'while-refused');
  proxy.passThrough();
  await isIn(page, 'Live');
  await page.locator('#rows tr', { hasText: originalName }).waitFor();
  await eventually(async () => assert.equal(await page.locator('#banner').isHidden(), true));
});

inBrowser('jobs that the user may not see are left out, and the banner names their phase', { allows: /Failed to load resource/ }, async (page) => {
  const proxy = await startFaultProxy(demo.origin);
  proxy.refuse({ status: 403, body: FORBIDDEN, only: /^\/jobs(\/events)?\?(?!.*phase=scheduled)/ });
  await openBoard(page, proxy.origin);
  await page.locator('#banner', { hasText: 'Not all jobs are shown' }).waitFor();
  assert.match(await page.locator('#banner').innerText(), /these phases: Active\.$/);
  assert.equal(await state(page), 'Polling');
  await eventually(async () => assert.ok((await page.locator('#rows .link').allInnerTexts()).length > 0, 'other phases are shown'));
  assert.equal(await page.locator('#loading').isHidden(), true);
  await page.screenshot(picture('denied-active'));
  proxy.passThrough();
  await isIn(page, 'Live');
  await eventually(async () => assert.equal(await page.locator('#banner').isHidden(), true));
});

inBrowser('expired credentials end the session, which shows the sign-in form and keeps nothing', { allows: /Failed to load resource/ }, async (page, { requests }) => {
  const proxy = await startFaultProxy(demo.origin);
  await page.goto(proxy.origin);
  await page.getByLabel('E-mail', { exact: true }).fill(USER);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#rows tr').first().waitFor();
  await isIn(page, 'Live');
  await page.locator('#rows .link').first().click();

  proxy.expire();
  await page.locator('#sign-in-form').waitFor();
  const problem = page.locator('#sign-in-problem').getByRole('alert');
  await problem.waitFor();
  assert.match(await problem.innerText(), /rejected the credentials[\s\S]*credentials-rejected · request [0-9a-f]{16}/);
  assert.doesNotMatch(await problem.innerText(), /safe to try again/);
  assert.equal(await page.locator('#board').isHidden(), true);
  assert.equal(await page.locator('dialog[open]').count(), 0);
  assert.equal(await page.locator('#rows tr').count(), 0, 'no jobs');
  await page.screenshot(picture('refused-401'));

  const before = requests.length;
  await page.waitForTimeout(40_000);
  assert.deepEqual(requests.slice(before).map((request) => request.url()), [], 'longer than every timer of the board');
  const text = await readable(page);
  for (const secret of [PASSWORD, Buffer.from(`${USER}:${PASSWORD}`).toString('base64'), 'ticket=']) {
    assert.ok(!text.includes(secret), `${secret} can be read in ${text}`);
  }

  proxy.passThrough();
  await page.getByLabel('E-mail', { exact: true }).fill(USER);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#rows tr').first().waitFor();
  await isIn(page, 'Live');
  assert.equal(await page.locator('#sign-in-problem').innerText(), '');
});

inBrowser('a fault of a script is shown, and the action works after it', { allows: /status of 4/ }, async (page) => {
  const script = await file('faults.toml', `[[fault]]
operation = "pauseJob"
count = 1
effect = "fault"
code = 30000
reason = "No space left on device"
`);
  const scripted = await startDemo('--script', script);
  await openBoard(page, scripted.origin);
  await page.getByRole('button', { name: 'Pause: Nightly publish' }).click();
  const confirm = page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true });
  await confirm.click();
  const problem = page.getByRole('dialog').getByRole('alert');
  await problem.waitFor();
  assert.match(await problem.getByRole('link').getAttribute('href'), /^problems\/action-not-possible/);
  await confirm.click();
  await page.getByRole('button', { name: 'Resume: Nightly publish' }).waitFor();
});
