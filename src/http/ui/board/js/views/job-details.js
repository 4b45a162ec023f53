// Details dialog of one job: status and actions, tasks while it is active, errors, warnings and log once it is completed.

import { get, now } from '../api.js';
import { $, h, setText } from '../dom.js';
import {
  durationOf, endTime, errorCount, formatDuration, formatFullTime, humanize, nameParts, nextRunTime, plural, startTime, statusOf, typeLabel,
  warningCount,
} from '../format.js';
import { actionButtons, offeredActions } from './actions.js';
import { copyMenu } from './copy.js';
import { problemBox } from './problem-box.js';

/** Log entries per page. */
const PER_PAGE = 50;

export class JobDetails {
  #job = null;
  #id = '';
  #requests = null;

  /** `findJob` returns the known job of an id; `confirmAction` is called with a job and an action. */
  constructor({ findJob, onClose, confirmAction }) {
    this.findJob = findJob;
    this.confirmAction = confirmAction;
    this.dialog = $('details');
    this.dialog.addEventListener('close', () => {
      this.#reset();
      onClose();
    });
    this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.dialog.close());
    $('details-close').addEventListener('click', () => this.dialog.close());
  }

  /** Opens the dialog for the job of this id; an empty id closes it. */
  async show(id) {
    if (id === this.#id) return;
    this.#reset();
    this.#id = id;
    if (!id) return this.dialog.close();
    $('details-body').replaceChildren(h('p', { class: 'muted' }, 'Loading…'));
    $('details-actions').replaceChildren();
    $('details-menu').replaceChildren();
    setText($('details-name'), 'Job');
    setText($('details-kind'), '');
    if (!this.dialog.open) this.dialog.showModal();
    this.#requests = new AbortController();
    const known = this.findJob(id);
    if (known) return this.update(known);
    try {
      const { data } = await get(`jobs/${encodeURIComponent(id)}`, { signal: this.#requests.signal });
      this.update(data);
    } catch (error) {
      if (error.name !== 'AbortError') $('details-body').replaceChildren(problemBox(error));
    }
  }

  /** Renders a new state of the job; other jobs and `undefined` are ignored. */
  update(job) {
    if (job === undefined || job.id !== this.#id || job === this.#job) return;
    const previous = this.#job;
    this.#job = job;
    const [tone, label] = statusOf(job);
    setText($('details-name'), nameParts(job).join(''));
    setText($('details-kind'), typeLabel(job));
    setText($('details-status'), label);
    $('details-status').dataset.tone = tone;
    if (!previous || offeredActions(previous).join() !== offeredActions(job).join()) {
      $('details-actions').replaceChildren(...actionButtons(job, (_, action) => this.confirmAction(this.#job, action), { iconOnly: false }));
    }
    if (!previous) $('details-menu').replaceChildren(copyMenu(() => this.#job));
    if (previous?.phase !== job.phase) this.#renderSections(job);
    this.summary.replaceChildren(...[progressBar(job), fileCounts(job)].filter(Boolean));
    const isOpen = this.properties.querySelector('details')?.open;
    this.properties.replaceChildren(...[propertyList(job), taskList(job), rawJson(job, isOpen)].filter(Boolean));
  }

  /** Errors and warnings of a completed job come before its properties, the full log last. */
  #renderSections(job) {
    this.summary = h('div');
    this.properties = h('div');
    const [problems, log] = job.phase === 'completed' ? this.#logSections(job) : [null, null];
    $('details-body').replaceChildren(...[this.summary, problems, this.properties, log].filter(Boolean));
  }

  #reset() {
    this.#requests?.abort();
    this.#job = null;
    this.#id = '';
  }

  #logSections(job) {
    const { signal } = this.#requests;
    const readPage = (query) => get(`jobs/${encodeURIComponent(job.id)}/log`, { query: { perPage: PER_PAGE, ...query }, signal });
    // Only files are counted: an error that ended the whole job is in the log without being in the counts.
    const mayExist = (count) => count !== 0 || job.outcome !== 'succeeded';
    const levels = [['error', 'Errors', errorCount(job)], ['warning', 'Warnings', warningCount(job)]].filter(([, , count]) => mayExist(count));
    const problems = levels.map(([level, title]) => logSection(title, (page) => readPage({ level, page })));
    const noProblems = h('p', { class: 'success-note' }, 'No errors or warnings.');
    return [h('div', null, problems.length > 0 ? problems : noProblems), logSection('Full log', (page) => readPage({ page }))];
  }
}

function progressBar(job) {
  return job.phase === 'active' && h('section', { class: 'progress-large' },
    h('progress', { max: 100, value: job.percent, 'aria-label': 'Progress', 'data-tone': 'active' }),
    h('span', { class: 'percent' }, job.percent === undefined ? '' : `${job.percent} %`),
    job.progressMessage && h('p', null, job.progressMessage));
}

/** Log entries under a heading, loaded page by page. */
function logSection(title, readPage) {
  const entries = h('ol', { class: 'entries' });
  const total = h('span', { class: 'figure' });
  const footer = h('div', { class: 'log-footer' }, h('p', { class: 'muted' }, 'Loading…'));
  let page = 1;
  const load = async () => {
    try {
      const { data } = await readPage(page);
      entries.append(...data.entries.map(logEntry));
      setText(total, data.total.toLocaleString());
      const remaining = data.total - entries.childElementCount;
      page += 1;
      footer.replaceChildren(...(remaining > 0 ? [h('button', { type: 'button', click: load }, `Show ${Math.min(remaining, data.perPage)} more of ${remaining}`)] : []));
      if (data.truncated) footer.append(h('p', { class: 'muted' }, 'Only the beginning of this long log was searched.'));
      if (data.total === 0) footer.append(h('p', { class: 'muted' }, 'No entries.'));
    } catch (error) {
      if (error.name === 'AbortError') return;
      footer.replaceChildren(problemBox(error), h('button', { type: 'button', click: load }, 'Try again'));
    }
  };
  load();
  return h('section', { class: 'log' }, h('h3', null, title, ' ', total), entries, footer);
}

function logEntry({ level, logMessage, dateCreated, assetName, auxArray = [] }) {
  return h('li', { 'data-level': level },
    dateCreated && h('time', { datetime: dateCreated, title: formatFullTime(Date.parse(dateCreated)) }, new Date(dateCreated).toLocaleTimeString()),
    level !== 'info' && h('span', { class: 'level' }, level),
    h('span', { class: 'text' }, logMessage ?? assetName ?? '', auxArray.map((aux) => h('span', { class: 'aux' }, aux.logMessage))));
}

/** Names and values; properties without a value are left out. */
function propertyList(job) {
  const time = (value) => value !== null && h('time', { datetime: new Date(value).toISOString() }, formatFullTime(value));
  const duration = durationOf(job, now());
  const properties = [
    ['Submitted by', job.submittedBy],
    [job.status === 'waiting' ? 'Expected start' : 'Started', time(startTime(job))],
    ['Ended', time(endTime(job))],
    ['Duration', job.phase === 'completed' && duration !== null && formatDuration(duration)],
    ['Next run', time(nextRunTime(job))],
    ['Schedule', job.execSchedule && h('code', null, job.execSchedule)],
    ['Time zone', job.timeZone],
    ['Description', job.description],
    ['Server', job.serverName],
    ['Company', job.companyHandle],
    ['Job handle', h('code', null, job.jobHandle)],
    ['Id', h('code', null, job.id)],
  ];
  return h('dl', { class: 'properties' },
    properties.filter(([, value]) => value).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}

function fileCounts(job) {
  const counts = [
    ['Files', job.totalFileCount], ['Succeeded', job.fileSuccessCount, 'success'], ['Errors', errorCount(job), 'danger'],
    ['Warnings', warningCount(job), 'warning'], ['Duplicates', job.fileDuplicateCount], ['Updated', job.fileUpdateCount],
  ].filter(([, count]) => typeof count === 'number');
  return job.phase === 'completed' && counts.length > 0 && h('ul', { class: 'counts' }, counts.map(([name, count, tone]) =>
    h('li', { 'data-tone': count > 0 ? tone : null }, h('strong', null, count.toLocaleString()), ' ', name)));
}

function taskList(job) {
  const tasks = job.taskProgressArray ?? [];
  const name = (type = 'Task') => humanize(type.split('.').at(-1).replace(/(Async)?(TaskMonitor|Task)$/, '')) || 'Task';
  return tasks.length > 0 && h('section', { class: 'tasks' }, h('h3', null, 'Tasks'), h('ul', null, tasks.map((task) => {
    const percent = task.progress === undefined ? undefined : Math.round(task.progress * 100);
    const remaining = (task.numPending ?? 0) + (task.numProcessing ?? 0);
    const tone = task.taskState === 'Failed' ? 'danger' : percent === 100 ? 'success' : 'active';
    const done = `${plural(task.numProcessed ?? 0, 'file', 'files')} done`;
    return h('li', null,
      h('span', { class: 'task-name' }, name(task.taskType)),
      h('progress', { max: 100, value: percent, 'aria-label': name(task.taskType), 'data-tone': tone }),
      h('span', { class: 'fine-print' }, [task.taskState, done, remaining > 0 && `${remaining} left`].filter(Boolean).join(' · ')),
      task.progressMessage && h('span', { class: 'fine-print' }, task.progressMessage));
  })));
}

function rawJson(job, isOpen) {
  return h('details', { class: 'raw-json', open: isOpen },
    h('summary', null, 'All fields (JSON)'),
    h('pre', { tabindex: '0', 'aria-label': 'The job as JSON' }, JSON.stringify(job, null, 2)));
}
