// Results of a job, downloads of them and of its log, and links to the jobs before and after it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { before } from 'node:test';
import { api, eventually, inBrowser, openBoard, picture, row, startDemo } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const details = (page) => page.locator('#details');
const results = (page) => details(page).locator('section', { has: page.getByRole('heading', { name: /^Results/ }) });
const open = async (page, name, origin = demo.origin) => {
  await openBoard(page, origin);
  await row(page, name).locator('.link').click();
  await results(page).locator('.assets li').first().waitFor();
};

/** Downloads by a button; returns the name and the text of the file. */
async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return [file.suggestedFilename(), await readFile(await file.path(), 'utf8')];
}

inBrowser('the results are shown by status', {}, async (page) => {
  await open(page, 'Partner feed');
  const filter = (name) => results(page).locator('.segmented label', { hasText: name });
  await eventually(async () => assert.equal((await filter('Error').innerText()).replace(/\s+/g, ' '), 'Error 2'));
  assert.equal(await results(page).locator('.assets li').count(), 4);
  await filter('Error').click();
  await eventually(async () => assert.equal(await results(page).locator('.assets li').count(), 2));
  assert.match(await results(page).locator('.assets').innerText(), /rain_jacket_red[\s\S]*unknown host[\s\S]*rain_jacket_green/);
  await page.screenshot(picture('board-results'));
  await filter('All').click();
  await eventually(async () => assert.equal(await results(page).locator('.assets li').count(), 4));
});

inBrowser('many results are loaded page by page', {}, async (page) => {
  await page.route('**/results?*', (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [number, perPage, total] = [Number(query.get('page')), Number(query.get('perPage')), 70];
    const begin = (number - 1) * perPage;
    const assets = Array.from({ length: Math.min(perPage, total - begin) }, (_, index) => ({ status: 'ok', assetName: `asset ${begin + index + 1}` }));
    return route.fulfill({ json: { assets, links: [], counts: { ok: total, warning: 0, error: 0, canceled: 0 }, total, page: number, perPage, complete: true, truncated: true } });
  });
  await open(page, 'Partner feed');
  await results(page).getByText('first 10,000 log entries').waitFor();
  await results(page).getByRole('button', { name: 'Show 20 more of 20' }).click();
  await results(page).getByText('asset 70', { exact: true }).waitFor();
});

inBrowser('links of an export open in a tab of their own, and only addresses of the web are links', {}, async (page) => {
  await open(page, 'Export for print');
  const link = results(page).locator('.links a');
  assert.match(await link.getAttribute('href'), /^https:\/\/sandbox\.example\.com\/export\/\d+\.zip$/);
  assert.equal(await link.getAttribute('target'), '_blank');
  assert.match(await link.getAttribute('rel'), /noopener/);
  await page.route('**/results?*', (route) => route.fulfill({
    json: {
      assets: [{ status: 'ok', assetName: '<b>x</b>' }], links: [{ url: 'javascript:alert(1)' }], counts: { ok: 1, warning: 0, error: 0, canceled: 0 },
      total: 1, page: 1, perPage: 50, complete: true,
    },
  }));
  await open(page, 'Export for print');
  assert.equal(await results(page).locator('.links a, b').count(), 0);
  assert.equal(await results(page).locator('.links').innerText(), 'javascript:alert(1)');
});

inBrowser('log and results are downloaded with the credentials of the session', { acceptDownloads: true }, async (page, { requests }) => {
  await open(page, 'Partner feed');
  const [csvName, csv] = await download(page, details(page).getByRole('button', { name: 'Download the results as CSV' }));
  assert.equal(csvName, 'Partner-feed-results.csv');
  assert.match(csv, /^kind,.*\r\n/);
  assert.match(csv, /rain_jacket_green/);
  await results(page).getByText('Saved.').waitFor();
  const [logName, log] = await download(page, details(page).getByRole('button', { name: 'Download the log as NDJSON' }));
  assert.equal(logName, 'Partner-feed-log.ndjson');
  assert.deepEqual(JSON.parse(log.trimEnd().split('\n').at(-1)), { complete: true, rows: 6 });
  const sent = requests.filter((request) => /format=/.test(request.url()));
  assert.equal(sent.length, 2);
  const queries = sent.map((request) => [...new URL(request.url()).searchParams.keys()].join());
  assert.deepEqual(queries, ['format', 'format'], 'no credentials in the URL');
});

inBrowser('a file that the gateway could not complete is said to be incomplete', { acceptDownloads: true }, async (page) => {
  await page.route('**/log?format=*', (route) => route.fulfill({
    contentType: 'application/x-ndjson', body: '{"level":"info"}\n{"complete":false,"rows":1,"reason":"IPS stopped answering"}\n',
  }));
  await open(page, 'Partner feed');
  await download(page, details(page).getByRole('button', { name: 'Download the log as NDJSON' }));
  await details(page).getByText('The file is incomplete: IPS stopped answering').waitFor();
});

/** Starts a proxy that answers downloads of logs with this many bytes. */
async function startEndless(origin, bytes) {
  const line = `${'x'.repeat(998)}\r\n`;
  const server = createServer((incoming, outgoing) => {
    if (!/\/log\?format=csv/.test(incoming.url)) {
      const forwarded = request(`${origin}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (response) => {
        outgoing.writeHead(response.statusCode, response.headers);
        response.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      outgoing.on('close', () => forwarded.destroy());
      incoming.pipe(forwarded);
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/csv' });
    let left = bytes / line.length;
    const write = () => {
      while (left > 0) {
        left -= 1;
        if (!outgoing.write(line)) return outgoing.once('drain', write);
      }
      return outgoing.end();
    };
    write();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

inBrowser('a download that is too large for a page is cut after a whole line, and says so', { acceptDownloads: true }, async (page) => {
  await open(page, 'Partner feed', await startEndless(demo.origin, 60_000_000));
  const [, csv] = await download(page, details(page).getByRole('button', { name: 'Download the log as CSV' }));
  const lines = csv.trimEnd().split('\r\n');
  assert.ok(csv.length < 51_000_000 && lines.length > 49_000, `${csv.length} bytes`);
  assert.match(lines.at(-1), /^#incomplete,"only the first 50 MB/);
  assert.equal(lines.at(-2).length, 998);
  await details(page).getByText('The file is incomplete: only the first 50 MB').waitFor();
});

inBrowser('a download is canceled', { acceptDownloads: true }, async (page) => {
  await page.route('**/log?format=*', () => {});
  await open(page, 'Partner feed');
  const button = details(page).getByRole('button', { name: 'Download the log as CSV' });
  await button.click();
  assert.equal(await button.isDisabled(), true);
  await details(page).getByRole('button', { name: 'Cancel' }).click();
  await eventually(async () => assert.equal(await button.isDisabled(), false));
});

inBrowser('a job links to the jobs after it, and they to it', {}, async (page) => {
  await openBoard(page, demo.origin);
  const related = details(page).locator('.related');
  const chain = await api(demo.origin, 'POST', '/jobs', {
    jobName: 'linked', uploadUrlsJob: {
      urlArray: [{ sourceUrl: 'https://images.example.com/a.tif', destPath: 'in/' }],
      overwrite: true, readyForPublish: true, createMask: false, emailSetting: 'None',
      postImageServingPublishJob: { publishType: 'Incremental', emailSetting: 'None' },
    },
  });
  await eventually(async () => assert.ok((await api(demo.origin, 'GET', `/jobs/${chain.id}`)).followOns?.length > 0), 150_000);
  await page.locator(`#rows tr[data-id="${chain.id}"] .link`).click();
  await related.getByRole('heading', { name: 'Follow-on jobs' }).waitFor();
  const link = related.locator('li a');
  assert.match(await link.getAttribute('href'), /[?#&]job=/);
  await link.click();
  await related.getByText('Runs after').waitFor();
  await page.goBack();
  await related.getByRole('heading', { name: 'Follow-on jobs' }).waitFor();
});

inBrowser('a running job shows when it is expected to end, and what it waits for', {}, async (page) => {
  const job = {
    id: 'x1', kind: 'imageServingPublish', phase: 'active', status: 'waiting', percent: 0, actions: [], title: 'queued', companyHandle: 'c|110', jobHandle: 'j|1',
    observedAt: '2030-01-31T00:00:00Z', waitsFor: 'x2', expectedEnd: { at: '2099-01-31T10:30:00Z', from: '2099-01-31T10:20:00Z', to: '2099-01-31T10:40:00Z', basedOn: 12 },
  };
  await page.route('**/jobs/x1*', (route) => route.fulfill({ json: job }));
  await openBoard(page, demo.origin, { hash: '#job=x1' });
  await details(page).getByText('Waits for').waitFor();
  assert.match(await details(page).locator('.related a').getAttribute('href'), /job=x2/);
  assert.match(await details(page).locator('.properties').innerText(), /Expected end\s+about .*\(.* to .*; 12 earlier jobs\)/);
});
