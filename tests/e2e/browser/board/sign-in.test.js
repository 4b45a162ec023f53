// Signing in to the board: credentials are kept in the page's memory only.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PASSWORD, USER, file, inBrowser, openBoard, output, startDemo, startGateway } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

/** Everything that a page can store. */
const kept = (page) => page.evaluate(async () => ({
  local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
}));

inBrowser('a password signs in, and a reload signs out', {}, async (page) => {
  await page.goto(demo.origin);
  await page.getByLabel('E-mail', { exact: true }).fill(USER);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#rows tr').first().waitFor();
  assert.deepEqual(await kept(page), { local: {}, session: {}, cookie: '', databases: 0, caches: 0 });
  assert.ok(!(await page.content()).includes(PASSWORD) && (await page.locator('#sign-in-password').inputValue()) === '', 'the password is in the page');
  assert.ok(!page.url().includes('@'), page.url());
  await page.reload();
  await page.locator('#sign-in-form').waitFor();
  assert.equal(await page.locator('#board').isHidden(), true);
});

inBrowser('only the theme is stored', {}, async (page) => {
  await openBoard(page, demo.origin);
  await page.getByRole('button', { name: 'Use dark theme' }).click();
  assert.deepEqual((await kept(page)).local, { 'ips-gateway.theme': 'dark' });
  await page.reload();
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
});

inBrowser('an access token signs in, and shows no filter for own jobs', {}, async (page) => {
  await page.goto(demo.origin);
  await page.getByText('Access token', { exact: true }).click();
  await page.getByLabel('IMS access token').fill('sandbox-token-katlyn');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#rows tr').first().waitFor();
  assert.equal(await page.getByLabel('Only mine').isHidden(), true);
});

inBrowser('a wrong password is refused with an explanation', { allows: /status of 401/ }, async (page) => {
  await page.goto(demo.origin);
  await page.getByLabel('E-mail', { exact: true }).fill(USER);
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const problem = page.getByRole('alert');
  await problem.waitFor();
  assert.match(await problem.innerText(), /unauthenticated|invalid-credentials|credentials/i);
  assert.match(await problem.innerText(), /request [0-9a-f]{16}/);
  assert.equal(await page.locator('#board').isHidden(), true);
});

inBrowser('a user of several companies chooses one, and can change it', {}, async (page) => {
  await openBoard(page, demo.origin, { user: 'agency@example.com' });
  await page.getByRole('button', { name: /Sample Furniture/ }).click();
  await page.getByRole('link', { name: 'Showroom video', exact: true }).waitFor();
  assert.match(page.url(), /company=c%7C47/);
  await page.locator('#company').selectOption({ label: 'Example Outfitters' });
  await page.getByRole('link', { name: 'Nightly publish', exact: true }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Showroom video', exact: true }).count(), 0);
});

inBrowser('signing out removes everything', {}, async (page, { requests }) => {
  await openBoard(page, demo.origin);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('#sign-in-form').waitFor();
  assert.equal(await page.locator('#rows tr').count(), 0, 'no jobs');
  const before = requests.length;
  await page.waitForTimeout(4_000);
  assert.deepEqual(requests.slice(before).map((request) => request.url()), []);
});

inBrowser('a gateway with API keys asks for one; a viewer sees no actions', {}, async (page) => {
  const sandbox = await startGateway('sandbox', '--listen', '127.0.0.1:0');
  const [key, , , ...entry] = (await output('key', 'new', 'board', '--role', 'viewer', '--company', 'c|110')).split('\n');
  const keys = await file('keys.toml', entry.join('\n'));
  const password = await file('password.txt', 'sandbox-agency');
  const { origin } = await startGateway('serve', '--listen', '127.0.0.1:0', '--upstream-url', sandbox.origin, '--api-version', '2022-11-01-beta', '--service-user', 'agency@example.com',
    '--service-password-file', password, '--api-keys-file', keys);
  await page.goto(origin);
  await page.getByText('custom', { exact: true }).waitFor();
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#rows tr').first().waitFor();
  assert.equal(await page.locator('#rows [data-action]').count(), 0);
});

inBrowser('the badge names the IPS system', {}, async (page) => {
  for (const [args, words] of [[['--region', 'emea'], 'production · emea'], [['--region', 'apac', '--staging'], 'staging · apac']]) {
    const { origin } = await startGateway('serve', '--listen', '127.0.0.1:0', ...args);
    await page.goto(origin);
    await page.locator('#environment').waitFor();
    assert.equal(await page.locator('#environment').innerText(), words);
    assert.equal(await page.locator('#demo-users').isHidden(), true);
  }
  await page.goto(demo.origin);
  await page.locator('#environment').waitFor();
  assert.equal(await page.locator('#environment').innerText(), 'demo');
});

inBrowser('the submit form is hidden from those whose role does not permit it', { allows: /status of 403/ }, async (page) => {
  const submit = page.getByRole('button', { name: 'Submit a job' });
  await openBoard(page, demo.origin);
  assert.equal(await submit.isVisible(), true);
  for (const user of ['reader@example.com', 'auditor@example.com']) {
    await openBoard(page, demo.origin, { user });
    assert.equal(await submit.isHidden(), true, user);
  }
});
