// Swagger UI: from the first click to a completed job.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PASSWORD, USER, eventually, inBrowser, picture, startDemo, startGateway, startNginx } from './harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

const operation = (page, id) => page.locator(`.opblock[id$="-${id}"]`);

/** Presses Execute; returns the status and the body of the response. */
async function execute(page, id) {
  const block = operation(page, id);
  const answered = page.waitForResponse((response) => response.url().includes('/jobs') && response.request().method() !== 'OPTIONS');
  await block.getByRole('button', { name: 'Execute' }).click();
  const response = await answered;
  return { status: response.status(), body: response.status() === 304 ? null : await response.json() };
}

async function authorizeByHand(page) {
  await page.getByRole('button', { name: 'Authorize' }).click();
  const basic = page.locator('.auth-container').filter({ has: page.locator('[name=username]') });
  await basic.locator('[name=username]').fill(USER);
  await basic.locator('[name=password]').fill(PASSWORD);
  await basic.locator('button[type=submit]').click();
  await page.locator('.btn-done').first().click();
}

inBrowser('a job is submitted and followed to its end', {}, async (page) => {
  await page.goto(`${demo.origin}/swagger-ui/`);
  assert.equal(await page.title(), 'API – ips-gateway');
  await page.locator('#quick-start').getByRole('button', { name: USER }).click();
  await page.locator('#quick-start').getByRole('link', { name: 'POST /jobs', exact: true }).click();
  await operation(page, 'submitJob').getByRole('button', { name: 'Execute' }).waitFor();
  assert.ok((await page.locator('.opblock').count()) > 15, 'all operations');
  const submitted = await execute(page, 'submitJob');
  assert.equal(submitted.status, 202, JSON.stringify(submitted.body));
  await page.screenshot(picture('swagger-ui'));

  await operation(page, 'getJob').locator('.opblock-summary-control').first().click();
  await operation(page, 'getJob').locator('[data-param-name="job"] input').fill(submitted.body.id);
  await eventually(async () => {
    const { status, body } = await execute(page, 'getJob');
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.status, 'completed', JSON.stringify(body));
  }, 180_000);
});

inBrowser('a link to an operation opens it', {}, async (page) => {
  await page.goto(`${demo.origin}/swagger-ui/#/logs/getJobLog`);
  await operation(page, 'getJobLog').getByRole('button', { name: 'Execute' }).waitFor();
});

inBrowser('in the demo the authorization survives a reload', {}, async (page) => {
  await page.goto(`${demo.origin}/swagger-ui/`);
  await page.locator('.opblock').first().waitFor();
  await authorizeByHand(page);
  await page.reload();
  await operation(page, 'listJobs').locator('.opblock-summary-control').first().click();
  await operation(page, 'listJobs').getByRole('button', { name: 'Execute' }).waitFor();
  assert.equal((await execute(page, 'listJobs')).status, 200);
});

inBrowser('outside the demo no authorization is stored', {}, async (page) => {
  const { origin } = await startGateway('serve', '--listen', '127.0.0.1:0', '--upstream-url', 'http://127.0.0.1:1/');
  await page.goto(`${origin}/swagger-ui/`);
  await page.locator('.opblock').first().waitFor();
  await authorizeByHand(page);
  assert.deepEqual(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }, document.cookie]), [{}, {}, '']);
  assert.equal(await page.locator('#quick-start').isHidden(), true, 'no users of a sandbox');
});

inBrowser('behind a proxy that strips a prefix it calls the right address', {}, async (page) => {
  const proxy = await startNginx({ '/tools/ips/': `${demo.origin}/` });
  await page.goto(`${proxy}/tools/ips/swagger-ui/`);
  await page.locator('#quick-start').getByRole('button', { name: USER }).click();
  await operation(page, 'listJobs').locator('.opblock-summary-control').first().click();
  await operation(page, 'listJobs').getByRole('button', { name: 'Execute' }).waitFor();
  const { status, body } = await execute(page, 'listJobs');
  assert.equal(status, 200, JSON.stringify(body));
});

inBrowser('a Swagger UI elsewhere that loads the document through such a proxy calls the right address', {}, async (page) => {
  const proxy = await startNginx({ '/tools/ips/': `${demo.origin}/` });
  const ui = `<!doctype html><div id="ui"></div><script src="/tools/ips/swagger-ui/swagger-ui-bundle.js"></script><script>
    SwaggerUIBundle({ url: '/tools/ips/openapi.json', dom_id: '#ui', tryItOutEnabled: true, validatorUrl: null });</script>`;
  await page.route('**/elsewhere/', (route) => route.fulfill({ contentType: 'text/html', body: ui }));
  await page.goto(`${proxy}/elsewhere/`);
  await operation(page, 'getLiveness').locator('.opblock-summary-control').first().click();
  const answered = page.waitForResponse((response) => response.url().endsWith('/livez'));
  await operation(page, 'getLiveness').getByRole('button', { name: 'Execute' }).click();
  const response = await answered;
  assert.deepEqual([response.url(), response.status()], [`${proxy}/tools/ips/livez`, 200]);
});
