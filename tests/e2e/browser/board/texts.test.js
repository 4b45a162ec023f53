// Texts of the board: complete catalogues of all languages, no text outside of them, and the choice of the language.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { api, eventually, inBrowser, openBoard, row, startDemo } from '../harness.js';

const BOARD = process.env.BOARD;
const LANGUAGES = ['en', 'ja', 'de'];
const catalogueOf = async (language) => (await import(pathToFileURL(join(BOARD, `js/texts/${language}.js`)))).default;

/** Files of the board by their path, without the catalogues. */
async function sources() {
  const names = (await readdir(BOARD, { recursive: true })).filter((name) => /\.(js|html)$/.test(name) && !/^js\/texts\//.test(name));
  return Promise.all(names.map(async (name) => [name, await readFile(join(BOARD, name), 'utf8')]));
}

/** The code of a script without its comments. */
const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

/** Keys that the sources name, and the beginnings of keys that they complete with a value. */
async function usedKeys() {
  const keys = new Set();
  const beginnings = new Set();
  for (const [name, text] of await sources()) {
    if (name.endsWith('.html')) for (const [, key] of text.matchAll(/\sdata-text(?:-[\w-]+)?="([^"]*)"/g)) keys.add(key);
    else {
      const code = withoutComments(text);
      for (const [, key] of code.matchAll(/'([a-z]\w*(?:\.[\w-]+)+)'/gi)) keys.add(key);
      for (const [, beginning] of code.matchAll(/`([a-z]\w*\.[\w.-]*)\$\{/gi)) beginnings.add(beginning);
    }
  }
  return { keys, beginnings: [...beginnings] };
}

const forms = (text) => (typeof text === 'string' ? [text] : Object.values(text));
const placeholders = (text) => [...new Set(forms(text).flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)))].sort();

test('all catalogues have the same keys with the same placeholders', async () => {
  const english = await catalogueOf('en');
  assert.ok(Object.keys(english).length > 150);
  for (const language of LANGUAGES) {
    const catalogue = await catalogueOf(language);
    assert.deepEqual(Object.keys(catalogue).sort(), Object.keys(english).sort(), language);
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(catalogue)) {
      assert.deepEqual(placeholders(text), placeholders(english[key]), `${language}: ${key}`);
      assert.ok(forms(text).every((form) => form.trim() !== '' || key.endsWith('separator')), `${language}: ${key} is empty`);
      if (typeof text !== 'string') assert.deepEqual(Object.keys(text).sort(), [...categories].sort(), `${language}: plural forms of ${key}`);
    }
  }
});

test('the other languages are translated', async () => {
  const english = await catalogueOf('en');
  /** Whether the text has an English word that a translation would replace. */
  const isEnglish = (text) => /\b(the|you|your|of|is|are|with|not|this|jobs of)\b/i.test(text);
  for (const language of ['ja', 'de']) {
    const same = Object.entries(await catalogueOf(language)).filter(([key, text]) =>
      forms(text).some((form) => forms(english[key]).includes(form) && isEnglish(form)));
    assert.deepEqual(same.map(([key]) => key), [], language);
  }
  const japanese = Object.values(await catalogueOf('ja')).flatMap(forms).filter((text) => /[\u3040-\u30ff\u4e00-\u9fff]/.test(text));
  assert.ok(japanese.length > 150, `${japanese.length} Japanese texts`);
  const close = /[\w}][\u3041-\u30fa\u4e00-\u9fff]|[\u3041-\u30fa\u4e00-\u9fff][\w{]/;
  assert.deepEqual(japanese.filter((text) => close.test(text)), [], 'a space between Japanese and Latin text');
});

test('every key that the board names exists, and every text is used', async () => {
  const catalogue = await catalogueOf('en');
  const { keys, beginnings } = await usedKeys();
  const areas = new Set(Object.keys(catalogue).map((key) => key.split('.')[0]));
  const missing = [...keys].filter((key) => areas.has(key.split('.')[0]) && !(key in catalogue));
  assert.deepEqual(missing, [], 'keys without a text');
  const unused = Object.keys(catalogue).filter((key) => !keys.has(key) && !beginnings.some((beginning) => key.startsWith(beginning)));
  assert.deepEqual(unused, [], 'texts without a use');
  const families = beginnings.filter((beginning) => areas.has(beginning.split('.')[0]));
  assert.deepEqual(families.filter((beginning) => !Object.keys(catalogue).some((key) => key.startsWith(beginning))), [], 'families without a text');
});

test('the page and the scripts have no texts of their own', async () => {
  for (const [name, text] of await sources()) {
    if (name.endsWith('.html')) {
      const content = text.replace(/<(title|noscript|svg)[\s\S]*?<\/\1>/g, '').replace(/<!--[\s\S]*?-->/g, '');
      const texts = [...content.matchAll(/>([^<]*[A-Za-z]{2}[^<]*)</g)].map(([, found]) => found.trim());
      // The product's name.
      assert.deepEqual(texts.filter((found) => found !== 'ips-gateway'), [], `texts of ${name}`);
      const attributes = [...content.matchAll(/\s(aria-label|title|placeholder|alt)="([^"]*\s[^"]*)"/g)].filter(([, , value]) => !/[*?]/.test(value));
      assert.deepEqual(attributes.map(([found]) => found), [], `attributes of ${name}`);
    } else if (name !== 'js/theme.js') {
      // A sentence or a label of several words: a capital letter and a space, in a literal.
      const literals = [...withoutComments(text).matchAll(/'([A-Z][^'\n]* [^'\n]*)'|`([^`$\n]*\b[A-Z]?[a-z]+ [a-z]+ [^`\n]*)`/g)];
      assert.deepEqual(literals.map(([literal]) => literal), [], `literals of ${name}`);
    }
  }
});

let demo;
before(async () => {
  demo = await startDemo();
});

/** Marks of texts from the catalogue. */
const [BEGIN, END] = ['⟦', '⟧'];

/** Serves the English catalogue with marked texts. */
async function markTexts(page) {
  const english = await catalogueOf('en');
  const mark = (text) => `${BEGIN}${text}${END}`;
  const marked = Object.fromEntries(Object.entries(english).map(([key, text]) =>
    [key, typeof text === 'string' ? mark(text) : Object.fromEntries(Object.entries(text).map(([form, value]) => [form, mark(value)]))]));
  await page.route('**/board/js/texts/en.js', (route) => route.fulfill({ contentType: 'text/javascript', body: `export default ${JSON.stringify(marked)};` }));
}

/** All strings in a JSON value, names of members included. */
const stringsOf = (value) => (value === null || typeof value !== 'object' ? [String(value)]
  : Object.entries(value).flatMap(([name, member]) => [name, ...stringsOf(member)]));

/** Texts and text attributes of the page outside of the marks, with what the page hides at the moment. */
const unmarked = (page) => page.evaluate(([begin, end]) => {
  const found = new Set();
  const add = (text, element) => {
    // Formats of Intl, JSON, and the messages of IPS are not texts of the catalogue.
    if (element.closest('.message, time, pre, code, script, style, noscript, title, svg, #language, .axis, .brand, #version')) return;
    let rest = text;
    // Marked texts can be inside each other.
    for (let before = ''; before !== rest;) {
      before = rest;
      rest = rest.replace(new RegExp(`${begin}[^${begin}${end}]*${end}`, 'g'), ' ');
    }
    if (/\p{L}{2}/u.test(rest)) found.add(rest.trim());
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) add(walker.currentNode.data, walker.currentNode.parentElement);
  for (const element of document.querySelectorAll('body *')) {
    for (const name of ['title', 'aria-label', 'placeholder', 'data-label', 'alt']) if (element.hasAttribute(name)) add(element.getAttribute(name), element);
  }
  return [...found];
}, [BEGIN, END]);

inBrowser('every text that a user sees is from the catalogue or from the API', { allows: /status of 4/ }, async (page) => {
  await markTexts(page);
  const data = new Set();
  page.on('response', async (response) => {
    if (!/json/.test(response.headers()['content-type'] ?? '')) return;
    const body = await response.json().catch(() => null);
    stringsOf(body).forEach((text) => data.add(text));
  });
  // Names of formats.
  ['CSV', 'NDJSON', 'JSON'].forEach((text) => data.add(text));
  const check = (where) => eventually(async () => {
    // Jobs of the event stream are not in answers with JSON.
    stringsOf(await api(demo.origin, 'GET', '/jobs?phase=active,scheduled,completed')).forEach((text) => data.add(text));
    const known = [...data].filter((text) => text.length > 2).sort((one, other) => other.length - one.length);
    const rest = (await unmarked(page)).map((text) => known.reduce((left, part) => left.replaceAll(part, ' '), text)).filter((text) => /\p{L}{3}/u.test(text));
    assert.deepEqual(rest, [], where);
  }, 10_000);

  await page.goto(demo.origin);
  await page.locator('#sign-in-form').waitFor();
  await check('sign-in');
  await page.locator('#demo-list button', { hasText: 'agency' }).click();
  await page.locator('#company-list li').first().waitFor();
  await check('companies');
  await page.locator('#company-list button').first().click();
  await row(page, 'Partner feed').waitFor();
  await page.locator('#more-filters').click();
  await check('list');
  await row(page, 'Partner feed').locator('[data-menu]').click();
  await check('menu of a completed job');
  await page.keyboard.press('Escape');
  await row(page, 'Partner feed').locator('.link').click();
  await page.locator('#details .entries li').first().waitFor();
  await check('details of a completed job');
  await page.keyboard.press('Escape');
  await page.locator('#rows tr', { has: page.locator('[data-action="stop"]') }).first().locator('.link').click();
  await page.locator('#details .properties').waitFor();
  await check('details of an active job');
  await page.locator('#details-actions [data-action]').first().click();
  await check('confirmation');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.locator('#open-submit').click();
  await check('submit form');
});

for (const [language, words] of [
  ['en', { tab: 'Jobs', title: /Jobs – ips-gateway/, column: 'Started' }],
  ['ja', { tab: 'ジョブ', title: /ジョブ – ips-gateway/, column: '開始' }],
  ['de', { tab: 'Jobs', title: /Jobs – ips-gateway/, column: 'Beginn' }],
]) {
  inBrowser(`in a browser with ${language} the board has that language`, { locale: language }, async (page) => {
    await page.goto(demo.origin);
    await page.locator('#sign-in-form').waitFor();
    assert.match(await page.title(), words.title);
    await openBoard(page, demo.origin);
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    assert.equal(await page.locator('nav [aria-current]').innerText(), words.tab);
    assert.match(await page.title(), words.title);
    assert.equal(await page.locator('th.started').innerText(), words.column);
    assert.equal(await page.locator('#language').inputValue(), language);
  });
}

inBrowser('a language is chosen by ?lang=, then by the switch, which is kept; the list stays', { locale: 'fr-FR' }, async (page) => {
  const language = () => page.locator('html').getAttribute('lang');
  await page.goto(`${demo.origin}/`);
  await page.locator('#sign-in-form').waitFor();
  assert.equal(await language(), 'en', 'English for all others');
  await page.goto(`${demo.origin}/?lang=de`);
  await page.locator('#demo-list button', { hasText: 'katlyn' }).click();
  await row(page, 'Nightly publish').waitFor();
  assert.equal(await language(), 'de');
  assert.equal(await page.evaluate(() => localStorage.length), 0, 'a link stores no choice');
  await page.locator('#language').selectOption({ label: '日本語' });
  await eventually(async () => assert.equal(await page.locator('#pause-text').innerText(), '更新を一時停止'));
  assert.equal(await language(), 'ja');
  await eventually(async () => assert.equal(await row(page, 'Nightly publish').locator('.pill').innerText(), '予約済み'));
  assert.match(await row(page, 'Nightly publish').locator('time').innerText(), /^次回 (\d+月\d+日|\d+:\d+:\d+)/, 'a day, or the time of one today');
  assert.equal(await page.locator('#outcome option').first().innerText(), 'すべての結果');
  await eventually(async () => assert.match(await page.locator('#durations').innerText(), /秒/));
  assert.deepEqual(await page.evaluate(() => ({ ...localStorage })), { 'ips-gateway.language': 'ja' });
  assert.ok(!page.url().includes('lang='), page.url());
  await page.reload();
  await row(page, 'Nightly publish').waitFor();
  assert.equal(await language(), 'ja');
  await page.goto(`${demo.origin}/?lang=de`);
  await row(page, 'Nightly publish').waitFor();
  assert.equal(await language(), 'de', 'a link wins over the choice');
});

inBrowser('times are written as the language writes them', { locale: 'de', timezoneId: 'Europe/Berlin' }, async (page) => {
  await page.goto(demo.origin);
  const times = (language) => page.evaluate(async (language) => {
    const [texts, format, zones] = await Promise.all(['texts', 'format', 'views/submit/zones'].map((name) => import(`/board/js/${name}.js`)));
    await texts.chooseLanguage(language);
    const time = new Date(2026, 0, 31, 6, 5, 9).getTime();
    return [format.formatTime(time), format.formatShortTime(time, 0), format.formatHourMinute(time), zones.formatHere(new Date(time))];
  }, language);
  assert.deepEqual(await times('de'), ['06:05:09', '31. Jan., 06:05', '06:05', 'Sa., 31. Jan., 06:05']);
  assert.deepEqual(await times('ja'), ['6:05:09', '1月31日 6:05', '6:05', '1月31日(土) 6:05']);
  assert.match((await times('en'))[0], /^6:05:09\sAM$/);
});

inBrowser('problems have a title in the language, with the detail and the code of the API', { locale: 'de', allows: /status of 401/ }, async (page) => {
  await page.goto(demo.origin);
  await page.locator('#sign-in-user').fill('nobody@example.com');
  await page.locator('#sign-in-password').fill('wrong');
  await page.locator('#sign-in-form button.primary').click();
  const problem = page.getByRole('alert');
  await problem.waitFor();
  assert.match(await problem.innerText(), /IPS hat die Zugangsdaten abgelehnt[\s\S]*credentials-rejected · Anfrage [0-9a-f]{16}/);
});
