// axe reports no violations: on every page, in the light and the dark theme, on desktop and phone, with dialogs open.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { before } from 'node:test';
import { DESKTOP, PHONE, inBrowser, openBoard, picture, row, startDemo } from './harness.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let demo;
before(async () => {
  demo = await startDemo();
});

async function check(page, where, exclude = []) {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(async (exclude) => {
    const { violations, passes } = await window.axe.run({ exclude });
    const summary = violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
    return { violations: summary, passes: passes.length };
  }, exclude);
  assert.deepEqual(violations, [], where);
  assert.ok(passes > 15, `${where}: only ${passes} rules had something to look at`);
}

const SIZES = { desk: DESKTOP, phone: PHONE };

for (const [language, scheme, size] of [
  ['en', 'light', 'desk'], ['en', 'light', 'phone'], ['en', 'dark', 'desk'], ['en', 'dark', 'phone'],
  ['ja', 'light', 'desk'], ['ja', 'dark', 'phone'], ['de', 'dark', 'desk'], ['de', 'light', 'phone'],
]) {
  const name = `${language}, ${scheme}, ${size}`;
  const show = { scheme, viewport: SIZES[size], locale: language, allows: /status of 422/ };

  inBrowser(`the board: ${name}`, show, async (page) => {
    await page.goto(demo.origin);
    await page.locator('#sign-in-form').waitFor();
    await check(page, 'sign-in');
    await page.locator('#demo-list button', { hasText: 'agency' }).click();
    await page.locator('#company-list li').first().waitFor();
    await check(page, 'companies');
    await page.getByRole('button', { name: /Example Outfitters/ }).click();
    await row(page, 'Partner feed').waitFor();
    await page.locator('#hour svg').waitFor();
    await check(page, 'jobs');
    await page.screenshot(picture(`board-${language}-${scheme}-${size}`));
    const feed = await row(page, 'Partner feed').getAttribute('data-id');
    await page.evaluate((id) => localStorage.setItem('ips-gateway.watched /', JSON.stringify([[id, 'c|110']])), feed);
    await page.reload();
    await page.locator('#ended-away li').waitFor();
    await check(page, 'jobs that ended while the page was closed');
    await page.locator('#more-filters').click();
    await row(page, 'Partner feed').locator('[data-menu]').click();
    await page.getByRole('menu').waitFor();
    await check(page, 'jobs with all filters and a menu');
  });

  inBrowser(`the dialogs: ${name}`, show, async (page) => {
    await openBoard(page, demo.origin);
    await page.getByRole('link', { name: 'Partner feed', exact: true }).click();
    await page.locator('#details .entries li').first().waitFor();
    await check(page, 'a completed job');
    await page.keyboard.press('Escape');
    await page.locator('#rows tr', { has: page.locator('[data-action="stop"]') }).first().locator('.link').click();
    await page.locator('#details .properties').waitFor();
    await check(page, 'an active job');
    await page.locator('#details-actions button').first().click();
    await page.locator('#confirm').waitFor();
    await check(page, 'a confirmation');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.locator('#open-submit').click();
    await page.locator('#submit [data-pointer="/jobName"] input').fill('accessible');
    await page.locator('#submit .schedule label:has([value="recurring"])').click();
    await page.locator('#schedule-every').selectOption('week');
    await page.locator('#submit .runs td').first().waitFor();
    await check(page, 'a valid form with a schedule');
    await page.screenshot(picture(`submit-${language}-${scheme}-${size}`));
    await page.locator('#submit-kind').selectOption('uploadUrls');
    for (const group of await page.locator('#submit details.group > summary').all()) await group.click();
    await page.locator('#submit [data-pointer$="/mediaOptions"] > .add').click();
    await page.locator('#submit [data-pointer$="/videoEncodingArray"] > .add').click();
    await page.locator('#submit-send').click();
    await page.locator('#submit .messages .field-error').first().waitFor();
    await check(page, 'a form with something wrong');
    await page.locator('#submit-json').fill('{');
    await page.locator('#submit-json[aria-invalid]').waitFor();
    await check(page, 'a form with invalid JSON');
  });

  // They are English.
  if (language !== 'en') continue;
  inBrowser(`the other pages: ${name}`, show, async (page) => {
    for (const path of ['/problems', '/problems/upstream-timeout']) {
      await page.goto(`${demo.origin}${path}`);
      await check(page, path);
    }
    await page.goto(`${demo.origin}/swagger-ui/`);
    await page.locator('.opblock').first().waitFor();
    // The inside is Swagger UI's own.
    await check(page, 'Swagger UI', [['#swagger-ui']]);
  });
}
