// Gateways, proxies and pages for the tests, and the checks that every page must pass.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

export const USER = 'katlyn@example.com';
export const PASSWORD = 'sandbox-katlyn';
export const DESKTOP = { width: 1360, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** The longest wait for something to show, in milliseconds: generous, since machines may be slow; waits end as soon as it shows. */
const TIMEOUT = 30_000;

const children = [];
let browser;
let directory;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ips-gateway-browser-'));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.board.test 127.0.0.1',
    ],
  });
});

after(async () => {
  await browser?.close();
  await Promise.all(children.map(stop));
  await rm(directory, { recursive: true, force: true });
});

function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
}

export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a command of the gateway; `origin` is the first line of its output. */
export async function startGateway(command, ...args) {
  const child = start(process.env.GATEWAY, [command, ...args]);
  const [origin] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => assert.fail(`ips-gateway ${command} ended with ${code}`)),
  ]);
  return { child, origin };
}

export const startDemo = (...args) => startGateway('demo', '--listen', '127.0.0.1:0', ...args);

/** The output of a command. */
export async function output(...args) {
  const child = start(process.env.GATEWAY, args);
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  await once(child, 'close');
  return text;
}

/** Writes a file that is removed after the tests. */
export async function file(name, text) {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

/** Starts an nginx with these locations and no settings for event streams; returns its origin. */
export async function startNginx(locations) {
  const port = await freePort();
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = await file(`nginx-${port}.conf`, `
daemon off;
pid ${directory}/nginx-${port}.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${folders.map((folder) => `${folder}_temp_path ${directory}/${folder};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    ${Object.entries(locations).map(([path, upstream]) => `location ${path} { proxy_pass ${upstream}; }`).join('\n    ')}
  }
}
`);
  return nginxOf(config, port);
}

/** Starts an nginx with the configuration of deploy/ in front of one gateway; returns its origin. */
export async function startNginxOfDeploy(gateway) {
  const port = await freePort();
  const text = (await readFile(process.env.NGINX_OF_DEPLOY, 'utf8'))
    .replace(/\n *server gateway-[23]:8080 .*/g, '')
    .replace('gateway-1:8080', new URL(gateway).host)
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replaceAll('/tmp/', `${directory}/deploy-`)
    .replace('/dev/stderr', 'stderr')
    .replace('/dev/stdout line', 'off');
  return nginxOf(await file(`nginx-${port}.conf`, `daemon off;\n${text}`), port);
}

async function nginxOf(config, port) {
  start(process.env.NGINX ?? '/usr/sbin/nginx', ['-c', config, '-e', 'stderr']);
  const origin = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(origin));
  return origin;
}

/**
 * Starts a reverse proxy in front of a gateway. It passes everything through, or answers calls of the API itself (`refuse`, those whose URL
 * matches `only` if that is given), or replaces their credentials by expired ones (`expire`). A change of mode to one of the latter breaks the open connections.
 */
export async function startFaultProxy(origin) {
  const proxy = { refused: [], origin: null };
  let answer = null;
  let isExpired = false;
  const open = new Set();
  const mode = (newAnswer, expired) => {
    [answer, isExpired] = [newAnswer, expired];
    proxy.refused = [];
    if (newAnswer || expired) open.forEach((socket) => socket.destroy());
  };
  Object.assign(proxy, { passThrough: () => mode(null, false), refuse: (refusal) => mode(refusal, false), expire: () => mode(null, true) });
  const server = createHttpServer((incoming, outgoing) => {
    if (answer && !incoming.url.startsWith('/board/') && (answer.only?.test(incoming.url) ?? true)) {
      proxy.refused.push({ at: Date.now(), path: incoming.url });
      outgoing.writeHead(answer.status, { 'content-type': 'application/problem+json', ...answer.headers }).end(JSON.stringify(answer.body));
      return;
    }
    const { authorization, cookie } = incoming.headers;
    const headers = { ...incoming.headers, ...(isExpired && (authorization || cookie) && { authorization: `Basic ${btoa('expired@example.com:x')}` }) };
    const forwarded = request(`${origin}${incoming.url}`, { method: incoming.method, headers }, (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  proxy.origin = `http://127.0.0.1:${server.address().port}`;
  return proxy;
}

/** Calls the API as a user, not through the page. */
export async function api(origin, method, path, body) {
  const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
  const headers = { authorization, ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${origin}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** Submits a job that takes a few seconds. */
export const submit = (origin, name) =>
  api(origin, 'POST', '/jobs', { jobName: name, imageServingPublishJob: { publishType: 'Incremental', emailSetting: 'None' } });

/**
 * A test with a new page, which must have no errors or warnings on its console and send requests to its own origin only.
 * `allows` is a pattern for the complaints that the test is about: browsers note every refused call.
 */
export function inBrowser(name, { viewport = DESKTOP, scheme = 'light', allows, ...options } = {}, run) {
  test(name, async () => {
    const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: 'reduce', locale: 'en-US', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    const complaints = [];
    const requests = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request));
    try {
      await run(page, { requests, context });
      assert.deepEqual(complaints.filter((text) => !allows?.test(text)), [], 'errors and warnings on the console');
      const opened = requests.filter((request) => request.isNavigationRequest()).map((request) => new URL(request.url()).origin);
      const urls = requests.map((request) => request.url()).filter((url) => !url.startsWith('data:'));
      assert.deepEqual(urls.filter((url) => !opened.includes(new URL(url).origin)), [], 'requests to other origins');
    } catch (error) {
      await page.screenshot({ path: join(process.env.PICTURES, `failed-${name.replace(/\W+/g, '-')}.png`) }).catch(() => {});
      throw error;
    } finally {
      // Requests that a test answers itself can still be under way.
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    }
  });
}

/** Opens the board and signs in as a user of the demo; another session of the browser ends. */
export async function openBoard(page, address, { user = USER, hash = '' } = {}) {
  // A change of the fragment alone does not reload the page.
  await page.goto('about:blank');
  await page.context().clearCookies();
  await page.goto(`${address}/${hash}`);
  await page.locator('#demo-list button', { hasText: user }).click();
  await page.locator('#rows tr, #company-list li').first().waitFor();
}

export const row = (page, name) => page.locator('#rows tr').filter({ has: page.getByRole('link', { name, exact: true }) });

/** Repeats a check until it passes; after the timeout, in milliseconds, its last failure is thrown. */
export async function eventually(check, timeout = TIMEOUT) {
  const end = Date.now() + timeout;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(100);
    }
  }
}

export const picture = (name) => ({ path: join(process.env.PICTURES, `${name}.png`) });
