// The table of jobs. Each row is created once; later renderings touch only what has changed.

import { asChain, groupChains } from '../chains.js';
import { $, h, setAttribute, setText } from '../dom.js';
import {
  durationOf, errorCount, formatDuration, formatFullTime, formatShortTime, nameParts, nextRunTime, plural, startTime, statusOf, typeLabel,
  warningCount,
} from '../format.js';
import { actionButtons, offeredActions } from './actions.js';

/** Name, label and CSS class of each column. */
const COLUMNS = [
  ['kind', 'Type'], ['name', 'Name'], ['started', 'Started'], ['progress', 'Progress'], ['warnings', 'Warnings', 'num'],
  ['errors', 'Errors', 'num'], ['duration', 'Duration', 'num'], ['status', 'Status'], ['by', 'Submitted by'],
];
const LABELS = new Map(COLUMNS);
const TEXT_COLUMNS = ['kind', 'name', 'status', 'by'];
/** Rows shown at first, and added each time the user scrolls to the end. */
const PAGE_SIZE = 200;
/** Distance to the end of the table at which more rows are added. */
const SCROLL_MARGIN = '600px';

/** The first and the second sort order of a column: text ascending first, numbers and times descending first. */
const sortOrders = (name) => (TEXT_COLUMNS.includes(name) ? [name, `-${name}`] : [`-${name}`, name]);

class JobRow {
  job = null;
  #chain = '';

  /** `onUnfold` is called with a job whose follow-on jobs are to be shown, or hidden. */
  constructor(onOpen, confirmAction, onUnfold) {
    this.confirmAction = confirmAction;
    const cell = (name, ...children) => h('td', { role: 'cell', class: name, 'data-label': LABELS.get(name) }, ...children);
    this.name = h('button', { type: 'button', class: 'link', click: () => onOpen(this.job) });
    this.unfold = h('button', { type: 'button', class: 'unfold', click: () => onUnfold(this.job) });
    this.suffix = h('span', { class: 'suffix' });
    this.message = h('span', { class: 'message' });
    this.kind = cell('kind');
    this.started = h('time');
    this.bar = h('progress', { max: 100 });
    this.percent = h('span', { class: 'percent' });
    this.warnings = cell('warnings');
    this.errors = cell('errors');
    this.duration = cell('duration');
    this.status = h('span', { class: 'pill' });
    this.by = h('span');
    this.buttons = cell('actions');
    this.element = h('tr', {
      role: 'row',
      click: (event) => {
        // For the mouse only: keyboard and screen reader users open the job by the button with its name.
        if (!event.target.closest('button, a') && getSelection().isCollapsed) onOpen(this.job);
      },
    }, this.kind, cell('name', this.unfold, this.name, this.suffix, this.message), cell('started', this.started), cell('progress', this.bar, this.percent),
    this.warnings, this.errors, this.duration, cell('status', this.status), cell('by', this.by), this.buttons);
  }

  /** `followOns` is the number of follow-on jobs in the table; `isUnfolded` tells whether they have rows, `isFollowOn` whether the job is one. */
  render(job, now, { followOns = 0, isUnfolded = false, isFollowOn = false }) {
    const chain = `${followOns} ${isUnfolded} ${isFollowOn}`;
    if (job !== this.job || chain !== this.#chain) {
      this.#renderJob(job, now, isUnfolded ? job : asChain(job));
      this.#chain = chain;
      this.unfold.hidden = followOns === 0;
      setText(this.unfold, followOns.toLocaleString());
      setAttribute(this.unfold, 'aria-expanded', String(isUnfolded));
      setAttribute(this.unfold, 'aria-label', `${plural(followOns, 'follow-on job', 'follow-on jobs')} of ${nameParts(job)[0]}`);
      setAttribute(this.element, 'data-follow-on', isFollowOn ? '' : null);
    }
    this.renderDuration(job, now);
  }

  renderDuration(job, now) {
    const duration = durationOf(job, now);
    setText(this.duration, duration === null ? '–' : formatDuration(duration));
    setAttribute(this.duration, 'data-unknown', duration === null ? '' : null);
  }

  /** `shown` has the status and progress to show: those of the job or of its chain. */
  #renderJob(job, now, shown) {
    const previous = this.job;
    this.job = job;
    const [name, suffix] = nameParts(job);
    setAttribute(this.element, 'data-id', job.id);
    setText(this.kind, typeLabel(job));
    setText(this.name, name || '(no name)');
    setText(this.suffix, suffix);
    setText(this.message, job.phase === 'active' ? (job.progressMessage ?? '') : (job.description ?? ''));
    this.#renderTime(job, now);
    this.#renderProgress(shown);
    this.#renderCount(this.warnings, warningCount(job), 'warning');
    this.#renderCount(this.errors, errorCount(job), 'danger');
    const [tone, label] = statusOf(shown);
    setText(this.status, label);
    setAttribute(this.status, 'data-tone', tone);
    setAttribute(this.status, 'title', shown === job ? null : `With its follow-on jobs; the job itself: ${statusOf(job)[1]}`);
    const by = job.submittedBy ?? '–';
    setText(this.by, by);
    setAttribute(this.by, 'title', by);
    if (!previous || offeredActions(previous).join() !== offeredActions(job).join()) {
      this.buttons.replaceChildren(...actionButtons(job, (_, action) => this.confirmAction(this.job, action), { iconOnly: true }));
    }
  }

  #renderTime(job, now) {
    const time = job.phase === 'scheduled' ? nextRunTime(job) : startTime(job);
    setText(this.started, time === null ? '–' : job.phase === 'scheduled' ? `next ${formatShortTime(time, now)}` : formatShortTime(time, now));
    setAttribute(this.started, 'datetime', time === null ? null : new Date(time).toISOString());
    setAttribute(this.started, 'title', time === null ? null : formatFullTime(time));
  }

  #renderProgress(job) {
    // `undefined` shows an indeterminate progress bar, `null` none.
    const percent = job.percent ?? (job.phase === 'active' ? undefined : null);
    this.bar.hidden = percent === null;
    setAttribute(this.bar, 'value', percent);
    setAttribute(this.bar, 'aria-label', `Progress of ${nameParts(job)[0]}`);
    setAttribute(this.bar, 'data-tone', job.phase === 'completed' ? statusOf(job)[0] : 'active');
    setText(this.percent, percent === null ? '–' : percent === undefined ? '' : `${percent} %`);
  }

  #renderCount(cell, count, tone) {
    setText(cell, count === null ? '–' : count.toLocaleString());
    setAttribute(cell, 'data-tone', count ? tone : null);
    setAttribute(cell, 'data-unknown', count === null ? '' : null);
  }
}

export class JobTable {
  #rows = new Map();
  /** Ids of the jobs whose follow-on jobs have rows. */
  #unfolded = new Set();
  #rowLimit = PAGE_SIZE;
  #observer;
  #jobs = [];
  #now = 0;

  /** `onSort` is called with a sort order, `onOpen` with a job, `confirmAction` with a job and an action. */
  constructor({ onSort, onOpen, confirmAction }) {
    this.onOpen = onOpen;
    this.confirmAction = confirmAction;
    this.body = $('rows');
    this.more = $('more');
    this.headers = COLUMNS.map(([name, label, className]) => {
      const button = h('button', { type: 'button', class: 'sort', click: () => onSort(this.#nextSort(name)) }, label);
      return h('th', { role: 'columnheader', scope: 'col', class: [name, className].filter(Boolean).join(' '), 'data-name': name }, button);
    });
    const actions = h('span', { class: 'visually-hidden' }, 'Actions');
    $('columns').append(...this.headers, h('th', { role: 'columnheader', scope: 'col', class: 'actions' }, actions));
    $('sort').append(...COLUMNS.flatMap(([name, label]) => {
      const [first, second] = sortOrders(name);
      return [h('option', { value: first }, label), h('option', { value: second }, `${label}, reversed`)];
    }));
    $('sort').addEventListener('change', () => onSort($('sort').value));
    this.more.addEventListener('click', () => this.#showMore());
    this.#observer = new IntersectionObserver(([entry]) => entry.isIntersecting && this.#showMore(), { rootMargin: SCROLL_MARGIN });
    this.#observer.observe(this.more);
  }

  #nextSort(name) {
    const [first, second] = sortOrders(name);
    return this.sort === first ? second : first;
  }

  #showMore() {
    if (this.#rowLimit >= this.#jobs.length) return;
    this.#rowLimit += PAGE_SIZE;
    this.render(this.#jobs, this.sort, this.#now);
    // Reports the position once more: an observer reports changes only, and the page may be at its new end before the next frame.
    this.#observer.unobserve(this.more);
    this.#observer.observe(this.more);
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
    const focused = document.activeElement;
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
    setText(this.more, `Show more of ${jobs.length.toLocaleString()} jobs`);
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
