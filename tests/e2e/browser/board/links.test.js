// Links to jobs, copying, and notifications when a watched job ends.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PASSWORD, USER, eventually, inBrowser, openBoard, row, startDemo, submit } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const menuItem = async (page, jobRow, name) => {
  await jobRow.locator('[data-menu]').click();
  await page.getByRole('menuitem', { name, exact: true }).click();
};

inBrowser('the name of a job is a link that opens it in a new tab', {}, async (page, { context }) => {
  await openBoard(page, demo.origin, { hash: '?lang=en' });
  const link = row(page, 'Partner feed').locator('.link');
  const id = await row(page, 'Partner feed').getAttribute('data-id');
  assert.equal(new URL(await link.evaluate((element) => element.href)).searchParams.get('job'), id);
  const opened = context.waitForEvent('page');
  await link.click({ button: 'middle' });
  const tab = await opened;
  await tab.locator('#demo-list button', { hasText: USER }).click();
  await tab.locator('#details').getByText('rain_jacket_red failed').first().waitFor();
  assert.equal(await page.locator('#details').evaluate((dialog) => dialog.open), false, 'the list stays');
  await tab.keyboard.press('Escape');
  await eventually(async () => assert.ok(!tab.url().includes('job='), tab.url()));
  await link.click({ modifiers: ['Control'] });
  assert.equal(await page.locator('#details').evaluate((dialog) => dialog.open), false);
  await link.click();
  await page.locator('#details').getByText('rain_jacket_red failed').first().waitFor();
});

inBrowser('of several companies the link names the one of the job', {}, async (page) => {
  await openBoard(page, demo.origin, { user: 'agency@example.com' });
  await page.getByRole('button', { name: /Sample Furniture/ }).click();
  const address = await row(page, 'Showroom video').locator('.link').evaluate((element) => element.href);
  await page.goto('about:blank');
  await page.goto(address);
  await page.locator('#demo-list button', { hasText: 'agency@example.com' }).click();
  await page.locator('#details').getByRole('heading', { name: 'Showroom video' }).waitFor();
});

inBrowser('the menu of a job copies its id, a link and a curl command without credentials', { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
  await openBoard(page, demo.origin);
  const jobRow = row(page, 'Partner feed');
  const id = await jobRow.getAttribute('data-id');
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await menuItem(page, jobRow, 'Copy ID');
  await page.getByText('Copied.').first().waitFor();
  assert.equal(await copied(), id);
  await menuItem(page, jobRow, 'Copy link');
  await eventually(async () => assert.equal(await copied(), `${demo.origin}/?job=${encodeURIComponent(id)}`));
  await menuItem(page, jobRow, 'Copy as curl');
  await eventually(async () => assert.equal(await copied(), `curl --user '${USER}' '${demo.origin}/jobs/${encodeURIComponent(id)}'`));
  assert.ok(!(await copied()).includes(PASSWORD));
  // In the details, by the keyboard.
  await jobRow.locator('.link').click();
  await page.locator('#details-menu button').press('Enter');
  assert.equal(await page.getByRole('menuitem', { name: 'Copy ID' }).evaluate((item) => item === document.activeElement), true);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await eventually(async () => assert.match(await copied(), /\?job=/));
  assert.equal(await page.getByRole('menu').count(), 0);
  assert.equal(await page.locator('#details-menu button').evaluate((button) => button === document.activeElement), true, 'the focus returns');
  assert.equal(await page.locator('#details').evaluate((dialog) => dialog.open), true);
});

inBrowser('on a page without a clipboard it copies all the same', {}, async (page) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    window.copied = [];
    document.addEventListener('copy', () => window.copied.push(document.activeElement.value));
  });
  await openBoard(page, demo.origin);
  await menuItem(page, row(page, 'Partner feed'), 'Copy ID');
  const id = await row(page, 'Partner feed').getAttribute('data-id');
  await eventually(async () => assert.deepEqual(await page.evaluate(() => window.copied), [id]));
  assert.equal(await page.locator('textarea').count(), 0);
});

/** Records notifications; `permission` is what the user answers. */
const recordNotifications = (page, permission) => page.addInitScript((permission) => {
  window.shown = [];
  window.requests = 0;
  window.Notification = class extends EventTarget {
    static permission = 'default';

    static async requestPermission() {
      window.requests += 1;
      return (window.Notification.permission = permission);
    }

    constructor(title, { tag }) {
      super();
      window.shown.push({ title, tag });
    }

    close() {}
  };
}, permission);

inBrowser('when a watched job ends the browser notifies, and asks for its permission only then', {}, async (page) => {
  await recordNotifications(page, 'granted');
  await openBoard(page, demo.origin);
  const { id, originalName } = await submit(demo.origin, 'watched-by-me');
  const jobRow = page.locator('#rows tr', { hasText: originalName });
  await jobRow.waitFor();
  assert.equal(await page.evaluate(() => window.requests), 0, 'no permission is asked for unasked');
  assert.equal(await jobRow.locator('.watched').isHidden(), true);
  await menuItem(page, jobRow, 'Notify me when it ends');
  await page.getByText('You will be notified when “watched-by-me” ends.').waitFor();
  await jobRow.locator('.watched').waitFor();
  assert.equal(await page.evaluate(() => window.requests), 1);
  await eventually(async () => assert.deepEqual(await page.evaluate(() => window.shown), [{ title: 'watched-by-me: Succeeded', tag: id }]), 180_000);
  assert.equal(await jobRow.locator('.watched').isHidden(), true);
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  await jobRow.locator('[data-menu]').click();
  assert.equal(await page.getByRole('menuitem', { name: /Notify/ }).count(), 0, 'a completed job has no end to wait for');
});

inBrowser('without the permission the title of the page tells it until the page has the focus; a reload keeps the choice', {}, async (page) => {
  await recordNotifications(page, 'denied');
  await page.addInitScript(() => {
    window.isFocused = true;
    document.hasFocus = () => window.isFocused;
  });
  await openBoard(page, demo.origin);
  const { originalName } = await submit(demo.origin, 'watched-in-title');
  const jobRow = page.locator('#rows tr', { hasText: originalName });
  await menuItem(page, jobRow, 'Notify me when it ends');
  await page.getByText(/Notifications are blocked/).waitFor();
  await openBoard(page, demo.origin);
  await jobRow.locator('.watched').waitFor();
  await page.evaluate(() => (window.isFocused = false));
  await eventually(async () => assert.equal(await page.title(), 'watched-in-title: Succeeded'), 180_000);
  assert.deepEqual(await page.evaluate(() => window.shown), []);
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await eventually(async () => assert.match(await page.title(), /Jobs – ips-gateway$/));
});

inBrowser('a schedule that recurs has no end to wait for, and a choice can be withdrawn', {}, async (page) => {
  await recordNotifications(page, 'granted');
  await openBoard(page, demo.origin);
  await row(page, 'Nightly publish').locator('[data-menu]').click();
  await page.getByRole('menuitem', { name: 'Copy ID' }).waitFor();
  assert.equal(await page.getByRole('menuitem', { name: /Notify/ }).count(), 0);
  await page.keyboard.press('Escape');
  const { originalName } = await submit(demo.origin, 'not-watched');
  const jobRow = page.locator('#rows tr', { hasText: originalName });
  await menuItem(page, jobRow, 'Notify me when it ends');
  await jobRow.locator('.watched').waitFor();
  await menuItem(page, jobRow, 'Do not notify me');
  await eventually(async () => assert.equal(await jobRow.locator('.watched').isHidden(), true));
});
