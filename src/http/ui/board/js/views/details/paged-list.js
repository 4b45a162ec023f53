// A list under a heading with its number of entries, loaded page by page.

import { h, setText } from '../../dom.js';
import { formatNumber, t } from '../../texts.js';
import { problemBox } from '../problem-box.js';

/** Entries per page. */
export const PER_PAGE = 50;

/**
 * `read` resolves to a page: its `entries` as elements, their `total`, and `note`, a text about missing ones if there is one. `head` is between the
 * heading and the list. `load` begins to load; `restart` empties the list first.
 */
export function pagedList({ title, className, head = [], read }) {
  const entries = h('ol', { class: className });
  const total = h('span', { class: 'figure' });
  const footer = h('div', { class: 'log-footer' });
  let page = 1;
  let generation = 0;
  const load = async () => {
    const current = generation;
    footer.replaceChildren(h('p', { class: 'muted' }, t('details.loading')));
    try {
      const { entries: read_, total: count, note } = await read(page);
      if (current !== generation) return;
      entries.append(...read_);
      setText(total, formatNumber(count));
      page += 1;
      const remaining = count - entries.childElementCount;
      footer.replaceChildren(...[
        remaining > 0 && read_.length > 0 && h('button', { type: 'button', click: load }, t('log.more', { count: Math.min(remaining, PER_PAGE), total: remaining })),
        note && h('p', { class: 'muted' }, note),
        count === 0 && h('p', { class: 'muted' }, t('log.none')),
      ].filter(Boolean));
    } catch (error) {
      if (error.name === 'AbortError' || current !== generation) return;
      footer.replaceChildren(problemBox(error), h('button', { type: 'button', click: load }, t('log.retry')));
    }
  };
  const restart = () => {
    generation += 1;
    page = 1;
    entries.replaceChildren();
    return load();
  };
  return { element: h('section', { class: 'log' }, h('h3', null, title, ' ', total), head, entries, footer), load, restart };
}

/** Calls `run` once, when the element becomes visible. */
export function whenVisible(element, run, signal) {
  const observer = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    run();
  });
  observer.observe(element);
  signal.addEventListener('abort', () => observer.disconnect());
}
