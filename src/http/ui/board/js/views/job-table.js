// The table of jobs: its headers, its rows, and more of them as the user scrolls.

import { groupChains } from '../chains.js';
import { $, h, setAttribute, setText } from '../dom.js';
import { onLanguage, t } from '../texts.js';
import { JobRow } from './job-row.js';

/** @typedef {'kind' | 'name' | 'started' | 'progress' | 'warnings' | 'errors' | 'duration' | 'status' | 'by'} Column */
/**
 * Columns in their order.
 * @type {Column[]}
 */
const COLUMNS = ['kind', 'name', 'started', 'progress', 'warnings', 'errors', 'duration', 'status', 'by'];
const NUMBER_COLUMNS = ['warnings', 'errors', 'duration'];
const TEXT_COLUMNS = ['kind', 'name', 'status', 'by'];
/** Rows shown at first, and added each time the user scrolls to the end. */
const PAGE_SIZE = 200;
/** Distance to the end of the table at which more rows are added. */
const SCROLL_MARGIN = '600px';

/** The first and the second sort order of a column: text ascending first, numbers and times descending first. */
const sortOrders = (name) => (TEXT_COLUMNS.includes(name) ? [name, `-${name}`] : [`-${name}`, name]);

/** Calls `run` when the element comes near the visible part of the page; the result calls it once more if it is still there. */
export function whenNear(element, run) {
  const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && run(), { rootMargin: SCROLL_MARGIN });
  observer.observe(element);
  // An observer reports changes only, and the page may be at its new end before the next frame.
  return () => {
    observer.unobserve(element);
    observer.observe(element);
  };
}

export class JobTable {
  #rows = new Map();
  /** Ids of the jobs whose follow-on jobs have rows. */
  #unfolded = new Set();
  #rowLimit = PAGE_SIZE;
  #observeAgain;
  #jobs = [];
  #now = 0;

  /** `onSort` is called with a sort order, `onOpen` with a job, `confirmAction` with a job and an action. */
  constructor({ onSort, onOpen, confirmAction }) {
    this.onOpen = onOpen;
    this.onSort = onSort;
    this.confirmAction = confirmAction;
    this.body = $('rows');
    this.more = $('more');
    onLanguage(() => this.#renderHeaders());
    $('sort').addEventListener('change', () => onSort($('sort').value));
    this.more.addEventListener('click', () => this.#showMore());
    this.#observeAgain = whenNear(this.more, () => this.#showMore());
  }

  /** Rows are built again: their labels are in the former language. */
  #renderHeaders() {
    this.headers = COLUMNS.map((name) => {
      const button = h('button', { type: 'button', class: 'sort', click: () => this.onSort(this.#nextSort(name)) }, t(`column.${name}`));
      return h('th', { role: 'columnheader', scope: 'col', class: NUMBER_COLUMNS.includes(name) ? `${name} num` : name, 'data-name': name }, button);
    });
    const actions = h('span', { class: 'visually-hidden' }, t('column.actions'));
    $('columns').replaceChildren(...this.headers, h('th', { role: 'columnheader', scope: 'col', class: 'actions' }, actions));
    $('sort').replaceChildren(...COLUMNS.flatMap((name) => {
      const [first, second] = sortOrders(name);
      const label = t(`column.${name}`);
      return [h('option', { value: first }, label), h('option', { value: second }, t('filter.sortReversed', { column: label }))];
    }));
    for (const row of this.#rows.values()) row.element.remove();
    this.#rows.clear();
    if (this.sort) {
      this.#renderSort(this.sort);
      this.render(this.#jobs, this.sort, this.#now);
    }
  }

  #nextSort(name) {
    const [first, second] = sortOrders(name);
    return this.sort === first ? second : first;
  }

  #showMore() {
    if (this.more.hidden) return;
    this.#rowLimit += PAGE_SIZE;
    this.render(this.#jobs, this.sort, this.#now);
    this.#observeAgain();
  }

  render(jobs, sort, now) {
    this.#jobs = jobs;
    this.#now = now;
    if (sort !== this.sort) this.#renderSort(sort);
    const { roots, followOns } = groupChains(jobs);
    const shown = roots.slice(0, this.#rowLimit).flatMap((job) => {
      const children = followOns.get(job.id) ?? [];
      const isUnfolded = children.length > 0 && this.#unfolded.has(job.id);
      return [[job, { followOns: children.length, isUnfolded }], ...(isUnfolded ? children.map((child) => [child, { isFollowOn: true }]) : [])];
    });
    const shownIds = new Set(shown.map(([job]) => job.id));
    for (const [id, row] of this.#rows) {
      if (!shownIds.has(id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    }
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    let next = this.body.firstElementChild;
    for (const [job, chain] of shown) {
      let row = this.#rows.get(job.id);
      if (!row) this.#rows.set(job.id, (row = new JobRow(this.onOpen, this.confirmAction, (unfolded) => this.#toggle(unfolded))));
      row.render(job, now, chain);
      if (row.element === next) next = next.nextElementSibling;
      else this.body.insertBefore(row.element, next);
    }
    // Moving a row in the document removes the focus from it.
    if (focused !== document.activeElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
    this.more.hidden = roots.length <= this.#rowLimit;
    setText(this.more, t('list.more', { count: jobs.length }));
  }

  /** Updates the durations of active jobs. */
  tick(now) {
    for (const row of this.#rows.values()) if (row.job.phase === 'active') row.renderDuration(row.job, now);
  }

  #toggle(job) {
    if (!this.#unfolded.delete(job.id)) this.#unfolded.add(job.id);
    this.render(this.#jobs, this.sort, this.#now);
  }

  #renderSort(sort) {
    this.sort = sort;
    const sorted = sort.replace(/^-/, '');
    for (const header of this.headers) {
      const isSorted = header.dataset.name === sorted;
      setAttribute(header, 'aria-sort', isSorted ? (sort.startsWith('-') ? 'descending' : 'ascending') : null);
    }
    $('sort').value = sort;
  }
}
