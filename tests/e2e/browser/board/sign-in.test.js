// Signing in to the board: credentials are kept in the page's memory, or in a cookie that no script can read.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PASSWORD, USER, eventually, file, inBrowser, openBoard, output, startDemo, startGateway } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

/** Everything that a page can store. */
const kept = (page) => page.evaluate(async () => ({
  local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
}));

/** Signs in by the form, and returns the session cookie, if the browser has one. */
async function signIn(page, address, { keep } = { keep: true }) {
  await page.goto(address);
  await page.getByLabel('E-mail', { exact: true }).fill(USER);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  if (!keep) await page.getByLabel('Keep me signed in').uncheck();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#rows tr').first().waitFor();
  return sessionCookie(page);
}

const sessionCookie = async (page) => (await page.context().cookies()).find(({ name }) => name.endsWith('ips-gateway-session'));

inBrowser('a session survives a reload and is shared by new tabs; no script can read it', {}, async (page, { requests, context }) => {
  const cookie = await signIn(page, demo.origin);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, 'Strict', '/']);
  const remaining = cookie.expires - Date.now() / 1000;
  assert.ok(remaining > 7.9 * 3600 && remaining <= 8 * 3600, `${remaining} s`);
  assert.deepEqual(await kept(page), { local: {}, session: {}, cookie: '', databases: 0, caches: 0 });
  await page.locator('#state[data-state="live"]').first().waitFor();
  const before = requests.length;
  await page.reload();
  await page.locator('#rows tr').first().waitFor();
  assert.equal(await page.locator('#user').innerText(), USER);
  await page.locator('#state[data-state="live"]').first().waitFor();
  const headers = await Promise.all(requests.slice(before).map((request) => request.allHeaders()));
  assert.ok(headers.every((names) => names.authorization === undefined), 'requests by the cookie have no other credentials');
  assert.ok(!requests.slice(before).some((request) => /ticket/.test(request.url())), 'the stream needs no ticket');
  const tab = await context.newPage();
  await tab.goto(`${demo.origin}/?phase=completed`);
  await tab.locator('#rows tr').first().waitFor();
  assert.match(tab.url(), /phase=completed/);
  assert.deepEqual(await kept(tab), { local: {}, session: {}, cookie: '', databases: 0, caches: 0 });
});

inBrowser('signing out ends the session in all tabs', {}, async (page, { context }) => {
  await signIn(page, demo.origin);
  const tab = await context.newPage();
  await tab.goto(demo.origin);
  await tab.locator('#rows tr').first().waitFor();
  await tab.getByRole('button', { name: 'Sign out' }).click();
  for (const other of [tab, page]) {
    await other.locator('#sign-in-form').waitFor();
    assert.equal(await other.locator('#rows tr').count(), 0, 'no jobs');
  }
  await eventually(async () => assert.equal(await sessionCookie(page), undefined));
  await page.reload();
  await page.locator('#sign-in-form').waitFor();
});

inBrowser('a page of another site gets nothing by the session', { allows: /CORS|blocked|ERR_FAILED|status of/ }, async (page, { requests, context }) => {
  await signIn(page, demo.origin);
  const other = await context.newPage();
  await other.route('http://other.board.test/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>other</title>' }));
  await other.goto('http://other.board.test/');
  const sent = [];
  other.on('request', (request) => sent.push(request));
  const read = await other.evaluate(async (url) => {
    const attempts = [{ credentials: 'include' }, { credentials: 'include', mode: 'no-cors' }, { method: 'DELETE', credentials: 'include' }];
    const results = await Promise.all(attempts.map((options) => fetch(url, options).then((response) => response.text(), () => '')));
    return results.join('');
  }, `${demo.origin}/session`);
  assert.equal(read, '');
  const calls = sent.filter((request) => request.url().endsWith('/session'));
  assert.ok(calls.length > 0);
  for (const call of calls) assert.equal((await call.allHeaders()).cookie, undefined);
  assert.ok(await sessionCookie(page), 'the session goes on');
  assert.ok(requests.length > 0);
});

inBrowser('without TLS, where browsers do not say which site a request is of, a session works as well', {}, async (page, { requests }) => {
  const origin = demo.origin.replace('127.0.0.1', 'gateway.board.test');
  await signIn(page, origin);
  const before = requests.length;
  await page.reload();
  await page.locator('#state[data-state="live"]').first().waitFor();
  const headers = await Promise.all(requests.slice(before).map((request) => request.allHeaders()));
  assert.ok(headers.every((names) => names['sec-fetch-site'] === undefined));
});

inBrowser('a session that is not valid any more is removed, and the form shows', {}, async (page, { context }) => {
  await signIn(page, demo.origin);
  await context.addCookies([{ name: 'ips-gateway-session', value: 'of-another-process', url: demo.origin }]);
  await page.reload();
  await page.locator('#sign-in-form').waitFor();
  assert.equal(await sessionCookie(page), undefined);
});

inBrowser('a gateway with sessions switched off keeps credentials in memory', {}, async (page) => {
  const { origin } = await startDemo('--board-sessions', 'off');
  await page.goto(origin);
  await page.locator('#sign-in-form').waitFor();
  assert.equal(await page.getByLabel('Keep me signed in').isHidden(), true);
  assert.match(await page.locator('#sign-in-hint').innerText(), /memory only/);
  await openBoard(page, origin);
  assert.deepEqual(await page.context().cookies(), []);
  await page.reload();
  await page.locator('#sign-in-form').waitFor();
});

inBrowser('a password signs in for this page only if the user wants that, and a reload signs out', {}, async (page) => {
  assert.equal(await signIn(page, demo.origin, { keep: false }), undefined);
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
