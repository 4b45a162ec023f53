// The table of jobs. A row is made once; after that only what has changed in it is touched.

import { actionButtons } from './actions.js';
import { $, h, setAttribute, setText } from './dom.js';
import {
  durationOf, errorsOf, fullTime, inWords, kindOf, nameOf, nextOf, shortTime, startOf, statusOf, warningsOf,
} from './words.js';

const COLUMNS = [
  ['kind', 'Type'], ['name', 'Name'], ['started', 'Started'], ['progress', 'Progress'], ['warnings', 'Warnings', 'num'],
  ['errors', 'Errors', 'num'], ['duration', 'Duration', 'num'], ['status', 'Status'], ['by', 'Submitted by'],
];
/** So many rows are shown at first, and so many more each time. */
const PORTION = 200;

/** Numbers and times begin with the largest, words with A. */
const startsDown = (name) => !['kind', 'name', 'status', 'by'].includes(name);

class Row {
  job = null;

  constructor(open, ask) {
    this.ask = ask;
    const cell = (name, ...children) => h('td', { role: 'cell', class: name, 'data-label': COLUMNS.find(([key]) => key === name)?.[1] }, ...children);
    this.name = h('button', { type: 'button', class: 'link', click: () => open(this.job) });
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
        // A click on the row is a convenience; keys and screen readers have the button with the name.
        if (!event.target.closest('button, a') && getSelection().isCollapsed) open(this.job);
      },
    }, this.kind, cell('name', this.name, this.suffix, this.message), cell('started', this.started), cell('progress', this.bar, this.percent),
    this.warnings, this.errors, this.duration, cell('status', this.status), cell('by', this.by), this.buttons);
  }

  show(job, now) {
    if (job !== this.job) this.#fill(job, now);
    const duration = durationOf(job, now);
    setText(this.duration, duration === null ? '–' : inWords(duration));
    setAttribute(this.duration, 'data-unknown', duration === null ? '' : null);
  }

  #fill(job, now) {
    const before = this.job;
    this.job = job;
    const [name, suffix] = nameOf(job);
    setAttribute(this.element, 'data-id', job.id);
    setText(this.kind, kindOf(job));
    setText(this.name, name || '(no name)');
    setText(this.suffix, suffix);
    setText(this.message, job.phase === 'active' ? (job.progressMessage ?? '') : (job.description ?? ''));
    this.#fillTime(job, now);
    this.#fillProgress(job);
    this.#fillCount(this.warnings, warningsOf(job), 'warn');
    this.#fillCount(this.errors, errorsOf(job), 'bad');
    const [tone, word] = statusOf(job);
    setText(this.status, word);
    setAttribute(this.status, 'data-tone', tone);
    const by = job.submitUserEmail ?? '–';
    setText(this.by, by);
    setAttribute(this.by, 'title', by);
    if (before?.actions.join() !== job.actions.join()) this.buttons.replaceChildren(...actionButtons(job, (_, action) => this.ask(this.job, action), { isTerse: true }));
  }

  #fillTime(job, now) {
    const at = job.phase === 'scheduled' ? nextOf(job) : startOf(job);
    setText(this.started, at === null ? '–' : job.phase === 'scheduled' ? `next ${shortTime(at, now)}` : shortTime(at, now));
    setAttribute(this.started, 'datetime', at === null ? null : new Date(at).toISOString());
    setAttribute(this.started, 'title', at === null ? null : fullTime(at));
  }

  #fillProgress(job) {
    // Nobody knows how far an active job is without a percentage; others have none.
    const percent = job.percent ?? (job.phase === 'active' ? undefined : null);
    this.bar.hidden = percent === null;
    setAttribute(this.bar, 'value', percent);
    setAttribute(this.bar, 'aria-label', `Progress of ${nameOf(job)[0]}`);
    setAttribute(this.bar, 'data-tone', job.phase === 'completed' ? statusOf(job)[0] : 'busy');
    setText(this.percent, percent === null ? '–' : percent === undefined ? '' : `${percent} %`);
  }

  #fillCount(cell, count, tone) {
    setText(cell, count === null ? '–' : count.toLocaleString());
    setAttribute(cell, 'data-tone', count ? tone : null);
    setAttribute(cell, 'data-unknown', count === null ? '' : null);
  }
}

export class Table {
  #rows = new Map();
  #shown = PORTION;
  #jobs = [];
  #now = 0;

  /** `sort` is called with a new order, `open` with a job, `ask` with a job and an action. */
  constructor({ sort, open, ask }) {
    this.open = open;
    this.ask = ask;
    this.body = $('rows');
    this.more = $('more');
    this.headers = COLUMNS.map(([name, label, kind]) => {
      const button = h('button', { type: 'button', class: 'sort', click: () => sort(this.#next(name)) }, label);
      return h('th', { role: 'columnheader', scope: 'col', class: [name, kind].filter(Boolean).join(' '), 'data-name': name }, button);
    });
    $('columns').append(...this.headers, h('th', { role: 'columnheader', scope: 'col', class: 'actions' }, h('span', { class: 'unseen' }, 'Actions')));
    $('sort').append(...COLUMNS.flatMap(([name, label]) => [
      h('option', { value: startsDown(name) ? `-${name}` : name }, label),
      h('option', { value: startsDown(name) ? name : `-${name}` }, `${label}, reversed`),
    ]));
    $('sort').addEventListener('change', () => sort($('sort').value));
    this.more.addEventListener('click', () => this.#showMore());
    new IntersectionObserver(([entry]) => entry.isIntersecting && this.#showMore(), { rootMargin: '600px' }).observe(this.more);
  }

  #next(name) {
    const first = startsDown(name) ? `-${name}` : name;
    return this.sort === first ? (startsDown(name) ? name : `-${name}`) : first;
  }

  #showMore() {
    if (this.#shown >= this.#jobs.length) return;
    this.#shown += PORTION;
    this.render(this.#jobs, this.sort, this.#now);
  }

  render(jobs, sort, now) {
    this.#jobs = jobs;
    this.#now = now;
    if (sort !== this.sort) this.#showSort(sort);
    const shown = jobs.slice(0, this.#shown);
    const wanted = new Set(shown.map((job) => job.id));
    for (const [id, row] of this.#rows) {
      if (!wanted.has(id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    }
    const focused = document.activeElement;
    let next = this.body.firstElementChild;
    for (const job of shown) {
      let row = this.#rows.get(job.id);
      if (!row) this.#rows.set(job.id, (row = new Row(this.open, this.ask)));
      row.show(job, now);
      if (row.element === next) next = next.nextElementSibling;
      else this.body.insertBefore(row.element, next);
    }
    // A row that moves loses the focus.
    if (focused !== document.activeElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
    this.more.hidden = jobs.length <= this.#shown;
    setText(this.more, `Show more of ${jobs.length.toLocaleString()} jobs`);
  }

  /** Time goes on for jobs that run. */
  tick(now) {
    for (const row of this.#rows.values()) if (row.job.phase === 'active') row.show(row.job, now);
  }

  #showSort(sort) {
    this.sort = sort;
    const name = sort.replace(/^-/, '');
    for (const header of this.headers) {
      const isIt = header.dataset.name === name;
      setAttribute(header, 'aria-sort', isIt ? (sort.startsWith('-') ? 'descending' : 'ascending') : null);
    }
    $('sort').value = sort;
  }
}
