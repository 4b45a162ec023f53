// Running a job again, and retrying its failed items.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { api, eventually, inBrowser, openBoard, picture, row, startDemo } from '../../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const CHECKED = { allows: /status of 422/ };
const dialog = (page) => page.locator('#submit');
const status = (page) => page.locator('#submit-status');
const body = async (page) => JSON.parse(await page.locator('#submit-json').inputValue());
const name = (page) => dialog(page).getByLabel('Name', { exact: true });
const actions = (locator) => locator.locator('[data-action]').evaluateAll((buttons) => buttons.map((button) => button.dataset.action));

/** Pastes a text into an input, as from a spreadsheet. */
const paste = (input, text) => input.evaluate((element, data) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', data);
  element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}, text);

inBrowser('a job that IPS still lists is run again with its options', CHECKED, async (page) => {
  await openBoard(page, demo.origin);
  const { originalName } = await api(demo.origin, 'POST', '/jobs', {
    jobName: 'original', description: 'with options', imageServingPublishJob: { publishType: 'FullWithSearch', emailSetting: 'Error' },
  });
  await page.locator('#rows tr', { hasText: originalName }).getByRole('button', { name: /^Run again/ }).click();
  await dialog(page).getByRole('heading', { name: 'Run “original” again' }).waitFor();
  await dialog(page).getByText('options that IPS lists').waitFor();
  assert.equal(await dialog(page).getByLabel('What to publish', { exact: true }).inputValue(), 'FullWithSearch');
  const { jobName, description, imageServingPublishJob } = await body(page);
  assert.deepEqual({ jobName, description, imageServingPublishJob }, {
    jobName: 'original', description: 'with options', imageServingPublishJob: { publishType: 'FullWithSearch', emailSetting: 'Error' },
  });
  await name(page).fill('the copy');
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await page.locator('#details').getByRole('heading', { name: /^the copy-/ }).waitFor();
  // What this page submitted is known in every phase.
  await page.locator('#details-actions').getByRole('button', { name: /^Run again/ }).click();
  await dialog(page).getByText('what was submitted on this page').waitFor();
  assert.equal((await body(page)).jobName, 'the copy');
  await page.keyboard.press('Escape');
  await eventually(async () => assert.equal(await page.locator('#details').evaluate((details) => details.open), true, 'the details are still there'));
});

inBrowser('of a completed job, the form has what is known and says that the options are not', CHECKED, async (page) => {
  await openBoard(page, demo.origin);
  await page.locator('#rows').getByRole('button', { name: 'Run again: Partner feed' }).click();
  await dialog(page).getByText('IPS does not keep the options of completed jobs').waitFor();
  assert.equal(await name(page).inputValue(), 'Partner feed');
  assert.equal(await dialog(page).getByLabel('Job type').inputValue(), 'uploadUrls');
  await status(page).getByText(/fields? (is|are) still to be filled in/).waitFor();
});

inBrowser('failed URLs of an upload are retried after a rehearsal that shows which', CHECKED, async (page, { requests }) => {
  await openBoard(page, demo.origin);
  await row(page, 'Partner feed').getByRole('button', { name: /^Retry failed items/ }).click();
  await dialog(page).getByRole('heading', { name: 'Retry the failed items of “Partner feed”' }).waitFor();
  await status(page).getByText('2 fields are still to be filled in.').waitFor();
  assert.equal(await dialog(page).locator('.schedule').count(), 0, 'a retry runs at once');
  await dialog(page).getByLabel('Source URL 1', { exact: true }).fill('https://assets.example.com/another.tif');
  await dialog(page).getByLabel('Destination 1', { exact: true }).fill('spring/');
  await status(page).getByText('Not possible yet').waitFor();
  await paste(dialog(page).getByLabel('Source URL 1', { exact: true }),
    'https://gone.invalid/rain_jacket_red.tif\tspring/\nhttps://assets.example.com/rain_jacket_blue.tif\tspring/\n');
  await status(page).getByText('1 item will be retried').waitFor();
  const items = dialog(page).locator('.retry-items');
  assert.match(await items.innerText(), /1 item is retried\s+https:\/\/gone\.invalid\/rain_jacket_red\.tif\s+1 item can’t be retried\s+rain_jacket_green no URL/);
  await page.screenshot(picture('board-retry'));
  await page.keyboard.press('Escape');
  await row(page, 'Partner feed').getByRole('button', { name: /^Retry failed items/ }).click();
  await status(page).getByText('1 item will be retried').waitFor();
  const posts = () => requests.filter((request) => request.method() === 'POST' && /\/retry\?/.test(request.url()));
  assert.ok(posts().length > 0 && posts().every((request) => request.url().includes('dryRun=true')), 'rehearsals only');
  await dialog(page).getByRole('button', { name: 'Retry failed items' }).click();
  await page.locator('#details').getByRole('heading', { name: /^Partner feed-/ }).waitFor();
  const sent = posts().filter((request) => !request.url().includes('dryRun'));
  assert.equal(sent.length, 1);
  assert.match(sent[0].headers()['idempotency-key'], /^"[0-9a-f]{32}"$/);
  await page.locator('#details-actions').getByRole('button', { name: /^Run again/ }).click();
  await eventually(async () => assert.deepEqual((await body(page)).uploadUrlsJob.urlArray.map(({ sourceUrl }) => sourceUrl), ['https://gone.invalid/rain_jacket_red.tif']));
});

inBrowser('the assets of a retry come from the log', CHECKED, async (page) => {
  const submitted = await api(demo.origin, 'POST', '/jobs', {
    jobName: 'to stop', reprocessAssetsJob: { assetHandleArray: ['a|11000', 'a|11001', 'a|11002'], createMask: false, emailSetting: 'None' },
  });
  await eventually(async () => {
    const job = await api(demo.origin, 'GET', `/jobs/${submitted.id}`);
    if (job.actions.includes('stop')) await api(demo.origin, 'POST', `/jobs/${submitted.id}/stop`);
    assert.equal(job.outcome, 'stopped');
  }, 150_000);
  await openBoard(page, demo.origin);
  await row(page, 'to stop').getByRole('button', { name: /^Retry failed items/ }).click();
  // IPS does not say the kind of some completed jobs.
  await dialog(page).getByLabel('Job type').selectOption('reprocessAssets');
  await status(page).getByText(/\d items? will be retried/).waitFor();
  assert.equal((await body(page)).reprocessAssetsJob.assetHandleArray, undefined);
  assert.match(await dialog(page).locator('.retry-items').innerText(), /a\|1100\d/);
});

inBrowser('users who may not submit see neither form nor actions of it', CHECKED, async (page) => {
  await openBoard(page, demo.origin, { user: 'reader@example.com' });
  await row(page, 'Partner feed').first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Submit a job' }).isHidden(), true);
  assert.deepEqual(await actions(page.locator('#rows')).then((all) => all.filter((action) => ['retry', 'runAgain'].includes(action))), []);
  await row(page, 'Partner feed').last().locator('.link').click();
  await page.locator('#details').getByRole('heading', { name: /Full log \d/ }).waitFor();
  assert.deepEqual(await actions(page.locator('#details-actions')), []);
});
