// Job actions: buttons for the actions that the job offers, and the confirmation dialog that runs them.

import { send } from '../api.js';
import { $, h, icon } from '../dom.js';
import { nameParts } from '../format.js';
import { textOf } from '../texts.js';
import { problemBox } from './problem-box.js';
import { formsFor } from './submit/offers.js';

/** Requests of the actions. */
const ACTIONS = {
  stop: { method: 'POST', path: '/stop' },
  pause: { method: 'POST', path: '/pause' },
  resume: { method: 'POST', path: '/resume' },
  execute: { method: 'POST', path: '/execute' },
  delete: { method: 'DELETE', path: '' },
};
const DESTRUCTIVE_ACTIONS = ['delete'];
/** Actions that open the submit form instead of the confirmation. */
const FORMS = ['retry', 'runAgain'];

const labelOf = (action) => textOf(`action.${action}`);

/** Whether an action opens the submit form. */
export const opensForm = (action) => FORMS.includes(action);

/** The actions that a job offers: those of the gateway that have a button, and the forms. */
export const offeredActions = (job) => [...job.actions.filter((action) => action in ACTIONS), ...formsFor(job)];

/** Renders a button for each available action; a click calls `onAction` with the job and the action. */
export function actionButtons(job, onAction, { iconOnly }) {
  const name = nameParts(job).join('');
  return offeredActions(job).map((action) => {
    const label = labelOf(action);
    return h('button', {
      type: 'button',
      class: iconOnly ? 'quiet icon-only' : DESTRUCTIVE_ACTIONS.includes(action) ? 'destructive' : '',
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
    const name = nameParts(job)[0];
    $('confirm-title').textContent = textOf(`actionTitle.${action}`, { name });
    $('confirm-text').textContent = textOf(`actionEffect.${action}`);
    $('confirm-problem').replaceChildren();
    const button = $('confirm-run');
    button.textContent = labelOf(action);
    button.className = DESTRUCTIVE_ACTIONS.includes(action) ? 'destructive solid' : 'primary';
    dialog.showModal();
    $('confirm-cancel').focus();
  };
}

/** Text of the notification after a successful action. */
export const doneText = (action, job) => textOf(`actionDone.${action}`, { name: nameParts(job)[0] });
