// Gateways, proxies and pages for the tests, and what every page is held to.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

/** A slow machine is no failure: waits are long, and end early. */
const PATIENCE = 30_000;

const children = [];
let browser;
let directory;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ips-gateway-browser-'));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
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

/** Runs a command of the gateway; `origin` is the first line that it prints. */
export async function startGateway(command, ...args) {
  const child = start(process.env.GATEWAY, [command, ...args]);
  const [origin] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => assert.fail(`ips-gateway ${command} ended with ${code}`)),
  ]);
  return { child, origin };
}

export const startDemo = (...args) => startGateway('demo', '--listen', '127.0.0.1:0', ...args);

/** What a command prints. */
export async function output(...args) {
  const child = start(process.env.GATEWAY, args);
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  await once(child, 'close');
  return text;
}

/** A file that lasts as long as the tests. */
export async function file(name, text) {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

/** An nginx with these locations, and nothing else that would matter to events; its address. */
export async function startNginx(locations) {
  const port = await freePort();
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = await file(`nginx-${port}.conf`, `
daemon off;
pid ${directory}/nginx-${port}.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${places.map((place) => `${place}_temp_path ${directory}/${place};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    ${Object.entries(locations).map(([path, upstream]) => `location ${path} { proxy_pass ${upstream}; }`).join('\n    ')}
  }
}
`);
  start(process.env.NGINX ?? '/usr/sbin/nginx', ['-c', config, '-e', 'stderr']);
  const origin = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(origin).catch(() => null);
    if (answer) return origin;
    await sleep(50);
  }
  throw new Error('nginx does not answer');
}

/**
 * A gate before a gateway. Open, it lets everything through; else it answers calls of the API itself (`refuse`) or spoils the
 * credentials that go through (`expire`), and in both cases breaks off what is under way.
 */
export async function startGate(origin) {
  const gate = { refused: [], origin: null };
  let answer = null;
  let isExpired = false;
  const under = new Set();
  const turn = (given, expired) => {
    [answer, isExpired] = [given, expired];
    gate.refused = [];
    if (given || expired) under.forEach((socket) => socket.destroy());
  };
  Object.assign(gate, { open: () => turn(null, false), refuse: (given) => turn(given, false), expire: () => turn(null, true) });
  const server = createHttpServer((asked, told) => {
    if (answer && !asked.url.startsWith('/board/')) {
      gate.refused.push({ at: Date.now(), path: asked.url });
      told.writeHead(answer.status, { 'content-type': 'application/problem+json', ...answer.headers }).end(JSON.stringify(answer.body));
      return;
    }
    const { authorization } = asked.headers;
    const headers = { ...asked.headers, ...(isExpired && authorization && { authorization: `Basic ${btoa('expired@example.com:x')}` }) };
    const passed = request(`${origin}${asked.url}`, { method: asked.method, headers }, (got) => {
      told.writeHead(got.statusCode, got.headers);
      got.pipe(told);
    });
    passed.on('error', () => told.destroy());
    told.on('close', () => passed.destroy());
    asked.pipe(passed);
  });
  server.on('connection', (socket) => {
    under.add(socket);
    socket.on('close', () => under.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  gate.origin = `http://127.0.0.1:${server.address().port}`;
  return gate;
}

/** Calls the API as a user, beside the page. */
export async function api(origin, method, path, body) {
  const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
  const headers = { authorization, ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${origin}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** A job that is done within seconds. */
export const submit = (origin, name) =>
  api(origin, 'POST', '/jobs', { jobName: name, imageServingPublishJob: { publishType: 'Incremental', emailSetting: 'None' } });

/**
 * A test with a page of its own. Whatever it does, the page complains of nothing, breaks no policy, and asks nobody but its origin.
 * `allows` is a pattern for the complaints that the test is about: browsers note every refused call.
 */
export function inBrowser(name, { viewport = DESKTOP, scheme = 'light', allows, ...options } = {}, run) {
  test(name, async () => {
    const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: 'reduce', locale: 'en-US', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const complaints = [];
    const requests = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request));
    try {
      await run(page, { requests, context });
      assert.deepEqual(complaints.filter((text) => !allows?.test(text)), [], 'the page complains');
      const opened = requests.filter((request) => request.isNavigationRequest()).map((request) => new URL(request.url()).origin);
      const asked = requests.map((request) => request.url()).filter((url) => !url.startsWith('data:'));
      assert.deepEqual(asked.filter((url) => !opened.includes(new URL(url).origin)), [], 'the page asks others');
    } catch (error) {
      await page.screenshot({ path: join(process.env.PICTURES, `failed-${name.replace(/\W+/g, '-')}.png`) }).catch(() => {});
      throw error;
    } finally {
      await context.close();
    }
  });
}

/** Opens the board and signs in as a user of the demo. */
export async function openBoard(page, address, { user = USER, hash = '' } = {}) {
  // Another fragment alone would not load the page again.
  await page.goto('about:blank');
  await page.goto(`${address}/${hash}`);
  await page.locator('#demo-list button', { hasText: user }).click();
  await page.locator('#rows tr, #company-list li').first().waitFor();
}

export const row = (page, name) => page.locator('#rows tr').filter({ has: page.getByRole('button', { name, exact: true }) });

/** Waits until this is true, in the words of the assertion that says why not. */
export async function eventually(check, patience = PATIENCE) {
  const end = Date.now() + patience;
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
