// What can be asked of a job: offered only where the gateway says so, and never without asking back.

import { call } from './api.js';
import { $, h, icon } from './dom.js';
import { problemBox } from './problem.js';
import { nameOf } from './words.js';

const ACTIONS = {
  stop: { label: 'Stop', method: 'POST', path: '/stop', does: 'Stops the job. What it has done already stays done.' },
  pause: { label: 'Pause', method: 'POST', path: '/pause', does: 'Holds the schedule: it will not run until it is resumed.' },
  resume: { label: 'Resume', method: 'POST', path: '/resume', does: 'Lets the schedule go on.' },
  execute: { label: 'Run now', method: 'POST', path: '/execute', does: 'Runs the job now, beside its schedule.' },
  delete: { label: 'Delete', method: 'DELETE', path: '', does: 'Removes the job. This can’t be undone.', isGrave: true },
};

/** Makes the buttons of a job; `isTerse` ones show their icon only. */
export function actionButtons(job, ask, { isTerse }) {
  const name = nameOf(job).join('');
  return job.actions.filter((action) => action in ACTIONS).map((action) => {
    const { label } = ACTIONS[action];
    return h('button', {
      type: 'button',
      class: isTerse ? 'quiet square' : action === 'delete' ? 'grave' : '',
      'data-action': action,
      'aria-label': `${label}: ${name}`,
      title: label,
      click: (event) => {
        event.stopPropagation();
        ask(job, action);
      },
    }, icon(action), h('span', { class: 'label' }, label));
  });
}

/** The dialog that asks back. `done` gets the action and the job as it is then, or `null` when it is gone. */
export function confirmation(done) {
  const dialog = $('confirm');
  let asked = null;

  const perform = async (event) => {
    event.preventDefault();
    const { job, action } = asked;
    const { method, path } = ACTIONS[action];
    const button = $('confirm-yes');
    button.disabled = true;
    $('confirm-problem').replaceChildren();
    try {
      const { data } = await call(method, `jobs/${encodeURIComponent(job.id)}${path}`);
      dialog.close();
      done(action, job, data);
    } catch (problem) {
      $('confirm-problem').replaceChildren(problemBox(problem));
    }
    button.disabled = false;
  };

  dialog.querySelector('form').addEventListener('submit', perform);
  $('confirm-no').addEventListener('click', () => dialog.close());

  return (job, action) => {
    asked = { job, action };
    const { label, does, isGrave } = ACTIONS[action];
    $('confirm-title').textContent = `${label} “${nameOf(job)[0]}”?`;
    $('confirm-text').textContent = does;
    $('confirm-problem').replaceChildren();
    const yes = $('confirm-yes');
    yes.textContent = label;
    yes.className = isGrave ? 'grave solid' : 'primary';
    dialog.showModal();
    $('confirm-no').focus();
  };
}

/** What is said when it is done. */
export function doneText(action, job) {
  const words = { stop: 'is asked to stop', pause: 'is paused', resume: 'is resumed', execute: 'runs now', delete: 'is deleted' };
  return `“${nameOf(job)[0]}” ${words[action]}.`;
}
