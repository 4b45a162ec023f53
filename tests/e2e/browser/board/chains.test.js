// Chains: an upload and the publish after it are one row that unfolds.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { api, eventually, inBrowser, openBoard, picture, row, startDemo } from '../harness.js';

let demo;
before(async () => {
  demo = await startDemo();
});

inBrowser('an upload with a publish is one row with the state of both, and unfolds', {}, async (page) => {
  const { id } = await api(demo.origin, 'POST', '/jobs', {
    jobName: 'spring chain',
    uploadUrlsJob: {
      urlArray: [{ sourceUrl: 'https://images.example.com/a.tif', destPath: 'in/' }],
      overwrite: true, readyForPublish: true, createMask: false, emailSetting: 'None',
      postImageServingPublishJob: { publishType: 'Incremental', emailSetting: 'None' },
    },
  });
  await openBoard(page, demo.origin);
  const upload = row(page, 'spring chain').first();
  await upload.waitFor();
  const unfold = upload.getByRole('button', { name: '1 follow-on job of spring chain' });
  await unfold.waitFor({ timeout: 150_000 });
  assert.equal(await row(page, 'spring chain').count(), 1, 'the publish has no row of its own');
  await eventually(async () => assert.equal(await upload.locator('.pill').innerText(), 'Running'), 60_000);
  await unfold.click();
  assert.equal(await unfold.getAttribute('aria-expanded'), 'true');
  await eventually(async () => assert.equal(await row(page, 'spring chain').count(), 2));
  const publish = row(page, 'spring chain').nth(1);
  assert.equal(await publish.getAttribute('data-follow-on'), '');
  assert.equal(await upload.locator('.pill').innerText(), 'Succeeded', 'an unfolded row has the state of the upload alone');
  await page.screenshot(picture('board-chain'));
  await unfold.press('Enter');
  await eventually(async () => assert.equal(await row(page, 'spring chain').count(), 1));
  await eventually(async () => {
    const job = await api(demo.origin, 'GET', `/jobs/${id}`);
    assert.equal(job.chain.status, 'completed');
  }, 150_000);
  await eventually(async () => assert.equal(await upload.locator('.pill').innerText(), 'Succeeded'));
  assert.equal(await upload.locator('.percent').innerText(), '100%');
});
