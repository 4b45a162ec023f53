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

/** Leaves a job out of the lists, as one that has become older than the newest thousand. */
const hideFromLists = (page, id) => page.route(/\/jobs\?/, async (route) => {
  const response = await route.fetch();
  if (response.status() !== 200) return route.fulfill({ response });
  const list = await response.json();
  return route.fulfill({ response, json: { ...list, jobs: list.jobs.filter((job) => job.id !== id) } });
});

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
