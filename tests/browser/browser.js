// The gateway as a web frontend meets it: events through an unconfigured proxy, and the documentation.
//
// node browser.js <ips-gateway> <directory for screenshots>

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const [gateway, screenshots] = process.argv.slice(2);
const USER = 'katlyn@example.com';
const PASSWORD = 'sandbox-katlyn';

const directory = await mkdtemp(join(tmpdir(), 'ips-gateway-browser-'));
const children = [];

function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The demo's address: the first line that it prints. */
async function startDemo() {
  const demo = start(gateway, ['demo', '--listen', '127.0.0.1:0', '--log-format', 'text']);
  const lines = createInterface({ input: demo.stdout });
  const [address] = await once(lines, 'line');
  return address;
}

/** An nginx with proxy_pass and nothing else that would matter to events; its address. */
async function startNginx(upstream) {
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(file, `
daemon off;
pid ${directory}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${places.map((place) => `${place}_temp_path ${directory}/${place};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${upstream}; }
  }
}
`);
  start(process.env.NGINX ?? '/usr/sbin/nginx', ['-c', file, '-e', 'stderr']);
  const address = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(`${address}/livez`).catch(() => null);
    if (answer?.ok) return address;
    await sleep(50);
  }
  throw new Error('nginx does not answer');
}

const tests = {
  async 'EventSource tells of jobs through nginx, opened by a ticket'(page, origin) {
    await page.goto(`${origin}/livez`);
    const told = await page.evaluate(async ([user, password]) => {
      const authorization = `Basic ${btoa(`${user}:${password}`)}`;
      const issued = await fetch('/jobs/events/tickets', { method: 'POST', headers: { authorization } });
      const { ticket } = await issued.json();
      const stream = new EventSource(`/jobs/events?ticket=${ticket}`);
      const events = [];
      return new Promise((resolve) => {
        const end = (why) => {
          stream.close();
          resolve({ why, events });
        };
        const timer = setTimeout(() => end('nothing came within 10 s'), 10_000);
        stream.onerror = () => end('the stream broke');
        const names = ['created', 'progress', 'status', 'finished', 'removed'].map((what) => `job.${what}`);
        for (const name of ['snapshot', ...names]) {
          stream.addEventListener(name, (event) => {
            const data = JSON.parse(event.data);
            events.push({ name, id: event.lastEventId, jobs: data.jobs?.length, job: data.id });
            if (name !== 'snapshot') {
              clearTimeout(timer);
              end(null);
            }
          });
        }
      });
    }, [USER, PASSWORD]);
    assert.equal(told.why, null, JSON.stringify(told));
    assert.equal(told.events[0].name, 'snapshot', JSON.stringify(told));
    assert.ok(told.events[0].jobs > 0 && told.events[0].id, JSON.stringify(told));
    assert.ok(told.events[1].job, JSON.stringify(told));
  },

  async 'A used ticket opens nothing'(page, origin) {
    await page.goto(`${origin}/livez`);
    const states = await page.evaluate(async ([user, password]) => {
      const authorization = `Basic ${btoa(`${user}:${password}`)}`;
      const issued = await fetch('/jobs/events/tickets', { method: 'POST', headers: { authorization } });
      const { ticket } = await issued.json();
      const states = [];
      for (let round = 0; round < 2; round += 1) {
        const stream = new EventSource(`/jobs/events?ticket=${ticket}`);
        await new Promise((resolve) => {
          stream.addEventListener('snapshot', resolve);
          stream.onerror = resolve;
        });
        states.push(stream.readyState);
        stream.close();
      }
      return states;
    }, [USER, PASSWORD]);
    assert.deepEqual(states, [1, 2], 'open, then closed for good');
  },

  async 'Swagger UI shows the operations and calls them'(page, origin) {
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${origin}/swagger-ui/`);
    const list = page.locator('.opblock').filter({ has: page.locator('[data-path="/jobs"]') }).first();
    await list.waitFor({ timeout: 20_000 });
    await page.screenshot({ path: join(screenshots, 'swagger-ui.png') });
    assert.ok((await page.locator('.opblock').count()) > 15, 'all operations');

    await page.getByRole('button', { name: 'Authorize' }).click();
    const basic = page.locator('.auth-container').filter({ has: page.locator('#auth_username, [name=username]') });
    await basic.locator('[name=username]').fill(USER);
    await basic.locator('[name=password]').fill(PASSWORD);
    await basic.locator('button[type=submit]').click();
    await page.locator('.btn-done').first().click();
    await list.locator('.opblock-summary-control').click();
    const tryIt = list.getByRole('button', { name: 'Try it out' });
    if (await tryIt.count()) await tryIt.click();
    await list.getByRole('button', { name: 'Execute' }).click();
    const status = list.locator('.live-responses-table .response .response-col_status').first();
    await status.waitFor({ timeout: 10_000 });
    assert.match(await status.innerText(), /^200/);
    await list.scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(screenshots, 'swagger-ui-answer.png') });
    assert.deepEqual(complaints, []);
  },
};

let failed = 0;
try {
  const origin = await startNginx(await startDemo());
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
  for (const [name, test] of Object.entries(tests)) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    try {
      await test(page, origin);
      console.log(`ok: ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED: ${name}\n${error.stack}`);
      await page.screenshot({ path: join(screenshots, 'failed.png') }).catch(() => {});
    }
    await page.close();
  }
  await browser.close();
} finally {
  for (const child of children.reverse()) child.kill();
  await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  await rm(directory, { recursive: true, force: true });
}
console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
