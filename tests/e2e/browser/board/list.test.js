// The table: columns, filters, order, its state in the URL, and thousands of jobs.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PHONE, api, eventually, inBrowser, openBoard, row, startDemo } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const names = (page) => page.locator('#rows .link').allInnerTexts();
/** Waits until the completed jobs are loaded. */
const whole = async (page) => {
  await row(page, 'Partner feed').waitFor();
  await row(page, 'Nightly publish').waitFor();
};

inBrowser('it has the columns of the IPS Jobs page, and jobs of all phases', {}, async (page) => {
  await openBoard(page, demo.origin);
  await whole(page);
  const headers = await page.getByRole('columnheader').allInnerTexts();
  assert.deepEqual(headers.map((text) => text.trim()), [
    'Type', 'Name', 'Started', 'Progress', 'Warnings', 'Errors', 'Duration', 'Status', 'Submitted by', 'Actions',
  ]);
  const cells = () => row(page, 'Partner feed').getByRole('cell').allInnerTexts();
  await eventually(async () => {
    const [type, name, , percent, warnings, errors, , status, user] = await cells();
    assert.deepEqual([type, name, percent, warnings, errors, status, user], [
      'Upload from URLs', 'Partner feed', '100%', '1', '2', 'With warnings', 'katlyn@example.com',
    ]);
  });
  assert.match((await cells())[6], /^\d+ s$|^\d+ min \d\d s$/);
  assert.match(await row(page, 'Nightly publish').locator('time').innerText(), /^next /);
  assert.equal(await row(page, 'Weekly metadata').locator('.pill').innerText(), 'Paused');
});

for (const language of ['en', 'ja', 'de']) {
  inBrowser(`no control is cut off in a narrow window, or with a zoom of 200 %: ${language}`, { locale: language }, async (page) => {
    await openBoard(page, demo.origin);
    await whole(page);
    await page.locator('#more-filters').click();
    // 680 and 390 pixels are half of a desktop and of a small tablet.
    for (const width of [1600, 1300, 1100, 930, 885, 760, 680, 390, 360, 320]) {
      await page.setViewportSize({ width, height: 800 });
      const cut = await page.locator('#rows button:not([hidden])').evaluateAll((buttons) => buttons.filter((button) => {
        const [inner, outer] = [button.getBoundingClientRect(), button.closest('td').getBoundingClientRect()];
        return inner.right > outer.right + 1 || inner.left < outer.left - 1 || outer.right > innerWidth;
      }).map((button) => button.getAttribute('aria-label') ?? button.textContent));
      assert.deepEqual(cut, [], `${width} pixels wide`);
      const outside = await page.locator('.top-bar :is(a, button, select, span), .tools :is(input, select, button, span)').evaluateAll((elements) => elements
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.outerHTML));
      assert.deepEqual(outside, [], `${width} pixels wide`);
      const whole = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(whole <= width, `${whole} pixels in a window of ${width}`);
    }
  });
}

for (const language of ['en', 'ja', 'de']) {
  inBrowser(`the column of names has a minimum width, and no heading is cut off: ${language}`, { locale: language }, async (page) => {
    await openBoard(page, demo.origin);
    await whole(page);
    for (const width of [1600, 1381, 1380, 1366, 1280, 1251, 1250, 1091, 1090, 1024, 961]) {
      await page.setViewportSize({ width, height: 800 });
      const name = await page.locator('th.name').evaluate((cell) => cell.getBoundingClientRect().width);
      assert.ok(name >= 170, `${name} pixels for the names in a window of ${width}`);
      const cut = await page.locator('#columns button').evaluateAll((buttons) => buttons
        .filter((button) => button.checkVisibility() && button.scrollWidth > button.clientWidth + 1).map((button) => button.textContent));
      assert.deepEqual(cut, [], `${width} pixels wide`);
    }
  });
}

inBrowser('filters narrow the list, are kept in the URL, and can be cleared', {}, async (page) => {
  await openBoard(page, demo.origin);
  await whole(page);
  await page.getByRole('button', { name: /^Scheduled/ }).click();
  await eventually(async () => assert.deepEqual((await names(page)).sort(), ['Cleanup', 'Nightly publish', 'Summer launch', 'Weekly metadata']));
  await page.getByLabel('Only mine').check();
  await eventually(async () => assert.deepEqual((await names(page)).sort(), ['Summer launch', 'Weekly metadata']));
  await page.locator('#kind').selectOption('Publish images');
  await eventually(async () => assert.deepEqual(await names(page), ['Summer launch']));
  await page.getByRole('searchbox').fill('nothing like it');
  await page.getByText('No jobs match these filters').waitFor();
  await page.getByRole('searchbox').fill('LAUNCH');
  await row(page, 'Summer launch').waitFor();
  const address = page.url();
  for (const part of ['phase=scheduled', 'mine=1', 'kind=imageServingPublish', 'q=LAUNCH']) assert.ok(address.includes(part), address);
  await openBoard(page, demo.origin, { hash: address.slice(address.indexOf('#')) });
  await eventually(async () => assert.deepEqual(await names(page), ['Summer launch']));
  assert.equal(await page.getByRole('button', { name: /^Scheduled/ }).getAttribute('aria-pressed'), 'true');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await eventually(async () => assert.equal((await names(page)).length, 4, 'the phase stays'));
});

inBrowser('headers sort it in both directions', {}, async (page) => {
  await openBoard(page, demo.origin);
  await whole(page);
  await page.getByRole('button', { name: 'Pause updates' }).click();
  const name = page.getByRole('columnheader', { name: 'Name' });
  await name.getByRole('button').click();
  const folded = async () => (await names(page)).map((text) => text.toLowerCase());
  await eventually(async () => assert.deepEqual(await folded(), (await folded()).toSorted()));
  assert.equal(await name.getAttribute('aria-sort'), 'ascending');
  await name.getByRole('button').click();
  await eventually(async () => assert.deepEqual(await folded(), (await folded()).toSorted().reverse()));
  assert.equal(await name.getAttribute('aria-sort'), 'descending');
  await page.getByRole('columnheader', { name: 'Errors' }).getByRole('button').click();
  await eventually(async () => assert.notEqual((await row(page, (await names(page))[0]).locator('.errors').innerText()), '–'));
  assert.match(page.url(), /sort=-errors/);
});

inBrowser('charts show the last hour and durations, with a text alternative', {}, async (page) => {
  await openBoard(page, demo.origin);
  await whole(page);
  await page.getByRole('img', { name: /^Jobs completed in the last hour.*: [1-9]/ }).waitFor();
  assert.ok((await page.locator('#hour rect[data-tone]').count()) > 0);
  const durations = page.locator('#durations [role=img]');
  assert.match(await durations.first().getAttribute('aria-label'), /^\d+ jobs?: median \d+/);
});

inBrowser('on a phone rows are cards without horizontal scrolling', { viewport: PHONE }, async (page) => {
  await openBoard(page, demo.origin);
  await whole(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= PHONE.width, `${width} wide`);
  const card = row(page, 'Nightly publish');
  await card.scrollIntoViewIfNeeded();
  assert.equal(await card.getByRole('button', { name: 'Run now: Nightly publish' }).locator('.label').isVisible(), true);
  const box = await card.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width && box.height > 90, JSON.stringify(box));
});

inBrowser('an empty list says so', { allows: /Failed to load resource/ }, async (page) => {
  await page.route('**/jobs?*', (route) => route.fulfill({ json: { jobs: [] } }));
  await page.route('**/jobs/events?*', (route) => route.abort());
  await page.goto(demo.origin);
  await page.locator('#demo-list button').first().click();
  await page.getByText('No jobs yet').waitFor();
});

inBrowser('with 3,000 jobs only changed rows are updated', { allows: /Failed to load resource/ }, async (page) => {
  const job = (number, percent) => ({
    id: `job${number}`, phase: 'active', status: 'running', percent, actions: ['stop'], observedAt: '2026-01-01T00:00:00Z', companyHandle: 'c|110',
    jobHandle: `j|${number}`, name: `Job ${number}`, originalName: `Job ${number}`, title: `Job ${number}`, type: 'VideoPublish', submittedBy: 'many@example.com',
    startedAt: new Date(Date.UTC(2026, 0, 1) + number).toISOString(), taskProgressArray: [],
  });
  let percent = 10;
  await page.route('**/jobs?*', (route) => {
    const isActive = route.request().url().includes('phase=active');
    const jobs = isActive ? Array.from({ length: 3_000 }, (_, number) => job(number, number === 2_990 ? percent : 5)) : [];
    return route.fulfill({ json: { jobs } });
  });
  await page.route('**/jobs/events?*', (route) => route.abort());
  await openBoard(page, demo.origin);
  await eventually(async () => assert.match(await page.getByRole('button', { name: /^All/ }).innerText(), /3,000/));
  const shown = await page.locator('#rows tr').count();
  assert.ok(shown <= 400, `${shown} rows before anybody scrolls`);
  await page.evaluate(() => {
    window.touched = new Set();
    new MutationObserver((records) => records.forEach(({ target }) => {
      const within = (target.nodeType === Node.TEXT_NODE ? target.parentElement : target).closest('tr');
      // Durations count up by themselves.
      if (within && !target.closest?.('.duration')) window.touched.add(within.dataset.id);
    })).observe(document.getElementById('rows'), { subtree: true, childList: true, attributes: true, characterData: true });
  });
  percent = 60;
  await eventually(async () => assert.equal(await row(page, 'Job 2990').locator('progress').getAttribute('value'), '60'));
  assert.deepEqual(await page.evaluate(() => [...window.touched]), ['job2990']);
  await page.evaluate(() => {
    window.created = 0;
    new MutationObserver((records) => records.forEach(({ addedNodes }) => (window.created += addedNodes.length)))
      .observe(document.getElementById('rows'), { childList: true });
  });
  await page.getByRole('searchbox').fill('job 17');
  await row(page, 'Job 1799').waitFor();
  await eventually(async () => assert.equal(await page.locator('#rows tr').count(), 111));
  assert.equal(await page.evaluate(() => window.created), 111, 'rows built by a filter: one for each match, none of which was shown before');
  await page.getByRole('searchbox').fill('');
  await eventually(async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    assert.ok((await page.locator('#rows tr').count()) >= 1_000, 'scrolling shows more');
  }, 90_000);
});

inBrowser('“Needs attention” selects the jobs that failed, were stopped, or have errors or warnings', {}, async (page) => {
  const { origin } = await startDemo();
  await openBoard(page, origin);
  await row(page, 'Nightly publish').waitFor();
  const stopped = await api(origin, 'POST', '/jobs', {
    jobName: 'to-be-stopped',
    uploadUrlsJob: {
      urlArray: [{ sourceUrl: 'https://assets.example.com/a.tif', destPath: 'a.tif' }],
      overwrite: true, readyForPublish: false, createMask: false, emailSetting: 'None',
    },
  });
  await api(origin, 'POST', `/jobs/${stopped.id}/stop`);
  const stoppedRow = page.locator('#rows tr', { hasText: 'to-be-stopped' });
  await eventually(async () => assert.equal(await stoppedRow.locator('.pill').innerText(), 'Stopped'), 120_000);
  assert.notEqual(await stoppedRow.locator('.progress').innerText(), '100%');
  const all = await page.locator('#rows tr').count();
  await page.locator('#outcome').selectOption({ label: 'Needs attention' });
  await stoppedRow.waitFor();
  const rows = await page.locator('#rows tr').evaluateAll((rows) => rows.map((row) => ({
    status: row.querySelector('.pill').innerText, counts: ['.warnings', '.errors'].map((name) => Number(row.querySelector(name).innerText) || 0),
  })));
  assert.ok(rows.length > 1 && rows.length < all, `${rows.length} of ${all}`);
  for (const { status, counts } of rows) {
    assert.ok(['Failed', 'With warnings', 'Stopped'].includes(status) || counts.some((count) => count > 0), `${status} ${counts}`);
  }
  assert.match(page.url(), /outcome=attention/);
});
