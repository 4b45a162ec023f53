// Submitting on the board: fields and JSON show one body, which is checked while it is edited and sent once; errors are shown at their fields.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { eventually, inBrowser, openBoard, picture, startDemo } from '../../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

/** Checks of an incomplete form are refused, which browsers note on the console. */
const CHECKED = { allows: /status of 422/ };
const dialog = (page) => page.getByRole('dialog', { name: 'Submit a job' });
const json = async (page) => JSON.parse(await page.locator('#submit-json').inputValue());
const status = (page) => page.locator('#submit-status');
const kind = (page) => dialog(page).getByLabel('Job type');
const name = (page) => dialog(page).getByLabel('Name', { exact: true });
const field = (page, pointer) => page.locator(`#submit [data-pointer="${pointer}"]`);
const open = async (page, address = demo.origin) => {
  await openBoard(page, address);
  await page.getByRole('button', { name: 'Submit a job' }).click();
  await kind(page).waitFor();
};
const posts = (requests) => requests.filter((request) => request.method() === 'POST' && /\/jobs(\?|$)/.test(request.url()));
const ready = (page) => status(page).getByText('ready to submit').waitFor();

inBrowser('a publish is submitted as the JSON shows it, with an idempotency key, and its details open', CHECKED, async (page, { requests }) => {
  await open(page);
  assert.equal(await name(page).evaluate((input) => input === document.activeElement), true, 'the name has the focus');
  await name(page).fill('from-the-board');
  await dialog(page).getByLabel('What to publish', { exact: true }).selectOption('Full');
  await ready(page);
  const shown = await json(page);
  assert.deepEqual(shown, { jobName: 'from-the-board', imageServingPublishJob: { publishType: 'Full', emailSetting: 'None' } });
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByRole('dialog').getByRole('heading', { name: /^from-the-board-/ }).waitFor();
  await page.locator('#rows tr', { hasText: 'from-the-board' }).waitFor();
  const [sent] = posts(requests);
  assert.deepEqual(JSON.parse(sent.postData()), shown);
  assert.match(sent.headers()['idempotency-key'], /^"[0-9a-f]{32}"$/);
});

inBrowser('every kind of job of the OpenAPI document can be chosen, has all its members and can be checked', CHECKED, async (page) => {
  await open(page);
  const { components: { schemas } } = await (await fetch(`${demo.origin}/openapi.json`)).json();
  const requests = schemas.SubmitJobParam.oneOf.map(({ $ref }) => schemas[$ref.split('/').at(-1)]);
  assert.equal(requests.length, 13);
  await name(page).fill('any');
  for (const request of requests) {
    const element = Object.keys(request.properties).find((member) => member.endsWith('Job'));
    await kind(page).selectOption(element.replace(/Job$/, ''));
    const members = Object.keys(schemas[request.properties[element].$ref.split('/').at(-1)].properties).filter((member) => member !== 'numUrls');
    const present = await page.locator('#submit [data-pointer]').evaluateAll((fields) => fields.map(({ dataset }) => dataset.pointer));
    for (const member of members) assert.ok(present.includes(`/${element}/${member}`), `${element} has no field for ${member}`);
    await eventually(async () => assert.match(await status(page).innerText(), /ready|still to be filled in/, element));
  }
});

inBrowser('a required text that is empty is still to be filled in, also one that only IPS refuses', CHECKED, async (page, { requests }) => {
  await open(page);
  await kind(page).selectOption('export');
  await name(page).fill('without an asset');
  await status(page).getByText('1 field is still to be filled in.').waitFor();
  const asset = field(page, '/exportJob/assetHandleArray/0');
  assert.equal(await asset.locator('.field-error').count(), 0, 'not before the user was there');
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await asset.getByText('must be filled in').waitFor();
  assert.equal(await asset.locator('input').evaluate((input) => input === document.activeElement), true);
  await status(page).getByText('1 error').waitFor();
  await asset.locator('input').fill('a|11000');
  await ready(page);
  await kind(page).selectOption('uploadUrls');
  await field(page, '/uploadUrlsJob/urlArray/0/sourceUrl').locator('input').fill('https://assets.example.com/a.tif');
  await field(page, '/uploadUrlsJob/urlArray/0/destPath').getByText('must be filled in').waitFor();
  await status(page).getByText('1 error').waitFor();
  await field(page, '/uploadUrlsJob/urlArray/0/destPath').locator('input').fill('spring/');
  await ready(page);
  assert.equal(posts(requests).length, 0, 'nothing was submitted');
});

inBrowser('on a small screen each field is reached by the keyboard, and the heading stays', { ...CHECKED, viewport: { width: 360, height: 740 } }, async (page) => {
  await open(page);
  await kind(page).selectOption('uploadUrls');
  for (let presses = 0; presses < 25; presses += 1) {
    await page.keyboard.press('Tab');
    const top = await page.locator('#submit-title').evaluate((title) => title.getBoundingClientRect().top);
    assert.ok(top >= 0, `the heading is at ${top} after ${presses + 1} presses of the tab key`);
  }
});

inBrowser('while the form is edited it is checked, and errors and warnings are shown at their fields', CHECKED, async (page, { requests }) => {
  await open(page);
  await kind(page).selectOption('uploadUrls');
  await status(page).getByText('fields are still to be filled in').waitFor();
  assert.equal(await page.locator('#submit .messages .field-error').count(), 0, 'not before the user reached them');
  await name(page).fill('two-files');
  await dialog(page).getByLabel('Source URL 1', { exact: true }).fill('http://assets.example.com/a.tif');
  await dialog(page).getByLabel('Destination 1', { exact: true }).fill('spring/');
  await ready(page);
  await field(page, '/uploadUrlsJob/urlArray/0/sourceUrl').getByText('is fetched without encryption').waitFor();
  await dialog(page).getByRole('button', { name: 'Add URL' }).click();
  const second = dialog(page).getByLabel('Source URL 2', { exact: true });
  assert.equal(await second.evaluate((input) => input === document.activeElement), true, 'the new row has the focus');
  await second.fill('ftp://assets.example.com/b.tif');
  await eventually(async () => assert.equal(await second.getAttribute('aria-invalid'), 'true'));
  assert.equal(await dialog(page).getByLabel('Source URL 1', { exact: true }).getAttribute('aria-invalid'), null);
  const note = (await second.getAttribute('aria-describedby')).split(' ').at(-1);
  assert.match(await page.locator(`#${note}`).innerText(), /\S/);
  await second.fill('https://assets.example.com/b.tif');
  await dialog(page).getByLabel('Destination 2', { exact: true }).fill('spring/');
  await ready(page);
  assert.equal(await second.getAttribute('aria-invalid'), null);
  await page.screenshot(picture('board-submit'));
  assert.equal(posts(requests).length, 0, 'nothing was submitted');
  assert.deepEqual((await json(page)).uploadUrlsJob.urlArray, [
    { sourceUrl: 'http://assets.example.com/a.tif', destPath: 'spring/' }, { sourceUrl: 'https://assets.example.com/b.tif', destPath: 'spring/' },
  ]);
  await dialog(page).getByText('What would be sent to IPS').click();
  assert.match(await dialog(page).getByLabel('What would be sent to IPS').innerText(), /"companyHandle": "c\|110"/);
});

inBrowser('a submit without a name is not sent, and the field has the focus', CHECKED, async (page, { requests }) => {
  await open(page);
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await eventually(async () => assert.equal(await name(page).getAttribute('aria-invalid'), 'true'));
  assert.equal(await name(page).evaluate((input) => input === document.activeElement), true, 'the first of them has the focus');
  const note = (await name(page).getAttribute('aria-describedby')).split(' ').at(-1);
  assert.match(await page.locator(`#${note}`).innerText(), /must be filled in/);
  await status(page).getByText('1 error').waitFor();
  assert.equal(posts(requests).length, 0);
  await name(page).fill('now-it-has-one');
  await eventually(async () => assert.equal(await name(page).getAttribute('aria-invalid'), null, 'until it is corrected'));
});

inBrowser('a required member that is removed is asked for at its field', CHECKED, async (page) => {
  await open(page);
  await name(page).fill('incomplete');
  await ready(page);
  await dialog(page).getByLabel('E-mail notifications', { exact: true }).selectOption({ label: 'Choose…' });
  await field(page, '/imageServingPublishJob/emailSetting').getByText('must be filled in').waitFor();
  assert.deepEqual((await json(page)).imageServingPublishJob, { publishType: 'Incremental' });
  await status(page).getByText('1 error').waitFor();
  // What the gateway refuses is shown at the field, too.
  const mail = dialog(page).getByLabel('E-mail notifications', { exact: true });
  await dialog(page).getByRole('button', { name: 'Submit', exact: true }).click();
  await dialog(page).getByRole('alert').waitFor();
  await eventually(async () => assert.equal(await mail.evaluate((select) => select === document.activeElement), true));
  assert.equal(await mail.getAttribute('aria-invalid'), 'true');
});

inBrowser('Enter in a field submits nothing', CHECKED, async (page, { requests }) => {
  await open(page);
  await name(page).fill('not-yet');
  await ready(page);
  await name(page).press('Enter');
  await page.waitForTimeout(1_000);
  assert.equal(posts(requests).length, 0);
});

inBrowser('errors without a field are in a list of their own', CHECKED, async (page) => {
  await open(page);
  await page.route('**/jobs/validate*', (route) => route.fulfill({
    status: 422, contentType: 'application/problem+json',
    json: {
      type: '/problems/invalid-request', title: 'The request is invalid', status: 422, code: 'invalid-request', requestId: 'r1', outcome: 'not_sent',
      errors: [{ pointer: '/uploadUrlsJob/urlArray/1/sourceUrl', detail: 'not allowed here' }, { pointer: '/elsewhere', detail: 'something else' }],
    },
  }));
  await kind(page).selectOption('uploadUrls');
  await dialog(page).getByRole('button', { name: 'Add URL' }).click();
  await dialog(page).getByLabel('Source URL 2', { exact: true }).fill('https://a.example.com/x');
  await eventually(async () => assert.equal(await dialog(page).getByLabel('Source URL 2', { exact: true }).getAttribute('aria-invalid'), 'true'));
  assert.equal(await dialog(page).getByLabel('Source URL 1', { exact: true }).getAttribute('aria-invalid'), null);
  const list = await dialog(page).locator('.answer .problem').innerText();
  assert.ok(list.includes('/elsewhere') && list.includes('something else') && !list.includes('not allowed here'), list);
});

inBrowser('JSON is edited into fields and back, and nothing is lost', CHECKED, async (page) => {
  await open(page);
  const text = `{
  "jobName": "edited", "unknown": [1, {"a": null}],
  "reprocessAssetsJob": {
    "assetHandleArray": ["a|1", "a|2"], "createMask": "perhaps", "emailSetting": "Weekly",
    "unsharpMaskOptions": {"amount": 1.75, "threshold": 2},
    "metadataOptions": {"updateArray": [{"fieldHandle": "f|1", "longVal": 9007199254740993}]}
  }
}`;
  await page.locator('#submit-json').fill(text);
  await eventually(async () => assert.equal(await kind(page).inputValue(), 'reprocessAssets'));
  assert.equal(await name(page).inputValue(), 'edited');
  assert.equal(await dialog(page).getByLabel('Asset 2', { exact: true }).inputValue(), 'a|2');
  assert.equal(await field(page, '/reprocessAssetsJob/emailSetting').getByRole('textbox').inputValue(), 'Weekly', 'IPS may have other values');
  await field(page, '/reprocessAssetsJob/createMask').getByText('Edit it in the JSON').waitFor();
  await dialog(page).getByText('Without a field').getByText('/unknown').waitFor();
  await field(page, '/unknown').waitFor({ state: 'detached' });
  assert.equal(await page.locator('#submit-json').inputValue(), text, 'as it was typed');
  await name(page).fill('renamed');
  const written = await page.locator('#submit-json').inputValue();
  const expected = JSON.parse(text);
  expected.jobName = 'renamed';
  assert.deepEqual(JSON.parse(written), expected);
  assert.match(written, /"longVal": 9007199254740993\b/, 'digits that a JavaScript number does not have');
  assert.match(written, /"createMask": "perhaps"/);

  await page.locator('#submit-json').fill('{"jobName": ');
  await dialog(page).getByText('This is not valid JSON').waitFor();
  assert.equal(await page.locator('#submit .fields').first().evaluate((fields) => fields.inert), true);
  await page.locator('#submit-json').fill('{"jobName": "again"}');
  await eventually(async () => assert.equal(await name(page).inputValue(), 'again'));
  await dialog(page).locator('.answer .problem', { hasText: 'must have the details of one job' }).waitFor();
  assert.equal(await kind(page).inputValue(), '', 'no kind is chosen');
});

inBrowser('objects, rows, choices and booleans can be set and unset', CHECKED, async (page) => {
  await open(page);
  await kind(page).selectOption('reprocessAssets');
  await name(page).fill('all-types');
  await dialog(page).getByLabel('Asset 1', { exact: true }).fill('a|1');
  await dialog(page).getByText('Images: crop').click();
  await field(page, '/reprocessAssetsJob/preserveCrop').getByText('No', { exact: true }).click();
  await field(page, '/reprocessAssetsJob/unsharpMaskOptions').getByRole('button', { name: /^Add/ }).click();
  await dialog(page).getByLabel('Amount', { exact: true }).fill('1.5');
  await dialog(page).getByLabel('Threshold', { exact: true }).fill('2');
  await ready(page);
  const detail = async () => (await json(page)).reprocessAssetsJob;
  assert.deepEqual(await detail(), {
    assetHandleArray: ['a|1'], createMask: false, preserveCrop: false, emailSetting: 'None', unsharpMaskOptions: { amount: 1.5, threshold: 2 },
  });
  await dialog(page).getByText('2 set').waitFor();
  await dialog(page).getByLabel('E-mail notifications', { exact: true }).selectOption({ label: 'Other value…' });
  await dialog(page).getByLabel('E-mail notifications: other value').fill('Weekly');
  await field(page, '/reprocessAssetsJob/emailSetting').getByText('documented').waitFor();
  await field(page, '/reprocessAssetsJob/preserveCrop').getByText('Not set').click();
  await field(page, '/reprocessAssetsJob/unsharpMaskOptions').getByRole('button', { name: /^Remove/ }).click();
  await dialog(page).getByLabel('Amount', { exact: true }).waitFor({ state: 'detached' });
  assert.deepEqual(await detail(), { assetHandleArray: ['a|1'], createMask: false, emailSetting: 'Weekly' });
  // Several lines become rows.
  await dialog(page).getByLabel('Asset 1', { exact: true }).evaluate((input) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'a|7\na|8\r\na|9\n');
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  });
  assert.deepEqual((await detail()).assetHandleArray, ['a|7', 'a|8', 'a|9']);
  await dialog(page).getByRole('button', { name: 'Remove: Asset 2' }).click();
  assert.deepEqual((await detail()).assetHandleArray, ['a|7', 'a|9']);
  // A kind that was chosen before has its values again.
  await kind(page).selectOption('metadataPublish');
  assert.deepEqual(await json(page), { jobName: 'all-types', metadataPublishJob: {} });
  await kind(page).selectOption('reprocessAssets');
  assert.deepEqual((await detail()).assetHandleArray, ['a|7', 'a|9']);
});

inBrowser('of thousands of rows only the first are built, and those that are added', CHECKED, async (page) => {
  await open(page);
  await kind(page).selectOption('uploadUrls');
  await name(page).fill('many');
  await dialog(page).getByLabel('Source URL 1', { exact: true }).evaluate((input) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', Array.from({ length: 3_000 }, (_, number) => `https://assets.example.com/${number}.tif\tspring/`).join('\n'));
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  });
  await ready(page);
  assert.equal(await dialog(page).locator('.row').count(), 100);
  await dialog(page).getByRole('button', { name: 'Add URL' }).click();
  const added = dialog(page).getByLabel('Source URL 3001', { exact: true });
  await eventually(async () => assert.equal(await added.evaluate((input) => input === document.activeElement), true));
  await added.fill('https://assets.example.com/last.tif');
  await dialog(page).getByLabel('Destination 3001', { exact: true }).fill('spring/');
  await ready(page);
  await dialog(page).getByRole('button', { name: 'Show 2,900 more rows' }).click();
  assert.equal(await dialog(page).locator('.row').count(), 201);
  await eventually(async () => assert.equal((await json(page)).uploadUrlsJob.urlArray.at(-1).sourceUrl, 'https://assets.example.com/last.tif'));
  await dialog(page).getByRole('button', { name: 'Remove: URL 3001' }).click();
  await eventually(async () => assert.equal((await json(page)).uploadUrlsJob.urlArray.length, 3_000));
});

inBrowser('what was entered stays until it is submitted, and ends with the session', CHECKED, async (page) => {
  await open(page);
  await name(page).fill('a-draft');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Submit a job' }).click();
  await eventually(async () => assert.equal(await name(page).inputValue(), 'a-draft'));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sign out' }).click();
  assert.doesNotMatch(await page.content(), /a-draft/);
  await page.locator('#demo-list button').first().click();
  await page.getByRole('button', { name: 'Submit a job' }).click();
  await eventually(async () => assert.equal(await name(page).inputValue(), ''));
});

inBrowser('a retry after a failure submits the same job', { allows: /Failed to load resource/ }, async (page, { requests }) => {
  await open(page);
  await name(page).fill('sent-twice');
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
