// Job actions: buttons for the actions that the job offers, and the confirmation dialog that runs them.

import { send } from '../api.js';
import { $, h, icon } from '../dom.js';
import { nameParts } from '../format.js';
import { t } from '../texts.js';
import { problemBox } from './problem-box.js';
import { formsFor } from './submit/offers.js';

const ACTIONS = {
  stop: { label: 'Stop', method: 'POST', path: '/stop', effect: 'Stops the job. Completed work is kept.' },
  pause: { label: 'Pause', method: 'POST', path: '/pause', effect: 'Pauses the schedule: the job does not run until it is resumed.' },
  resume: { label: 'Resume', method: 'POST', path: '/resume', effect: 'Resumes the schedule.' },
  execute: { label: 'Run now', method: 'POST', path: '/execute', effect: 'Runs the job now, in addition to its schedule.' },
  delete: { label: 'Delete', method: 'DELETE', path: '', effect: 'Deletes the job. This can’t be undone.', isDestructive: true },
};

/** Labels of the actions that open the submit form instead of the confirmation. */
const FORM_LABELS = { retry: () => t('submit.retry'), runAgain: () => t('submit.runAgain') };

/** Whether an action opens the submit form. */
export const opensForm = (action) => action in FORM_LABELS;

/** The actions that a job offers: those of the gateway that have a button, and the forms. */
export const offeredActions = (job) => [...job.actions.filter((action) => action in ACTIONS), ...formsFor(job)];

/** Renders a button for each available action; a click calls `onAction` with the job and the action. */
export function actionButtons(job, onAction, { iconOnly }) {
  const name = nameParts(job).join('');
  return offeredActions(job).map((action) => {
    const label = FORM_LABELS[action]?.() ?? ACTIONS[action].label;
    return h('button', {
      type: 'button',
      class: iconOnly ? 'quiet icon-only' : action === 'delete' ? 'destructive' : '',
      'data-action': action,
      'aria-label': `${label}: ${name}`,
      title: label,
      click: (event) => {
        event.stopPropagation();
        onAction(job, action);
      },
    }, icon(action), h('span', { class: 'label' }, label));
  });
}

/**
 * Sets up the confirmation dialog and returns a function that opens it for a job and an action. `onDone` is called with the action, the
 * job and its new state, which is `null` after a deletion.
 */
export function confirmationDialog(onDone) {
  const dialog = $('confirm');
  let current = null;

  const run = async (event) => {
    event.preventDefault();
    const { job, action } = current;
    const { method, path } = ACTIONS[action];
    const button = $('confirm-run');
    button.disabled = true;
    $('confirm-problem').replaceChildren();
    try {
      const { data } = await send(method, `jobs/${encodeURIComponent(job.id)}${path}`);
      dialog.close();
      onDone(action, job, data);
    } catch (problem) {
      $('confirm-problem').replaceChildren(problemBox(problem));
    }
    button.disabled = false;
  };

  dialog.querySelector('form').addEventListener('submit', run);
  $('confirm-cancel').addEventListener('click', () => dialog.close());

  return (job, action) => {
    current = { job, action };
    const { label, effect, isDestructive } = ACTIONS[action];
    $('confirm-title').textContent = `${label} “${nameParts(job)[0]}”?`;
    $('confirm-text').textContent = effect;
    $('confirm-problem').replaceChildren();
    const button = $('confirm-run');
    button.textContent = label;
    button.className = isDestructive ? 'destructive solid' : 'primary';
    dialog.showModal();
    $('confirm-cancel').focus();
  };
}

const DONE_TEXTS = { stop: 'was asked to stop', pause: 'is paused', resume: 'is resumed', execute: 'is running now', delete: 'is deleted' };

/** Text of the notification after a successful action. */
export function doneText(action, job) {
  return `“${nameParts(job)[0]}” ${DONE_TEXTS[action]}.`;
}
