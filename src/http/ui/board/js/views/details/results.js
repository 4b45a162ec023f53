// Results of a completed job: the links that it made, and what became of each asset.

import { get } from '../../api.js';
import { h, setText } from '../../dom.js';
import { formatNumber, t, textOf } from '../../texts.js';
import { downloads } from './downloads.js';
import { PER_PAGE, pagedList, whenVisible } from './paged-list.js';

/** Statuses of assets with their tones, those that need attention first. */
const STATUSES = { error: 'danger', warning: 'warning', canceled: 'neutral', ok: 'success' };

export function resultsSection(job, signal) {
  const path = `jobs/${encodeURIComponent(job.id)}/results`;
  const name = `results-${job.id}`;
  let status = '';
  const links = h('ul', { class: 'links' });
  const counts = new Map();
  const choice = (value, label) => {
    const count = h('span', { class: 'figure' });
    counts.set(value, count);
    const radio = h('input', {
      type: 'radio', name, value, checked: value === status,
      change: () => {
        status = value;
        list.restart();
      },
    });
    return h('label', null, radio, h('span', null, label, ' ', count));
  };
  const filter = h('fieldset', { class: 'segmented', hidden: true }, h('legend', { class: 'visually-hidden' }, t('results.filter')),
    choice('', t('results.all')), Object.keys(STATUSES).map((value) => choice(value, textOf(`results.${value}`))));
  const list = pagedList({
    title: t('results.title'),
    className: 'entries assets',
    head: [downloads({ job, path, name: 'results', signal }), links, filter],
    read: async (page) => {
      const { data } = await get(path, { query: { perPage: PER_PAGE, page, status }, signal });
      links.replaceChildren(...data.links.map(resultLink));
      const all = Object.values(data.counts).reduce((one, other) => one + other, 0);
      for (const [value, element] of counts) setText(element, formatNumber(value === '' ? all : data.counts[value]));
      filter.hidden = all === 0;
      return { entries: data.assets.map(assetResult), total: data.total, note: data.truncated ? t('results.truncated') : '' };
    },
  });
  whenVisible(list.element, list.load, signal);
  return list.element;
}

/** A link that a job made: it comes from IPS, so only HTTP addresses can be opened, in a tab that knows nothing of this one. */
function resultLink({ url, message }) {
  const isWeb = /^https?:\/\//i.test(url);
  return h('li', null,
    isWeb ? h('a', { href: url, target: '_blank', rel: 'noopener noreferrer', referrerpolicy: 'no-referrer' }, url) : h('code', null, url),
    message && message !== url && h('span', { class: 'aux' }, message));
}

function assetResult({ status, assetName, assetHandle, assetType, message, reasons = [] }) {
  return h('li', { 'data-status': status },
    h('span', { class: 'pill', 'data-tone': STATUSES[status] ?? 'neutral' }, textOf(`results.${status}`) ?? status),
    h('span', { class: 'text' },
      h('strong', null, assetName ?? assetHandle ?? '–'), assetType && h('span', { class: 'fine-print' }, ` ${assetType}`),
      message && h('span', { class: 'aux' }, message), reasons.map((reason) => h('span', { class: 'aux' }, reason))));
}
