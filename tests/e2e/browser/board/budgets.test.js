// Budgets of the board: rows that are built for thousands of jobs, and catalogues that are loaded. The size of its files is tested without a browser.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { eventually, inBrowser, openBoard, startDemo } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

inBrowser('one language is loaded, the others upon request', {}, async (page, { requests }) => {
  await openBoard(page, demo.origin);
  const catalogues = () => requests.map((request) => new URL(request.url()).pathname).filter((path) => path.includes('/texts/'));
  assert.ok(!requests.some((request) => request.url().endsWith('/views/submit/form.js')), 'the form is loaded when it is opened');
  assert.ok(catalogues().length > 0 && catalogues().every((path) => path.endsWith('/en.js')), catalogues().join());
  await page.locator('#language').selectOption('de');
  await eventually(async () => assert.equal(catalogues().filter((path) => path.endsWith('/de.js')).length, catalogues().length / 2));
});

inBrowser('of 5,000 jobs only the first rows are built, once', { allows: /Failed to load resource/ }, async (page) => {
  const job = (number) => ({
    id: `job${number}`, phase: number < 50 ? 'active' : 'completed', status: number < 50 ? 'running' : 'completed', outcome: number < 50 ? undefined : 'succeeded',
    percent: 50, actions: number < 50 ? ['stop'] : [], observedAt: '2026-01-01T00:00:00Z', companyHandle: 'c|110', jobHandle: `j|${number}`, kind: 'videoPublish',
    title: `Job ${number}`, originalName: `Job ${number}`, submittedBy: `user${number % 40}@example.com`, startedAt: new Date(Date.UTC(2026, 0, 1) - number * 60_000).toISOString(),
    endedAt: number < 50 ? undefined : new Date(Date.UTC(2026, 0, 1) - number * 59_000).toISOString(), taskProgressArray: [],
  });
  const all = Array.from({ length: 5_000 }, (_, number) => job(number));
  const [active, completed] = [all.slice(0, 50), all.slice(50)];
  await page.route('**/jobs/events?*', (route) => route.abort());
  await page.route(/\/jobs\?/, (route) => route.fulfill({ json: { jobs: route.request().url().includes('phase=active') ? active : completed } }));
  await page.addInitScript(() => {
    window.built = 0;
    const { createElement } = Document.prototype;
    Document.prototype.createElement = function create(name, ...rest) {
      if (name === 'tr') {
        window.built += 1;
        window.firstRow ??= performance.now();
      }
      return createElement.call(this, name, ...rest);
    };
    addEventListener('click', () => (window.signedIn ??= performance.now()), true);
  });
  await openBoard(page, demo.origin);
  await eventually(async () => assert.match(await page.getByRole('button', { name: /^All/ }).innerText(), /5,000/));
  await eventually(async () => assert.equal(await page.locator('#rows tr').count(), 200));
  // For the record only: a loaded machine takes longer.
  console.log(`first rows ${Math.round(await page.evaluate(() => window.firstRow - window.signedIn))} ms after the click that signs in`);
  // Active jobs, which come first, may arrive after the completed ones.
  const built = await page.evaluate(() => window.built);
  assert.ok(built <= 200 + active.length, `${built} rows built`);
  await page.getByRole('searchbox').fill('job 4999');
  await eventually(async () => assert.equal(await page.locator('#rows tr').count(), 1));
  assert.equal(await page.evaluate(() => window.built), built + 1, 'rows built after a search with one match');
});
