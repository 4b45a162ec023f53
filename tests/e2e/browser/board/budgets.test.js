// Budgets of the board: rows that are built for thousands of jobs, and the size of its files.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { before } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually, inBrowser, openBoard, startDemo } from '../harness.js';

/** Most bytes of the files that the board loads at its start, compressed, and of all its files: with all languages and the submit form. */
const MOST_BYTES_AT_START = 90_000;
const MOST_BYTES = 130_000;

let demo;
before(async () => {
  demo = await startDemo();
});

/** Compressed sizes of the files of the board by their paths. */
async function sizesOfFiles() {
  const paths = await readdir(process.env.BOARD, { recursive: true, withFileTypes: true });
  const files = paths.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const sizes = await Promise.all(files.map(async (file) => [relative(process.env.BOARD, file), gzipSync(await readFile(file), { level: 9 }).length]));
  return Object.fromEntries(sizes);
}
const sumOf = (sizes) => Object.values(sizes).reduce((one, other) => one + other, 0);

inBrowser('the files of the board are small, at its start and all together', { locale: 'ja-JP' }, async (page, { requests }) => {
  const sizes = await sizesOfFiles();
  await openBoard(page, demo.origin);
  const loaded = new Set(requests.map((request) => new URL(request.url()).pathname.replace(/^\/(board\/)?/, '') || 'index.html'));
  const atStart = Object.fromEntries(Object.entries(sizes).filter(([path]) => loaded.has(path)));
  console.log(`${sumOf(atStart)} bytes in ${Object.keys(atStart).length} files at the start, ${sumOf(sizes)} in ${Object.keys(sizes).length} altogether`);
  assert.ok('js/main.js' in atStart && sumOf(atStart) < MOST_BYTES_AT_START, JSON.stringify(atStart));
  assert.ok(sumOf(sizes) < MOST_BYTES, JSON.stringify(sizes));
  assert.ok(!('js/views/submit/form.js' in atStart), 'the form is loaded when it is opened');
});

inBrowser('one language is loaded, the others upon request', {}, async (page, { requests }) => {
  await openBoard(page, demo.origin);
  const catalogues = () => requests.map((request) => new URL(request.url()).pathname).filter((path) => path.includes('/texts/'));
  assert.deepEqual(catalogues().sort(), ['/board/js/texts/en.js', '/board/js/texts/jobs/en.js']);
  await page.locator('#language').selectOption('de');
  await eventually(async () => assert.deepEqual(catalogues().filter((path) => !path.endsWith('/en.js')).sort(), ['/board/js/texts/de.js', '/board/js/texts/jobs/de.js']));
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
