// History: older completed jobs page by page as the user scrolls, and only those that the filters select.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PHONE, eventually, inBrowser, openBoard, row, startDemo } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const NEWEST = Date.UTC(2026, 0, 10);
const HOUR = 3_600_000;
const USERS = ['ann@example.com', 'bob@example.com'];

/** The completed job with this number; each started an hour before the one with the next lower number. */
const job = (number) => ({
  id: `job${number}`, phase: 'completed', status: 'completed', outcome: number % 4 === 0 ? 'failed' : 'succeeded', percent: 100, actions: [],
  observedAt: '2026-01-10T00:00:00Z', companyHandle: 'c|110', jobHandle: `j|${number}`, kind: number % 2 === 0 ? 'uploadUrls' : 'videoPublish',
  title: `Job ${number}`, submittedBy: USERS[number % 2], startedAt: new Date(NEWEST - number * HOUR).toISOString(),
  endedAt: new Date(NEWEST - number * HOUR + 60_000).toISOString(), fileErrorCount: number % 4 === 0 ? 1 : 0,
});

/** Whether the API lists the job. */
function isListed(job, query) {
  const values = (name) => query.get(name)?.split(',');
  return (values('kind')?.includes(job.kind) ?? true) && (values('outcome')?.includes(job.outcome) ?? true)
    && (values('submittedBy')?.includes(job.submittedBy) ?? true) && job.title.toLowerCase().includes((query.get('q') ?? '').toLowerCase())
    && Date.parse(job.startedAt) >= Date.parse(query.get('from') ?? '1970-01-01') && Date.parse(job.startedAt) <= Date.parse(query.get('to') ?? '2100-01-01');
}

/** Serves `total` completed jobs as the API does: the list has the newest `listed`, the history goes on with a cursor, at most `pageSize` at a time. */
async function serveHistory(page, { total, listed, pageSize }) {
  const asked = [];
  await page.route('**/jobs/events?*', (route) => route.abort());
  await page.route(/\/jobs\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    if (query.get('phase') === 'active') return route.fulfill({ json: { jobs: [] } });
    if (!query.has('limit')) return route.fulfill({ json: { jobs: Array.from({ length: listed }, (_, number) => job(number)), next: total > listed ? String(listed) : undefined } });
    asked.push(query);
    const begin = Number(query.get('cursor') ?? 0);
    const found = [];
    let number = begin;
    for (; number < total && found.length < pageSize; number += 1) if (isListed(job(number), query)) found.push(job(number));
    return route.fulfill({ json: { jobs: found, next: number < total ? String(number) : undefined } });
  });
  return asked;
}

const count = (page) => page.locator('#rows tr').count();
const allowed = { allows: /Failed to load resource/ };
const scrollDown = (page) => page.evaluate(() => scrollTo(0, document.body.scrollHeight));

inBrowser('completed jobs go on as the user scrolls, to the end of the history', allowed, async (page) => {
  const asked = await serveHistory(page, { total: 1_300, listed: 300, pageSize: 500 });
  await openBoard(page, demo.origin);
  await eventually(async () => assert.equal(await count(page), 200));
  assert.equal(asked.length, 0, 'nothing older is loaded before anybody scrolls');
  await eventually(async () => {
    await scrollDown(page);
    assert.equal(await count(page), 1_300);
  }, 60_000);
  assert.deepEqual(asked.map((query) => query.get('cursor')), ['300', '800']);
  assert.equal(await page.locator('#older').isHidden(), true);
  const names = await page.locator('#rows .link').allInnerTexts();
  assert.deepEqual(names, names.map((_, number) => `Job ${number}`), 'newest first, each once');
  // A poll of the newest jobs removes none of the older ones.
  await page.getByRole('button', { name: 'Pause updates' }).click();
  const poll = page.waitForResponse((response) => response.url().includes('phase=scheduled'));
  await page.getByRole('button', { name: 'Resume updates' }).click();
  await poll;
  await page.waitForTimeout(500);
  assert.equal(await row(page, 'Job 299').count(), 1);
});

inBrowser('filters search the history, each as a parameter of the API', allowed, async (page) => {
  const asked = await serveHistory(page, { total: 2_000, listed: 100, pageSize: 500 });
  await openBoard(page, demo.origin);
  await row(page, 'Job 99').waitFor();
  await page.locator('#outcome').selectOption({ label: 'Failed' });
  await page.locator('#kind').selectOption({ label: 'Upload from URLs' });
  await page.getByRole('button', { name: 'More filters' }).click();
  await page.getByRole('combobox', { name: 'Submitted by', exact: true }).fill(USERS[0]);
  await page.getByRole('combobox', { name: 'Submitted by', exact: true }).press('Enter');
  await page.getByRole('searchbox').fill('JOB 19');
  await eventually(async () => assert.deepEqual(await page.locator('#rows .link').allInnerTexts(),
    ['Job 192', 'Job 196', ...Array.from({ length: 25 }, (_, index) => `Job ${1900 + 4 * index}`)]));
  const last = Object.fromEntries(asked.at(-1));
  assert.deepEqual({ kind: last.kind, outcome: last.outcome, submittedBy: last.submittedBy, q: last.q },
    { kind: 'uploadUrls', outcome: 'failed', submittedBy: USERS[0], q: 'JOB 19' });
  assert.equal(last.to, job(99).startedAt, 'newer jobs are in the list already');
  const parameters = new URLSearchParams(new URL(page.url()).hash.slice(1));
  assert.deepEqual([parameters.get('kind'), parameters.get('outcome'), parameters.get('user'), parameters.get('q')], ['uploadUrls', 'failed', USERS[0], 'JOB 19']);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await eventually(async () => assert.equal(await page.locator('#rows .link').nth(100).innerText(), 'Job 100', 'no gap where the filters left out jobs'));
});

inBrowser('a period selects the jobs that started in it, and is kept in the URL', { ...allowed, timezoneId: 'Europe/Berlin' }, async (page) => {
  const asked = await serveHistory(page, { total: 600, listed: 50, pageSize: 500 });
  await openBoard(page, demo.origin);
  await row(page, 'Job 49').waitFor();
  await page.getByRole('button', { name: 'More filters' }).click();
  await page.getByLabel('From', { exact: true }).fill('2026-01-02');
  await page.getByLabel('To', { exact: true }).fill('2026-01-03');
  // Two days of Berlin, an hour before those of UTC: the 10th at 0:00 UTC less 146 to 193 hours.
  const expected = Array.from({ length: 48 }, (_, index) => `Job ${146 + index}`);
  await eventually(async () => assert.deepEqual(await page.locator('#rows .link').allInnerTexts(), expected));
  assert.deepEqual([asked.at(-1).get('from'), asked.at(-1).get('to')], ['2026-01-01T23:00:00.000Z', '2026-01-03T22:59:59.999Z']);
  const hash = new URL(page.url()).hash;
  assert.match(hash, /from=2026-01-02&to=2026-01-03/);
  await openBoard(page, demo.origin, { hash });
  await eventually(async () => assert.deepEqual(await page.locator('#rows .link').allInnerTexts(), expected));
  assert.equal(await page.getByLabel('From', { exact: true }).inputValue(), '2026-01-02', 'the filters are unfolded');
  // A period that the list covers needs no history.
  const before = asked.length;
  await page.getByLabel('To', { exact: true }).fill('');
  await page.getByLabel('From', { exact: true }).fill('2026-01-09');
  await eventually(async () => assert.equal(await count(page), 26));
  await page.waitForTimeout(500);
  assert.ok(asked.slice(before).every((query) => query.get('from') !== '2026-01-08T23:00:00.000Z'), 'nothing is asked for it');
  assert.equal(await page.locator('#older').isHidden(), true);
});

inBrowser('a search without matches stops after three pages, and goes on upon request', allowed, async (page) => {
  const asked = [];
  await serveHistory(page, { total: 100, listed: 50, pageSize: 500 });
  await page.route(/\/jobs\?.*limit=/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ json: { jobs: [], next: `page-${asked.length}` } });
  });
  await openBoard(page, demo.origin);
  await row(page, 'Job 49').waitFor();
  await page.getByRole('searchbox').fill('nothing like it');
  const button = page.getByRole('button', { name: 'Search older jobs' });
  await eventually(async () => assert.equal(asked.length, 3));
  await page.getByText('No jobs match these filters').waitFor();
  await page.waitForTimeout(1_000);
  assert.equal(asked.length, 3);
  await button.click();
  await eventually(async () => assert.equal(asked.length, 4));
});

inBrowser('a failed page is shown at the end of the list, and loaded again upon request', allowed, async (page) => {
  await serveHistory(page, { total: 150, listed: 50, pageSize: 100 });
  let failures = 0;
  const fail = (route) => {
    failures += 1;
    return route.fulfill({ status: 504, contentType: 'application/problem+json', json: { status: 504, code: 'upstream-timeout', title: 'IPS did not respond in time' } });
  };
  await page.route(/\/jobs\?.*limit=/, fail);
  await openBoard(page, demo.origin);
  await row(page, 'Job 49').waitFor();
  await scrollDown(page);
  await page.locator('#older-problem').getByText('IPS did not respond in time').waitFor();
  await page.waitForTimeout(500);
  assert.equal(failures, 1, 'it is not repeated by itself');
  await page.unroute(/\/jobs\?.*limit=/, fail);
  await page.getByRole('button', { name: 'Load older jobs' }).click();
  await row(page, 'Job 149').waitFor();
  assert.equal(await page.locator('#older-problem').innerText(), '');
});

inBrowser('in another order, and without completed jobs, nothing is loaded unasked', { ...allowed, viewport: PHONE }, async (page) => {
  const asked = await serveHistory(page, { total: 90, listed: 10, pageSize: 500 });
  await openBoard(page, demo.origin, { hash: '#sort=name' });
  await row(page, 'Job 9').waitFor();
  await scrollDown(page);
  await page.waitForTimeout(500);
  assert.equal(asked.length, 0);
  await page.locator('[data-phase="active"]').click();
  await eventually(async () => assert.equal(await page.locator('#older').isHidden(), true));
  await page.locator('[data-phase="completed"]').click();
  await page.getByRole('button', { name: 'Load older jobs' }).click();
  await row(page, 'Job 89').waitFor();
});
