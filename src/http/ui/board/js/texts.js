// Texts of the board in the user's language, from one catalogue per language. Problem details of the API are not translated.

const STORAGE_KEY = 'ips-gateway.language';

/** The languages of the board, by their code, with their own names. */
export const LANGUAGES = { en: 'English', ja: '日本語', de: 'Deutsch' };
const DEFAULT_LANGUAGE = 'en';

/** @typedef {keyof typeof LANGUAGES} Language */
/** @typedef {keyof typeof import('./texts/en.js').default} TextKey */
/** A text, or its plural forms by the categories of `Intl.PluralRules`; the form depends on the placeholder `count`.
 * @typedef {string | { one?: string, other: string }} Text */
/** Values of the placeholders; numbers are formatted in the language.
 * @typedef {Record<string, string | number>} Values */

/** @type {Record<Language, () => Promise<{ default: Record<TextKey, Text> }>>} */
const CATALOGUES = {
  en: () => import('./texts/en.js'),
  ja: () => import('./texts/ja.js'),
  de: () => import('./texts/de.js'),
};

/** The attributes of the static HTML that name a key, with the attribute that gets the text; without one it is the element's content. */
const STATIC_TEXTS = { 'data-text': null, 'data-text-title': 'title', 'data-text-aria-label': 'aria-label', 'data-text-placeholder': 'placeholder' };

/** @type {Language} */
let language = DEFAULT_LANGUAGE;
/** @type {Record<string, Text>} */
let catalogue = {};
let locale = '';
let numbers = new Intl.NumberFormat();
let plurals = new Intl.PluralRules();
/** @type {(() => void)[]} */
const listeners = [];

/** The text of a key with `{name}` placeholders replaced; with plural forms, `values.count` selects the form.
 * @param {TextKey} key
 * @param {Values} [values] */
export const t = (key, values) => textOf(key, values) ?? key;

/** The text of a key that depends on a value of the API, or `undefined` for a value that has no text.
 * @param {string} key
 * @param {Values} [values]
 * @returns {string | undefined} */
export function textOf(key, values = {}) {
  const text = Object.hasOwn(catalogue, key) ? catalogue[key] : undefined;
  if (text === undefined) return undefined;
  const form = typeof text === 'string' ? text : (plurals.select(Number(values.count)) === 'one' ? text.one : undefined) ?? text.other;
  return form.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === 'number' ? formatNumber(values[name]) : values[name] ?? ''));
}

/** @param {number} number */
export const formatNumber = (number) => numbers.format(number);

export const currentLanguage = () => language;

/** BCP 47 tag for `Intl`: the user's own variant of the language (`en-GB`) if the browser names one. */
export const currentLocale = () => locale;

/** Calls `listener` now and after each change of the language.
 * @param {() => void} listener */
export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

/** Changes the language and stores the choice.
 * @param {Language} chosen */
export async function chooseLanguage(chosen) {
  try {
    localStorage.setItem(STORAGE_KEY, chosen);
  } catch {
    // Storage is disabled: the choice lasts until the page is reloaded.
  }
  // The parameter would win over the choice at the next load.
  const url = new URL(location.href);
  url.searchParams.delete('lang');
  history.replaceState(history.state, '', url);
  await load(chosen);
}

/** @param {Language} wanted */
async function load(wanted) {
  catalogue = (await CATALOGUES[wanted]()).default;
  language = wanted;
  locale = navigator.languages.find((tag) => primarySubtag(tag) === wanted) ?? wanted;
  numbers = new Intl.NumberFormat(locale);
  plurals = new Intl.PluralRules(locale);
  document.documentElement.lang = wanted;
  for (const [attribute, target] of Object.entries(STATIC_TEXTS)) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      const text = textOf(element.getAttribute(attribute) ?? '') ?? '';
      if (target === null) element.textContent = text;
      else element.setAttribute(target, text);
    }
  }
  listeners.forEach((listener) => listener());
  dispatchEvent(new Event('textschange'));
}

/** @param {string} tag */
const primarySubtag = (tag) => tag.toLowerCase().split('-')[0];

/** The language of `?lang=`, else the stored choice, else the first of the browser's languages that the board has.
 * @returns {Language} */
function preferredLanguage() {
  let stored = null;
  try {
    stored = localStorage.getItem(STORAGE_KEY);
  } catch {
    // Storage is disabled.
  }
  const wanted = [new URLSearchParams(location.search).get('lang'), stored, ...navigator.languages];
  const found = wanted.map((tag) => primarySubtag(tag ?? '')).find((tag) => Object.hasOwn(LANGUAGES, tag));
  return /** @type {Language | undefined} */ (found) ?? DEFAULT_LANGUAGE;
}

// Modules that import this one run after it, with the texts at their disposal.
await load(preferredLanguage());
