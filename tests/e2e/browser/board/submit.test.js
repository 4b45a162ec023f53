// Submitting on the board: the JSON preview is what is sent, once; errors are shown at their fields.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { eventually, inBrowser, openBoard, picture, startDemo } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const dialog = (page) => page.getByRole('dialog', { name: 'Submit a job' });
const json = async (page) => JSON.parse(await page.locator('#submit-json').innerText());
const open = async (page) => {
  await openBoard(page, demo.origin);
  await page.getByRole('button', { name: 'Submit a job' }).click();
  await dialog(page).waitFor();
};
const posts = (requests) => requests.filter((request) => request.method() === 'POST' && /\/jobs(\/validate)?(\?|$)/.test(request.url()));

inBrowser('a publish is submitted as in the JSON preview, with an idempotency key, and its details open', {}, async (page, { requests }) => {
  await open(page);
  await dialog(page).getByLabel('Name', { exact: true }).fill('from-the-board');
  await dialog(page).getByLabel('What to publish').selectOption('Full');
  const shown = await json(page);
  assert.deepEqual(shown, { jobName: 'from-the-board', imageServingPublishJob: { publishType: 'Full', emailSetting: 'None' } });
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByRole('dialog').getByRole('heading', { name: /^from-the-board-/ }).waitFor();
  await page.locator('#rows tr', { hasText: 'from-the-board' }).waitFor();
  const [sent] = posts(requests);
  assert.deepEqual(JSON.parse(sent.postData()), shown);
  assert.match(sent.headers()['idempotency-key'], /^"[0-9a-f]{32}"$/);
});

inBrowser('an upload is validated without being submitted', {}, async (page, { requests }) => {
  await open(page);
  await dialog(page).getByText('Upload from URLs').click();
  await dialog(page).getByLabel('Name', { exact: true }).fill('two-files');
  await dialog(page).getByLabel('Source URL 1').fill('https://assets.example.com/a.tif');
  await dialog(page).getByLabel('Destination 1').fill('spring/');
  await dialog(page).getByRole('button', { name: 'Add URL' }).click();
  await dialog(page).getByLabel('Source URL 2').fill('https://assets.example.com/b.tif');
  await dialog(page).getByLabel('Destination 2').fill('spring/');
  await page.screenshot(picture('board-submit'));
  await dialog(page).getByRole('button', { name: 'Validate only' }).click();
  await dialog(page).getByText('The request is valid. Nothing was sent to IPS.').waitFor();
  const [sent] = posts(requests);
  assert.match(sent.url(), /\/jobs\/validate(\?|$)/);
  assert.deepEqual((await json(page)).uploadUrlsJob.urlArray, [
    { sourceUrl: 'https://assets.example.com/a.tif', destPath: 'spring/' }, { sourceUrl: 'https://assets.example.com/b.tif', destPath: 'spring/' },
  ]);
});

inBrowser('errors are shown at their fields', { allows: /status of 422/ }, async (page) => {
  await open(page);
  await dialog(page).getByText('Recurring').click();
  await dialog(page).getByRole('button', { name: 'Validate only' }).click();
  const name = dialog(page).getByLabel('Name', { exact: true });
  await eventually(async () => assert.equal(await name.getAttribute('aria-invalid'), 'true'));
  assert.equal(await name.evaluate((input) => input === document.activeElement), true, 'the first of them has the focus');
  const note = await name.getAttribute('aria-describedby');
  assert.match(await page.locator(`[id="${note}"]`).innerText(), /empty/);
  await dialog(page).getByRole('alert').waitFor();
  await name.fill('now-it-has-one');
  assert.equal(await name.getAttribute('aria-invalid'), null, 'until it is corrected');
});

inBrowser('a pointer into the list of URLs finds its row', { allows: /status of 422/ }, async (page) => {
  await open(page);
  await page.route('**/jobs/validate*', (route) => route.fulfill({
    status: 422, contentType: 'application/problem+json',
    json: {
      type: '/problems/invalid-request', title: 'The request is invalid', status: 422, code: 'invalid-request', requestId: 'r1', outcome: 'not_sent',
      errors: [{ pointer: '/uploadUrlsJob/urlArray/1/sourceUrl', detail: 'not allowed here' }, { pointer: '/elsewhere', detail: 'something else' }],
    },
  }));
  await dialog(page).getByText('Upload from URLs').click();
  await dialog(page).getByRole('button', { name: 'Add URL' }).click();
  await dialog(page).getByRole('button', { name: 'Validate only' }).click();
  await eventually(async () => assert.equal(await dialog(page).getByLabel('Source URL 2').getAttribute('aria-invalid'), 'true'));
  assert.equal(await dialog(page).getByLabel('Source URL 1').getAttribute('aria-invalid'), null);
  const box = await dialog(page).getByRole('alert').innerText();
  assert.ok(box.includes('/elsewhere') && !box.includes('not allowed here'), box);
});

inBrowser('a retry after a failure submits the same job', { allows: /Failed to load resource/ }, async (page, { requests }) => {
  await open(page);
  await dialog(page).getByLabel('Name', { exact: true }).fill('sent-twice');
  // The request arrives, its response is lost.
  await page.route('**/jobs?*', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch();
    return route.abort();
  });
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await dialog(page).getByText(/idempotency key prevents a second job/).waitFor();
  await page.unroute('**/jobs?*');
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByRole('dialog').getByRole('heading', { name: /^sent-twice-/ }).waitFor();
  await page.keyboard.press('Escape');
  const keys = posts(requests).map((request) => request.headers()['idempotency-key']);
  assert.equal(new Set(keys).size, 1, keys.join());
  await page.waitForTimeout(5_000);
  assert.equal(await page.locator('#rows tr', { hasText: 'sent-twice' }).count(), 1);
});
