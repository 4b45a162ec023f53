// What the gateway says about the present body: messages without a field, the items of a retry, and the request that would be sent.

import { h } from '../../dom.js';
import { t } from '../../texts.js';
import { formatJson } from './body.js';
import { messageList } from './messages.js';

/** Items that are listed; more are counted. */
const ITEMS_SHOWN = 20;

/** @param {ReturnType<typeof import('./messages.js').showMessages>} messages @param {any} answer */
export function answerView({ errors, warnings }, answer) {
  return [
    errors.length > 0 && h('section', { class: 'problem' }, h('h3', null, t('submit.otherErrors')), messageList(errors, 'messages-list')),
    warnings.length > 0 && h('section', { class: 'warning-note' }, h('h3', null, t('submit.warnings')), messageList(warnings, 'messages-list')),
    answer?.items && retryItems(answer),
    answer?.request && wouldBeSent(answer.request),
  ].filter(Boolean);
}

function retryItems({ items, unmapped = [], truncated }) {
  const list = (all, text) => [
    h('ul', null, all.slice(0, ITEMS_SHOWN).map((item) => h('li', null, text(item)))),
    all.length > ITEMS_SHOWN && h('p', { class: 'fine-print' }, t('submit.moreItems', { count: all.length - ITEMS_SHOWN })),
  ];
  return h('section', { class: 'retry-items' },
    h('h3', null, t('submit.retryItems', { count: items.length })), list(items, (item) => h('code', null, item)),
    unmapped.length > 0 && [
      h('h3', null, t('submit.unmapped', { count: unmapped.length })),
      list(unmapped, ({ assetName, assetHandle, detail }) => [h('code', null, assetName ?? assetHandle ?? '–'), ' ', h('span', { lang: 'en' }, detail)]),
    ],
    truncated && h('p', { class: 'fine-print' }, t('submit.retryTruncated')));
}

/** Whether the section is unfolded: it is made anew with each answer. */
let isUnfolded = false;

const wouldBeSent = (request) => h('details', { class: 'raw-json', open: isUnfolded, toggle: (event) => (isUnfolded = event.target.open) },
  h('summary', null, t('submit.wouldBeSent')),
  h('p', { class: 'fine-print' }, t('submit.wouldBeSentHint')),
  h('pre', { tabindex: '0', 'aria-label': t('submit.wouldBeSent') }, formatJson(request)));
