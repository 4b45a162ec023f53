// The schedule builder: Quartz expressions from simple choices, and the next runs in two time zones.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { eventually, inBrowser, openBoard, picture, startDemo } from '../../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const TOKYO = { allows: /status of 422/, timezoneId: 'Asia/Tokyo' };
const schedule = (page) => page.locator('#submit .schedule');
const body = async (page) => JSON.parse(await page.locator('#submit-json').inputValue());
const open = async (page) => {
  await openBoard(page, demo.origin);
  await page.getByRole('button', { name: 'Submit a job' }).click();
  await page.getByLabel('Name', { exact: true }).fill('scheduled');
};

inBrowser('a recurring schedule is built, and its next runs are shown in both time zones', TOKYO, async (page) => {
  await open(page);
  await schedule(page).getByText('Recurring').click();
  const every = schedule(page).getByLabel('Repeat');
  const expression = async (expected) => eventually(async () => assert.equal((await body(page)).execSchedule, expected));
  await expression('0 30 2 * * ?');
  await schedule(page).getByLabel('At', { exact: true }).fill('03:05');
  await expression('0 5 3 * * ?');
  await every.selectOption({ label: 'Every few minutes' });
  await schedule(page).getByLabel('Interval').selectOption('15');
  await expression('0 0/15 * * * ?');
  await every.selectOption({ label: 'Hourly' });
  await schedule(page).getByLabel('At minute').fill('40');
  await expression('0 40 * * * ?');
  await every.selectOption({ label: 'Monthly' });
  await schedule(page).getByRole('combobox', { name: 'Day' }).selectOption({ label: 'Last day' });
  await expression('0 30 2 L * ?');
  await every.selectOption({ label: 'On days of the week' });
  await schedule(page).getByLabel('Wednesday').click({ force: true });
  await expression('0 30 2 ? * MON,TUE,THU,FRI');
  await schedule(page).getByText('Wed', { exact: true }).click();
  await expression('0 30 2 ? * MON-FRI');

  await schedule(page).getByText('Next runs').waitFor();
  const cells = () => schedule(page).locator('.runs :is(th, td)').allInnerTexts();
  await eventually(async () => assert.equal((await cells()).length, 12));
  const [server, here, runThere, runHere] = await cells();
  assert.match(server, /^IPS server \(.+\)$/);
  assert.equal(here, 'Here (Asia/Tokyo)');
  assert.match(runThere, /2:30\sAM$/);
  assert.notEqual(runHere, runThere);
  assert.match(await schedule(page).locator('.hint').innerText(), /time zone of the IPS server: \S/);
  await page.screenshot(picture('board-schedule'));

  await every.selectOption({ label: 'Quartz expression' });
  const text = schedule(page).getByRole('textbox', { name: 'Quartz expression' });
  assert.equal(await text.inputValue(), '0 30 2 ? * MON-FRI', 'it begins with what was built');
  await text.fill('0 30 2');
  const problem = page.locator('#submit [data-pointer="/execSchedule"] .messages');
  await eventually(async () => assert.match(await problem.innerText(), /\S/));
  assert.equal(await schedule(page).locator('.runs td').count(), 0, 'no runs of another expression');
  await schedule(page).getByText('Now', { exact: true }).click();
  await eventually(async () => assert.deepEqual(Object.keys(await body(page)), ['jobName', 'imageServingPublishJob']));
});

inBrowser('the next runs are shown before the rest of the form is complete', TOKYO, async (page, { requests }) => {
  const checks = () => requests.filter((request) => /\/jobs\/validate/.test(request.url()));
  const checksOfSchedule = () => checks().filter((request) => request.postDataJSON().jobName === 'schedule').length;
  await open(page);
  await page.getByLabel('Name', { exact: true }).fill('');
  await schedule(page).getByText('Recurring').click();
  await eventually(async () => assert.equal(await schedule(page).locator('.runs td').count(), 10));
  assert.match(await schedule(page).locator('.hint').innerText(), /time zone of the IPS server: \S/);
  await page.locator('#submit-status').getByText(/still to be filled in|1 error/).waitFor();
  assert.equal(checksOfSchedule(), 1);
  for (const description of ['one', 'two']) {
    const refused = page.waitForResponse((response) => response.status() === 422);
    await page.getByLabel('Description', { exact: true }).fill(description);
    await refused;
  }
  assert.equal(await schedule(page).locator('.runs td').count(), 10);
  await schedule(page).getByLabel('At', { exact: true }).fill('03:05');
  await eventually(async () => assert.match(await schedule(page).locator('.runs td').first().innerText(), /3:05\sAM$/));
  assert.equal(checksOfSchedule(), 2, 'once for each schedule');
  await schedule(page).getByLabel('Repeat').selectOption({ label: 'Quartz expression' });
  await schedule(page).getByRole('textbox', { name: 'Quartz expression' }).fill('0 30');
  await eventually(async () => assert.equal(await schedule(page).locator('.runs td').count(), 0));
});

inBrowser('an expression in the JSON is shown by the builder if it can express exactly that', TOKYO, async (page) => {
  await open(page);
  const cases = await page.evaluate(async () => {
    const { formatQuartz, parseQuartz } = await import('/board/js/views/submit/quartz.js');
    return [
      '0 0/10 * * * ?', '0 7 * * * ?', '0 30 2 * * ?', '0 30 2 ? * MON-FRI', '0 0 23 ? * SAT,SUN', '0 0 4 15 * ?', '0 0 4 L * ?',
      '0 0/7 * * * ?', '30 0 2 * * ?', '0 0 2 1 1 ?', '0 0 2 * * ? 2030', '0 0 25 * * ?', '0 0 2 ? * FRI-MON', '0 0 2 ? * 6L', '0 0 2,14 * * ?', 'nonsense', '',
    ].map((expression) => [expression, parseQuartz(expression).every, formatQuartz(parseQuartz(expression))]);
  });
  for (const [expression, , again] of cases) assert.equal(again, expression);
  assert.deepEqual(cases.map(([, every]) => every), ['minutes', 'hour', 'day', 'week', 'week', 'month', 'month', ...Array(10).fill('expression')]);
  await page.locator('#submit-json').fill('{"jobName": "x", "execSchedule": "0 0 23 ? * SAT,SUN", "metadataPublishJob": {}}');
  await eventually(async () => assert.equal(await schedule(page).getByLabel('Repeat').inputValue(), 'week'));
  assert.equal(await schedule(page).getByLabel('Sunday').isChecked(), true);
  assert.equal(await schedule(page).getByLabel('Monday').isChecked(), false);
});

inBrowser('a start time is that of the browser, and is sent with its offset', TOKYO, async (page) => {
  await open(page);
  await schedule(page).getByText('Once, later').click();
  await schedule(page).getByLabel('Start time').fill('2030-01-31T09:30');
  assert.equal((await body(page)).execTime, '2030-01-31T09:30:00+09:00');
  assert.match(await schedule(page).locator('.hint').innerText(), /Asia\/Tokyo.*Jan 31.*12:30\sAM UTC/);
  await page.locator('#submit-json').fill('{"jobName": "x", "execTime": "2030-01-31T09:30:00-08:00", "metadataPublishJob": {}}');
  await eventually(async () => assert.equal(await schedule(page).getByLabel('Start time').inputValue(), '2030-02-01T02:30'));
  assert.match(await page.locator('#submit-json').inputValue(), /-08:00/, 'it stays as it was written');
  await page.locator('#submit-json').fill('{"jobName": "x", "execTime": "tomorrow", "metadataPublishJob": {}}');
  await eventually(async () => assert.equal(await schedule(page).getByLabel('Start time').inputValue(), 'tomorrow'));
  await eventually(async () => assert.equal(await schedule(page).getByLabel('Start time').getAttribute('aria-invalid'), 'true'));
});

inBrowser('where IPS does not tell its time zone, the form says so', TOKYO, async (page) => {
  await open(page);
  await page.route('**/jobs/validate*', (route) => route.fulfill({
    json: {
      valid: true, request: {}, nextRuns: [{ local: '2030-01-31T02:30:00' }],
      warnings: [{ pointer: '/execSchedule', detail: 'is in a time zone that IPS does not tell' }],
    },
  }));
  await schedule(page).getByText('Recurring').click();
  await schedule(page).getByText('is in a time zone that IPS does not tell').waitFor();
  await schedule(page).getByText('Which one that is, IPS does not say.').waitFor();
  const cells = await schedule(page).locator('.runs td').allInnerTexts();
  assert.match(cells[0], /Jan 31.*2:30\sAM/);
  assert.match(cells[1], /^Unknown/);
});
