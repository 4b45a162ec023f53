// One job on the board: its log, its tasks and its actions.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { eventually, inBrowser, openBoard, picture, row, startDemo, submit } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const details = (page) => page.getByRole('dialog').first();

inBrowser('a finished job opens on its errors and warnings, with its results and the full log below', {}, async (page) => {
  await openBoard(page, demo.origin);
  await page.getByRole('link', { name: 'Partner feed', exact: true }).click();
  await details(page).getByText('rain_jacket_red failed').first().waitFor();
  await details(page).getByText(/unknown host/).first().waitFor();
  await details(page).getByText('Uploaded readme with a warning').first().waitFor();
  const headings = async () => (await details(page).getByRole('heading', { level: 3 }).allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
  await eventually(async () => assert.deepEqual(await headings(), ['Errors 2', 'Warnings 1', 'Results 4', 'Full log 6']));
  await page.screenshot(picture('board-details'));
  assert.match(page.url(), /job=[\w-]+/);
  await page.goBack();
  await eventually(async () => assert.equal(await page.locator('#details').evaluate((dialog) => dialog.open), false));
  await page.goForward();
  await details(page).getByText('rain_jacket_red failed').first().waitFor();
  await page.keyboard.press('Escape');
  await eventually(async () => assert.ok(!page.url().includes('job='), page.url()));
});

inBrowser('a link to a job opens it', {}, async (page) => {
  await openBoard(page, demo.origin);
  await row(page, 'Partner feed').click();
  await details(page).getByText('rain_jacket_red failed').first().waitFor();
  const hash = page.url().slice(page.url().indexOf('#'));
  await page.goto('about:blank');
  await page.goto(`${demo.origin}/${hash}`);
  await details(page).getByText('rain_jacket_red failed').first().waitFor();
});

inBrowser('a long log is loaded page by page', {}, async (page) => {
  const entry = (number) => ({ level: 'info', logMessage: `Entry ${number}`, dateCreated: '2026-01-01T10:00:00Z' });
  await page.route('**/log?*', (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [number, perPage, total] = [Number(query.get('page')), Number(query.get('perPage')), query.get('level') ? 0 : 120];
    const begin = (number - 1) * perPage;
    const entries = Array.from({ length: Math.max(0, Math.min(perPage, total - begin)) }, (_, index) => entry(begin + index + 1));
    return route.fulfill({ json: { entries, total, page: number, perPage } });
  });
  await openBoard(page, demo.origin);
  await page.getByRole('link', { name: 'Partner feed', exact: true }).click();
  await details(page).getByText('Entry 50', { exact: true }).waitFor();
  assert.equal(await details(page).getByText('Entry 51', { exact: true }).count(), 0);
  await details(page).getByRole('button', { name: 'Show 50 more of 70' }).click();
  await details(page).getByRole('button', { name: 'Show 20 more of 20' }).click();
  await details(page).getByText('Entry 120', { exact: true }).waitFor();
});

inBrowser('text from IPS is never interpreted as markup', {}, async (page) => {
  const markup = '<img src=x onerror=alert(1)><b>bold</b>';
  await page.route('**/log?*', (route) => route.fulfill({ json: { entries: [{ level: 'error', logMessage: markup }], total: 1, page: 1, perPage: 50 } }));
  await openBoard(page, demo.origin);
  await page.getByRole('link', { name: 'Partner feed', exact: true }).click();
  await details(page).getByText(markup).first().waitFor();
  assert.equal(await page.locator('#details img, #details b').count(), 0);
});

inBrowser('an active job shows the progress of its tasks, and its log once it is completed', {}, async (page) => {
  await openBoard(page, demo.origin);
  const { originalName } = await submit(demo.origin, 'watched');
  await page.locator('#rows tr', { hasText: originalName }).locator('.link').click();
  await details(page).getByRole('heading', { name: 'Tasks' }).waitFor({ timeout: 120_000 });
  await details(page).getByRole('progressbar').first().waitFor();
  await details(page).getByRole('heading', { name: /Full log/ }).waitFor({ timeout: 180_000 });
  await details(page).getByText(/^Published /).first().waitFor();
});

inBrowser('actions are offered as the gateway lists them, with a confirmation', {}, async (page, { requests }) => {
  await openBoard(page, demo.origin);
  await row(page, 'Partner feed').waitFor();
  const actions = (name) => row(page, name).locator('[data-action]').evaluateAll((buttons) => buttons.map((button) => button.dataset.action));
  assert.deepEqual(await actions('Partner feed'), ['retry', 'runAgain'], 'a completed job has no actions of IPS');
  await eventually(async () => assert.deepEqual(await actions('Nightly publish'), ['pause', 'execute', 'delete']));
  await eventually(async () => assert.deepEqual(await actions('Weekly metadata'), ['resume', 'execute', 'delete']));

  await page.getByRole('button', { name: 'Pause: Nightly publish' }).click();
  const confirm = page.getByRole('dialog', { name: 'Pause “Nightly publish”?' });
  await confirm.waitFor();
  await confirm.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(requests.filter((request) => request.url().endsWith('/pause')).length, 0, 'nothing is sent before the confirmation');
  await page.getByRole('button', { name: 'Pause: Nightly publish' }).click();
  await confirm.getByRole('button', { name: 'Pause', exact: true }).click();
  await eventually(async () => assert.equal(await row(page, 'Nightly publish').locator('.pill').innerText(), 'Paused'));
  await page.getByText('“Nightly publish” is paused.').waitFor();

  await page.getByRole('button', { name: 'Resume: Nightly publish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Resume', exact: true }).click();
  await eventually(async () => assert.equal(await row(page, 'Nightly publish').locator('.pill').innerText(), 'Scheduled'));

  await page.getByRole('button', { name: 'Run now: Nightly publish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Run now', exact: true }).click();
  await eventually(async () => assert.equal(await row(page, 'Nightly publish').count(), 2, 'the schedule and its run'));

  await page.getByRole('button', { name: 'Delete: Summer launch' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await eventually(async () => assert.equal(await row(page, 'Summer launch').count(), 0));
});

inBrowser('a job is stopped from its details', {}, async (page) => {
  await openBoard(page, demo.origin);
  const { originalName } = await submit(demo.origin, 'to-be-stopped');
  await page.locator('#rows tr', { hasText: originalName }).locator('.link').click();
  await page.locator('#details-actions').getByRole('button', { name: /^Stop/ }).click();
  await page.locator('#confirm').getByRole('button', { name: 'Stop', exact: true }).click();
  await eventually(async () => assert.match(await page.locator('#details-status').innerText(), /Stopping|Finalizing|Stopped/));
  await eventually(async () => assert.equal(await page.locator('#details-status').innerText(), 'Stopped'), 120_000);
  await page.locator('#details-close').click();
  await page.locator('#outcome').selectOption('stopped');
  await eventually(async () => assert.deepEqual(await page.locator('#rows .pill').allInnerTexts(), ['Stopped']));
  assert.ok(page.url().includes('outcome=stopped'), page.url());
});

inBrowser('a refusal is shown in plain words', { allows: /status of 4/ }, async (page) => {
  await openBoard(page, demo.origin, { user: 'reader@example.com' });
  await page.getByRole('button', { name: 'Run now: Cleanup' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Run now', exact: true }).click();
  const problem = page.getByRole('dialog').getByRole('alert');
  await problem.waitFor();
  assert.match(await problem.innerText(), /IPS rejected it\.[\s\S]*request [0-9a-f]{16}/);
  assert.match(await problem.getByRole('link').getAttribute('href'), /^problems\//);
});

inBrowser('everything can be reached with the keyboard', {}, async (page) => {
  await openBoard(page, demo.origin);
  const link = page.getByRole('link', { name: 'Partner feed', exact: true });
  await link.focus();
  await page.keyboard.press('Enter');
  await details(page).waitFor();
  await page.keyboard.press('Escape');
  await eventually(async () => assert.equal(await link.evaluate((button) => button === document.activeElement), true, 'the focus returns'));
  await page.keyboard.press('Shift+Tab');
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none', 'the focus is visible');
});
