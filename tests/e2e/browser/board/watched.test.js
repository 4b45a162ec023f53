// Watched jobs that end while no page of the board is open, and several pages that watch jobs.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { api, eventually, inBrowser, openBoard, row, startDemo, submit } from '../harness.js';

let demo;
let company;
before(async () => {
  demo = await startDemo();
  company = (await api(demo.origin, 'GET', '/companies')).companies[0].companyHandle;
});

const KEY = 'ips-gateway.watched /';
const stored = (page) => page.evaluate((key) => JSON.parse(localStorage.getItem(key) ?? '[]'), KEY);
const away = (page) => page.locator('#ended-away');
const jobsOf = async () => (await api(demo.origin, 'GET', '/jobs?phase=active,scheduled,completed')).jobs;
const idOf = async (title) => (await jobsOf()).find((job) => job.title === title).id;

/** Watches these jobs, as a former visit of the same browser did; returns what was stored. */
async function watchedBefore(page, entries) {
  await page.goto(`${demo.origin}/board/icon.svg`);
  await page.evaluate(([key, value]) => localStorage.setItem(key, value), [KEY, JSON.stringify(entries)]);
}

/** Leaves jobs out of the lists, as those that have become older than the newest thousand. */
const hideFromLists = (page, ...ids) => page.route(/\/jobs\?/, async (route) => {
  const response = await route.fetch();
  if (response.status() !== 200) return route.fulfill({ response });
  const list = await response.json();
  return route.fulfill({ response, json: { ...list, jobs: list.jobs.filter((job) => !ids.includes(job.id)) } });
});
/** Pauses the board and starts it again, which reads new lists. */
async function readListsAgain(page) {
  await page.locator('#pause').click();
  const read = page.waitForResponse((response) => /\/jobs\?.*completed/.test(response.url()) && response.ok());
  await page.locator('#pause').click();
  await read;
}
/** Answers the reads of a job by an error while `isOn`; `count` is their number, all others included. */
async function refuseReads(page, id, status, headers = {}) {
  const refusal = { isOn: true, count: 0 };
  await page.route(`**/jobs/${id}`, (route) => {
    refusal.count += 1;
    return refusal.isOn ? route.fulfill({ status, headers, json: { status, title: 'refused', code: 'refused' } }) : route.continue();
  });
  return refusal;
}

inBrowser('a watched job that ends while the page is closed is shown at the next visit, once', {}, async (page) => {
  await openBoard(page, demo.origin);
  const { id, originalName } = await submit(demo.origin, 'ended-away');
  const jobRow = page.locator('#rows tr', { hasText: originalName });
  await jobRow.locator('[data-menu]').click();
  await page.getByRole('menuitem', { name: 'Notify me when it ends' }).click();
  await eventually(async () => assert.deepEqual(await stored(page), [[id, company]]));
  await page.goto('about:blank');
  await eventually(async () => assert.equal((await api(demo.origin, 'GET', `/jobs/${id}`)).phase, 'completed'), 180_000);
  await page.goto(demo.origin);
  await away(page).getByRole('heading', { name: 'Ended while you were away' }).waitFor();
  assert.equal(await away(page).locator('li').innerText(), 'ended-away: Succeeded');
  assert.deepEqual(await stored(page), []);
  assert.equal(await page.locator('#notifications p').count(), 0, 'no second message');
  await away(page).getByRole('link', { name: 'ended-away' }).click();
  await page.locator('#details').getByRole('heading', { name: originalName }).waitFor();
  await page.keyboard.press('Escape');
  await away(page).getByRole('button', { name: 'Close' }).click();
  assert.equal(await away(page).innerText(), '');
  await page.reload();
  await row(page, 'Partner feed').waitFor();
  assert.equal(await away(page).locator('li').count(), 0, 'it is shown once');
});

for (const [language, heading, outcome] of [
  ['en', 'Ended while you were away', 'With warnings'], ['de', 'In Ihrer Abwesenheit beendet', 'Mit Warnungen'], ['ja', '不在中に終了したジョブ', '警告あり'],
]) {
  inBrowser(`jobs beyond the lists are read by their ids: ${language}`, { locale: language, allows: /status of 404/ }, async (page) => {
    const [feed, old] = [await idOf('Partner feed'), await idOf('Export for print')];
    await watchedBefore(page, [[feed, company], [old, company], ['MXJjfDExMB9ub25lH25vbmU', company], ['other', 'c|other']]);
    await hideFromLists(page, old);
    await openBoard(page, demo.origin);
    await eventually(async () => assert.deepEqual(await away(page).locator('li').allInnerTexts(), [`Partner feed: ${outcome}`, `Export for print: ${outcome}`]));
    assert.equal(await away(page).getByRole('heading').innerText(), heading);
    // One that is gone is dropped; one of another company is left to its lists.
    await eventually(async () => assert.deepEqual(await stored(page), [['other', 'c|other']]));
    await page.getByRole('banner').locator('#sign-out').click();
    await page.locator('#sign-in-form').waitFor();
    assert.equal(await away(page).locator('li').count(), 0);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
  });
}

inBrowser('a job that cannot be read is asked for again, and none is lost', { allows: /status of 503/ }, async (page) => {
  const old = await idOf('Export for print');
  await watchedBefore(page, [[old, company]]);
  await hideFromLists(page, old);
  let isDown = true;
  await page.route(`**/jobs/${old}`, (route) => (isDown ? route.fulfill({ status: 503, json: { status: 503, title: 'down', code: 'upstream-unreachable' } }) : route.continue()));
  await page.clock.install();
  const refused = page.waitForResponse((response) => response.status() === 503);
  await openBoard(page, demo.origin);
  await refused;
  assert.equal(await away(page).locator('li').count(), 0);
  assert.deepEqual(await stored(page), [[old, company]]);
  isDown = false;
  // The next new list of the jobs.
  await submit(demo.origin, 'a change of the list');
  await eventually(async () => {
    await page.clock.fastForward('00:35');
    assert.deepEqual(await away(page).locator('li').allInnerTexts(), ['Export for print: With warnings']);
  }, 60_000);
});

inBrowser('a job whose log is still open has not ended', {}, async (page) => {
  const [feed, old] = [await idOf('Partner feed'), await idOf('Export for print')];
  await watchedBefore(page, [[old, company], [feed, company]]);
  await hideFromLists(page, old, feed);
  await page.route(`**/jobs/${old}`, async (route) => {
    const response = await route.fetch();
    return route.fulfill({ response, json: { ...(await response.json()), status: 'finalizing', outcome: 'unknown' } });
  });
  await openBoard(page, demo.origin);
  await eventually(async () => assert.deepEqual(await away(page).locator('li').allInnerTexts(), ['Partner feed: With warnings']));
  assert.deepEqual(await stored(page), [[old, company]]);
  await openBoard(page, demo.origin, { hash: `?job=${old}` });
  await page.locator('#details .pill', { hasText: 'Finalizing' }).waitFor();
});

inBrowser('no job is lost by a change of the company while they are read', {}, async (page) => {
  const [feed, old] = [await idOf('Partner feed'), await idOf('Export for print')];
  await watchedBefore(page, [[feed, company], [old, company]]);
  await hideFromLists(page, feed, old);
  let isSlow = true;
  await page.route(`**/jobs/${old}`, (route) => (isSlow ? undefined : route.continue()));
  await openBoard(page, demo.origin, { user: 'agency@example.com' });
  const second = page.waitForRequest(`**/jobs/${old}`);
  await page.getByRole('button', { name: /Example Outfitters/ }).click();
  await second;
  await page.locator('#company').selectOption({ label: 'Sample Furniture' });
  await row(page, 'Showroom video').waitFor();
  assert.deepEqual((await stored(page)).map(([id]) => id), [feed, old]);
  isSlow = false;
  await page.locator('#company').selectOption({ label: 'Example Outfitters' });
  await eventually(async () => assert.deepEqual(await away(page).locator('li').allInnerTexts(), ['Partner feed: With warnings', 'Export for print: With warnings']));
  assert.deepEqual(await stored(page), []);
});

inBrowser('a job that the user may not see is asked for once in a visit, and stays watched', { allows: /status of (403|503)/ }, async (page) => {
  const [feed, old] = [await idOf('Partner feed'), await idOf('Export for print')];
  await watchedBefore(page, [[feed, company], [old, company]]);
  await hideFromLists(page, feed, old);
  const [forbidden, down] = [await refuseReads(page, feed, 403), await refuseReads(page, old, 503)];
  await openBoard(page, demo.origin);
  await eventually(async () => assert.equal(down.count, 1));
  await readListsAgain(page);
  await eventually(async () => assert.ok(down.count > 1));
  assert.equal(forbidden.count, 1);
  assert.deepEqual((await stored(page)).map(([id]) => id), [feed, old]);
});

inBrowser('a job that cannot be read is asked for again after Retry-After, and not before', { allows: /status of 503/ }, async (page) => {
  const old = await idOf('Export for print');
  await watchedBefore(page, [[old, company]]);
  await hideFromLists(page, old);
  const busy = await refuseReads(page, old, 503, { 'retry-after': '600' });
  await page.clock.install();
  await openBoard(page, demo.origin);
  await eventually(async () => assert.equal(busy.count, 1));
  busy.isOn = false;
  await readListsAgain(page);
  await page.locator('#state').getByText('Live').waitFor();
  await page.clock.runFor(1_000);
  assert.equal(busy.count, 1);
  await page.clock.fastForward('10:00');
  await eventually(async () => assert.deepEqual(await away(page).locator('li').allInnerTexts(), ['Export for print: With warnings']));
  assert.equal(busy.count, 2);
});

inBrowser('a choice restores no job that another page has just removed', {}, async (page) => {
  // Jobs that do not end during the test.
  const later = (jobName) => api(demo.origin, 'POST', '/jobs', { jobName, execTime: '2099-01-31T09:30:00Z', metadataPublishJob: {} });
  const [first, second] = [await later('removed-there'), await later('watched-after')];
  await openBoard(page, demo.origin);
  const choose = async ({ originalName }) => {
    const jobRow = page.locator('#rows tr', { hasText: originalName });
    await jobRow.locator('[data-menu]').click();
    await page.getByRole('menuitem', { name: 'Notify me when it ends' }).click();
    await jobRow.locator('.watched').waitFor();
  };
  await choose(first);
  assert.deepEqual(await stored(page), [[first.id, company]]);
  // The page gets no event of what it stores itself: it does not know of the removal, as within the delay after that of another page.
  await page.evaluate((key) => localStorage.removeItem(key), KEY);
  await choose(second);
  assert.deepEqual(await stored(page), [[second.id, company]]);
});

inBrowser('pages of the same browser watch jobs together', {}, async (page, { context }) => {
  await openBoard(page, demo.origin);
  const other = await context.newPage();
  await other.goto(demo.origin);
  const jobs = [await submit(demo.origin, 'watched-here'), await submit(demo.origin, 'watched-there')];
  for (const [index, tab] of [page, other].entries()) {
    await tab.locator('#rows tr', { hasText: jobs[index].originalName }).locator('[data-menu]').click();
    await tab.getByRole('menuitem', { name: 'Notify me when it ends' }).click();
  }
  await eventually(async () => assert.deepEqual((await stored(page)).map(([id]) => id).sort(), jobs.map(({ id }) => id).sort()));
  for (const tab of [page, other]) for (const { originalName } of jobs) await tab.locator('#rows tr', { hasText: originalName }).locator('.watched').waitFor();
  await other.locator('#rows tr', { hasText: jobs[0].originalName }).locator('[data-menu]').click();
  await other.getByRole('menuitem', { name: 'Do not notify me' }).click();
  await page.locator('#rows tr', { hasText: jobs[0].originalName }).locator('.watched').waitFor({ state: 'hidden' });
  assert.deepEqual((await stored(page)).map(([id]) => id), [jobs[1].id]);
});
