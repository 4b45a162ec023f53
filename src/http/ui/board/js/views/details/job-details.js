// Details dialog of one job: status and actions, tasks while it is active, errors, warnings, results and log once it is completed.

import { get } from '../../api.js';
import { $, h, setText } from '../../dom.js';
import { errorCount, nameParts, statusOf, typeLabel, warningCount } from '../../format.js';
import { t } from '../../texts.js';
import { actionButtons, offeredActions } from '../actions.js';
import { copyMenu } from '../copy.js';
import { problemBox } from '../problem-box.js';
import { logSection } from './log.js';
import { fileCounts, progressBar, propertyList, rawJson, taskList } from './properties.js';
import { relatedJobs } from './related-jobs.js';
import { resultsSection } from './results.js';

export class JobDetails {
  #job = null;
  #id = '';
  #requests = null;

  /** `findJob` returns the known job of an id; `onOpen` is called with a job to open in its place, `confirmAction` with a job and an action. */
  constructor({ findJob, onClose, onOpen, confirmAction }) {
    this.findJob = findJob;
    this.onOpen = onOpen;
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
    $('details-body').replaceChildren(h('p', { class: 'muted' }, t('details.loading')));
    $('details-actions').replaceChildren();
    $('details-menu').replaceChildren();
    setText($('details-name'), t('details.job'));
    setText($('details-kind'), '');
    setText($('details-status'), '');
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
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
    const related = relatedJobs(job, { findJob: this.findJob, onOpen: this.onOpen });
    const focused = this.properties.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    this.properties.replaceChildren(...[related, propertyList(job), taskList(job), rawJson(job, isOpen)].filter(Boolean));
    // A link that has the focus keeps it, although it is a new one.
    if (focused) this.properties.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  /** Errors and warnings of a completed job come before its properties, its results and the full log last. */
  #renderSections(job) {
    this.summary = h('div');
    this.properties = h('div');
    const isCompleted = job.phase === 'completed';
    const { signal } = this.#requests;
    $('details-body').replaceChildren(...[
      this.summary, isCompleted && this.#problems(job, signal), this.properties, isCompleted && resultsSection(job, signal),
      isCompleted && logSection({ job, title: t('log.full'), signal, hasDownload: true }),
    ].filter(Boolean));
  }

  #problems(job, signal) {
    // Only files are counted: an error that ended the whole job is in the log without being in the counts.
    const mayExist = (count) => count !== 0 || job.outcome !== 'succeeded';
    const levels = [['error', t('log.errors'), errorCount(job)], ['warning', t('log.warnings'), warningCount(job)]].filter(([, , count]) => mayExist(count));
    const sections = levels.map(([level, title]) => logSection({ job, title, query: { level }, signal, hasDownload: false }));
    return h('div', null, sections.length > 0 ? sections : h('p', { class: 'success-note' }, t('log.noProblems')));
  }

  #reset() {
    this.#requests?.abort();
    this.#job = null;
    this.#id = '';
  }
}
