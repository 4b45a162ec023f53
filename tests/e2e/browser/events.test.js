// Server-sent events in a browser, through an nginx without settings for them and through that of deploy/.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { PASSWORD, USER, inBrowser, startDemo, startFaultProxy, startNginx, startNginxOfDeploy } from './harness.js';

let demo;
let origin;
before(async () => {
  demo = await startDemo();
  origin = await startNginx({ '/': demo.origin });
});

inBrowser('EventSource with a ticket receives events through nginx', { allows: /status of 404/ }, async (page) => {
  await page.goto(`${origin}/livez`);
  const result = await page.evaluate(async ([user, password]) => {
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
      const timer = setTimeout(() => end('nothing came within 20 s'), 20_000);
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
  assert.equal(result.why, null, JSON.stringify(result));
  assert.equal(result.events[0].name, 'snapshot', JSON.stringify(result));
  assert.ok(result.events[0].jobs > 0 && result.events[0].id, JSON.stringify(result));
  assert.ok(result.events[1].job, JSON.stringify(result));
});

inBrowser('a ticket opens one stream at a time, and another one after it', { allows: /status of 40[14]/ }, async (page) => {
  await page.goto(`${origin}/livez`);
  const states = await page.evaluate(async ([user, password]) => {
    const authorization = `Basic ${btoa(`${user}:${password}`)}`;
    const issued = await fetch('/jobs/events/tickets', { method: 'POST', headers: { authorization } });
    const { ticket } = await issued.json();
    const open = async () => {
      const stream = new EventSource(`/jobs/events?ticket=${ticket}`);
      await new Promise((resolve) => {
        stream.addEventListener('snapshot', resolve);
        stream.onerror = resolve;
      });
      return stream;
    };
    const first = await open();
    const second = await open();
    const states = [first.readyState, second.readyState];
    first.close();
    // A browser reconnects with the same URL.
    const third = await open();
    states.push(third.readyState);
    third.close();
    return states;
  }, [USER, PASSWORD]);
  assert.deepEqual(states, [1, 2, 1], 'open, refused while it is open, and open again');
});

const WAYS = {
  directly: () => demo.origin,
  'through nginx': () => origin,
  'through the nginx of deploy/': () => startNginxOfDeploy(demo.origin),
};
for (const [way, start] of Object.entries(WAYS)) {
  inBrowser(`EventSource goes on by itself when its connection breaks, ${way}`, { allows: /ERR_|status of 404/ }, async (page) => {
    const proxy = await startFaultProxy(await start());
    await page.goto(`${proxy.origin}/livez`);
    await page.evaluate(async ([user, password]) => {
      const authorization = `Basic ${btoa(`${user}:${password}`)}`;
      const issued = await fetch('/jobs/events/tickets', { method: 'POST', headers: { authorization } });
      const stream = new EventSource(`/jobs/events?ticket=${(await issued.json()).ticket}`);
      window.seen = [];
      window.breaks = 0;
      stream.onerror = () => (window.breaks += 1);
      const changes = ['created', 'progress', 'status', 'finished', 'removed'].map((what) => `job.${what}`);
      for (const name of ['snapshot', ...changes]) stream.addEventListener(name, ({ lastEventId }) => window.seen.push([name, lastEventId]));
    }, [USER, PASSWORD]);
    await page.waitForFunction(() => window.seen.length > 1);
    // Breaks the connections, and passes new ones through.
    proxy.refuse({ only: /^nothing$/ });
    await page.waitForFunction(() => window.breaks > 0);
    const before = await page.evaluate(() => window.seen.length);
    await page.waitForFunction((count) => window.seen.length > count, before);
    const seen = await page.evaluate(() => window.seen);
    assert.deepEqual(seen.map(([name]) => name === 'snapshot'), seen.map((_, at) => at === 0), JSON.stringify(seen));
    const numbers = seen.map(([, id]) => Number(id.split('-')[1]));
    assert.deepEqual(numbers, numbers.map((_, at) => numbers[0] + at), 'no event is missing or comes twice');
  });
}
