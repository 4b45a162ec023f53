// One row of the table of jobs. It is created once; later renderings touch only what has changed.

import { asChain } from '../jobs/chains.js';
import { h, icon, setAttribute, setText } from '../dom.js';
import {
  durationOf, errorCount, formatDuration, formatFullTime, formatPercent, formatShortTime, nameParts, nextRunTime, startTime, statusOf, typeLabel,
  warningCount,
} from '../format.js';
import { formatNumber, t } from '../texts.js';
import { actionButtons, offeredActions } from './actions.js';
import { copyMenu, isPlainClick, jobAddress } from './copy.js';
import { watch } from './watch/watched-jobs.js';

export class JobRow {
  job = null;
  #state = '';

  /** `onUnfold` is called with a job whose follow-on jobs are to be shown, or hidden. */
  constructor(onOpen, confirmAction, onUnfold) {
    this.confirmAction = confirmAction;
    const cell = (/** @type {import('./job-table.js').Column | 'actions'} */ name, ...children) => h('td', { role: 'cell', class: name, 'data-label': t(`column.${name}`) }, ...children);
    this.name = h('a', {
      class: 'link',
      click: (event) => {
        if (!isPlainClick(event)) return;
        event.preventDefault();
        onOpen(this.job);
      },
    });
    this.unfold = h('button', { type: 'button', class: 'unfold', click: () => onUnfold(this.job) });
    this.watched = h('span', { class: 'watched', role: 'img', 'aria-label': t('list.watched'), title: t('list.watched') }, icon('bell'));
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
        // For the mouse only: keyboard and screen reader users open the job by the link with its name.
        if (!event.target.closest('button, a') && getSelection().isCollapsed) onOpen(this.job);
      },
    }, this.kind, cell('name', this.unfold, this.name, this.suffix, this.watched, this.message), cell('started', this.started),
    cell('progress', this.bar, this.percent), this.warnings, this.errors, this.duration, cell('status', this.status), cell('by', this.by), this.buttons);
  }

  /** `followOns` is the number of follow-on jobs in the table; `isUnfolded` tells whether they have rows, `isFollowOn` whether the job is one. */
  render(job, now, { followOns = 0, isUnfolded = false, isFollowOn = false }) {
    const isWatched = watch.has(job.id);
    const state = `${followOns} ${isUnfolded} ${isFollowOn} ${isWatched}`;
    if (job !== this.job || state !== this.#state) {
      this.#renderJob(job, now, isUnfolded ? job : asChain(job));
      this.#state = state;
      this.watched.hidden = !isWatched;
      this.unfold.hidden = followOns === 0;
      setText(this.unfold, formatNumber(followOns));
      setAttribute(this.unfold, 'aria-expanded', String(isUnfolded));
      setAttribute(this.unfold, 'aria-label', t('list.followOns', { count: followOns, name: nameParts(job)[0] }));
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
    setText(this.name, name || t('list.noName'));
    setAttribute(this.name, 'href', jobAddress(job));
    setText(this.suffix, suffix);
    setText(this.message, job.phase === 'active' ? (job.progressMessage ?? '') : (job.description ?? ''));
    this.#renderTime(job, now);
    this.#renderProgress(shown);
    this.#renderCount(this.warnings, warningCount(job), 'warning');
    this.#renderCount(this.errors, errorCount(job), 'danger');
    const [tone, label] = statusOf(shown);
    setText(this.status, label);
    setAttribute(this.status, 'data-tone', tone);
    setAttribute(this.status, 'title', shown === job ? null : t('list.chainStatus', { status: statusOf(job)[1] }));
    const by = job.submittedBy ?? '–';
    setText(this.by, by);
    setAttribute(this.by, 'title', by);
    if (!previous || offeredActions(previous).join() !== offeredActions(job).join()) {
      const buttons = actionButtons(job, (_, action) => this.confirmAction(this.job, action), { iconOnly: true });
      this.buttons.replaceChildren(...buttons, copyMenu(() => this.job));
    }
  }

  #renderTime(job, now) {
    const isScheduled = job.phase === 'scheduled';
    const time = isScheduled ? nextRunTime(job) : startTime(job);
    const text = time === null ? '–' : formatShortTime(time, now);
    setText(this.started, isScheduled && time !== null ? t('list.next', { time: text }) : text);
    setAttribute(this.started, 'datetime', time === null ? null : new Date(time).toISOString());
    setAttribute(this.started, 'title', time === null ? null : formatFullTime(time));
  }

  #renderProgress(job) {
    // `undefined` shows an indeterminate progress bar, `null` none.
    const percent = job.percent ?? (job.phase === 'active' ? undefined : null);
    this.bar.hidden = percent === null;
    setAttribute(this.bar, 'value', percent);
    setAttribute(this.bar, 'aria-label', t('list.progressOf', { name: nameParts(job)[0] }));
    setAttribute(this.bar, 'data-tone', job.phase === 'completed' ? statusOf(job)[0] : 'active');
    setText(this.percent, percent === null ? '–' : percent === undefined ? '' : formatPercent(percent));
  }

  #renderCount(cell, count, tone) {
    setText(cell, count === null ? '–' : formatNumber(count));
    setAttribute(cell, 'data-tone', count ? tone : null);
    setAttribute(cell, 'data-unknown', count === null ? '' : null);
  }
}
