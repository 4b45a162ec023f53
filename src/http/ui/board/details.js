// One job: how it is, its tasks while it runs, and its errors, warnings and log when it is completed.

import { actionButtons } from './actions.js';
import { get, now } from './api.js';
import { $, h, setText } from './dom.js';
import { problemBox } from './problem.js';
import { durationOf, endOf, errorsOf, fullTime, inWords, kindOf, nameOf, nextOf, plural, spaced, startOf, statusOf, warningsOf } from './words.js';

const PER_PAGE = 50;

export class Details {
  #job = null;
  #id = '';
  #abort = null;

  /** `find` gives a known job, `close` is called when the dialog was closed. */
  constructor({ find, close, ask }) {
    this.find = find;
    this.ask = ask;
    this.dialog = $('details');
    this.dialog.addEventListener('close', () => {
      this.#forget();
      close();
    });
    this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.dialog.close());
    $('details-close').addEventListener('click', () => this.dialog.close());
  }

  /** Shows the job of this id; of an empty one nothing. */
  async show(id) {
    if (id === this.#id) return;
    this.#forget();
    this.#id = id;
    if (!id) return this.dialog.close();
    $('details-body').replaceChildren(h('p', { class: 'quiet-text' }, 'Loading…'));
    $('details-actions').replaceChildren();
    setText($('details-name'), 'Job');
    setText($('details-kind'), '');
    if (!this.dialog.open) this.dialog.showModal();
    this.#abort = new AbortController();
    const known = this.find(id);
    if (known) return this.update(known);
    try {
      const { data } = await get(`jobs/${encodeURIComponent(id)}`, { signal: this.#abort.signal });
      this.update(data);
    } catch (error) {
      if (error.name !== 'AbortError') $('details-body').replaceChildren(problemBox(error));
    }
  }

  /** The job is now like this. */
  update(job) {
    if (job === undefined || job.id !== this.#id || job === this.#job) return;
    const before = this.#job;
    this.#job = job;
    const [tone, word] = statusOf(job);
    setText($('details-name'), nameOf(job).join(''));
    setText($('details-kind'), kindOf(job));
    setText($('details-status'), word);
    $('details-status').dataset.tone = tone;
    if (before?.actions.join() !== job.actions.join()) {
      $('details-actions').replaceChildren(...actionButtons(job, (_, action) => this.ask(this.#job, action), { isTerse: false }));
    }
    if (before?.phase !== job.phase) this.#layOut(job);
    this.top.replaceChildren(...[progress(job), counts(job)].filter(Boolean));
    const isOpen = this.about.querySelector('details')?.open;
    this.about.replaceChildren(...[facts(job), tasks(job), raw(job, isOpen)].filter(Boolean));
  }

  /** What went wrong stands before everything else. */
  #layOut(job) {
    this.top = h('div');
    this.about = h('div');
    const [problems, log] = job.phase === 'completed' ? this.#logOf(job) : [null, null];
    $('details-body').replaceChildren(...[this.top, problems, this.about, log].filter(Boolean));
  }

  #forget() {
    this.#abort?.abort();
    this.#job = null;
    this.#id = '';
  }

  #logOf(job) {
    const read = (query) => get(`jobs/${encodeURIComponent(job.id)}/log`, { query: { perPage: PER_PAGE, ...query }, signal: this.#abort.signal });
    // What ends a job as a whole is counted nowhere.
    const mayHave = (count) => count !== 0 || job.outcome !== 'succeeded';
    const levels = [['error', 'Errors', errorsOf(job)], ['warning', 'Warnings', warningsOf(job)]].filter(([, , count]) => mayHave(count));
    const problems = levels.map(([level, title]) => list(title, (page) => read({ level, page })));
    const good = h('p', { class: 'all-good' }, 'No errors and no warnings.');
    return [h('div', null, problems.length > 0 ? problems : good), list('Whole log', (page) => read({ page }))];
  }
}

function progress(job) {
  return job.phase === 'active' && h('section', { class: 'progress-large' },
    h('progress', { max: 100, value: job.percent, 'aria-label': 'Progress', 'data-tone': 'busy' }),
    h('span', { class: 'percent' }, job.percent === undefined ? '' : `${job.percent} %`),
    job.progressMessage && h('p', null, job.progressMessage));
}

/** Entries of the log under a heading, page by page. */
function list(title, read) {
  const entries = h('ol', { class: 'entries' });
  const figure = h('span', { class: 'figure' });
  const rest = h('div', { class: 'rest' }, h('p', { class: 'quiet-text' }, 'Loading…'));
  let page = 1;
  const load = async () => {
    try {
      const { data } = await read(page);
      entries.append(...data.entries.map(entry));
      setText(figure, data.total.toLocaleString());
      const left = data.total - entries.childElementCount;
      page += 1;
      rest.replaceChildren(...(left > 0 ? [h('button', { type: 'button', click: load }, `Show ${Math.min(left, data.perPage)} more of ${left}`)] : []));
      if (data.truncated) rest.append(h('p', { class: 'quiet-text' }, 'The log is longer than what was searched.'));
      if (data.total === 0) rest.append(h('p', { class: 'quiet-text' }, 'Nothing.'));
    } catch (error) {
      if (error.name === 'AbortError') return;
      rest.replaceChildren(problemBox(error), h('button', { type: 'button', click: load }, 'Try again'));
    }
  };
  load();
  return h('section', { class: 'log' }, h('h3', null, title, ' ', figure), entries, rest);
}

function entry({ level, logMessage, dateCreated, assetName, auxArray = [] }) {
  return h('li', { 'data-level': level },
    dateCreated && h('time', { datetime: dateCreated, title: fullTime(Date.parse(dateCreated)) }, new Date(dateCreated).toLocaleTimeString()),
    level !== 'info' && h('span', { class: 'level' }, level),
    h('span', { class: 'text' }, logMessage ?? assetName ?? '', auxArray.map((aux) => h('span', { class: 'aux' }, aux.logMessage))));
}

/** Name and value, as far as there is one. */
function facts(job) {
  const at = (moment) => moment !== null && h('time', { datetime: new Date(moment).toISOString() }, fullTime(moment));
  const duration = durationOf(job, now());
  const given = [
    ['Submitted by', job.submitUserEmail],
    [job.status === 'waiting' ? 'Starts about' : 'Started', at(startOf(job))],
    ['Ended', at(endOf(job))],
    ['Took', job.phase === 'completed' && duration !== null && inWords(duration)],
    ['Runs next', at(nextOf(job))],
    ['Schedule', job.execSchedule && h('code', null, job.execSchedule)],
    ['Time zone', job.timeZone],
    ['Description', job.description],
    ['Server', job.serverName],
    ['Company', job.companyHandle],
    ['Job handle', h('code', null, job.jobHandle)],
    ['Id', h('code', null, job.id)],
  ];
  return h('dl', { class: 'facts' }, given.filter(([, value]) => value).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}

function counts(job) {
  const given = [
    ['Files', job.totalFileCount], ['Done', job.fileSuccessCount, 'good'], ['Errors', errorsOf(job), 'bad'],
    ['Warnings', warningsOf(job), 'warn'], ['Duplicates', job.fileDuplicateCount], ['Updated', job.fileUpdateCount],
  ].filter(([, count]) => typeof count === 'number');
  return job.phase === 'completed' && given.length > 0 && h('ul', { class: 'counts' }, given.map(([name, count, tone]) =>
    h('li', { 'data-tone': count > 0 ? tone : null }, h('strong', null, count.toLocaleString()), ' ', name)));
}

function tasks(job) {
  const all = job.taskProgressArray ?? [];
  const name = (type = 'Task') => spaced(type.split('.').at(-1).replace(/(Async)?(TaskMonitor|Task)$/, '')) || 'Task';
  return all.length > 0 && h('section', { class: 'tasks' }, h('h3', null, 'Tasks'), h('ul', null, all.map((task) => {
    const share = task.progress === undefined ? undefined : Math.round(task.progress * 100);
    const left = (task.numPending ?? 0) + (task.numProcessing ?? 0);
    return h('li', null,
      h('span', { class: 'task-name' }, name(task.taskType)),
      h('progress', { max: 100, value: share, 'aria-label': name(task.taskType), 'data-tone': task.taskState === 'Failed' ? 'bad' : share === 100 ? 'good' : 'busy' }),
      h('span', { class: 'fine' }, [task.taskState, `${plural(task.numProcessed ?? 0, 'file', 'files')} done`, left > 0 && `${left} left`].filter(Boolean).join(' · ')),
      task.progressMessage && h('span', { class: 'fine' }, task.progressMessage));
  })));
}

function raw(job, isOpen) {
  return h('details', { class: 'raw', open: isOpen }, h('summary', null, 'All fields, as the API gives them'), h('pre', { tabindex: '0', 'aria-label': 'The job as JSON' }, JSON.stringify(job, null, 2)));
}
