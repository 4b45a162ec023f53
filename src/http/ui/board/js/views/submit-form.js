// Submit dialog for the common job types. The JSON next to the form is exactly the request body.

import { companyQuery, send } from '../api.js';
import { $, h } from '../dom.js';
import { problemBox } from './problem-box.js';

/** Ids of the form fields by the JSON pointers of validation errors. */
const FIELD_IDS = {
  '/jobName': 'submit-name',
  '/description': 'submit-description',
  '/execTime': 'submit-time',
  '/execSchedule': 'submit-cron',
  '/imageServingPublishJob/publishType': 'submit-publish-type',
  '/imageServingPublishJob/emailSetting': 'submit-email',
  '/uploadUrlsJob/emailSetting': 'submit-email',
};
const URL_POINTER = /^\/uploadUrlsJob\/urlArray(?:\/(\d+)(?:\/(sourceUrl|destPath))?)?$/;
/** Number of next runs of a schedule that a validation shows. */
const SHOWN_RUNS = 3;
/** Codes after which the job may have been submitted. */
const UNKNOWN_OUTCOME_CODES = ['unreachable', 'timeout', 'upstream-timeout', 'submit-outcome-unknown', 'submit-in-progress'];

const fieldValue = (id) => $(id).value.trim();

/** 128 random bits in hexadecimal digits. `crypto.randomUUID` is unavailable on pages served over plain HTTP. */
function newIdempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class SubmitForm {
  #idempotencyKey = newIdempotencyKey();
  #body = '';

  /** `onSubmitted` is called with the submitted job. */
  constructor({ onSubmitted }) {
    this.onSubmitted = onSubmitted;
    this.dialog = $('submit');
    this.form = this.dialog.querySelector('form');
    this.form.addEventListener('input', () => this.#update());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (event.submitter?.id === 'submit-validate') this.#validate();
      else this.#submit();
    });
    $('submit-add').addEventListener('click', () => {
      this.#addUrl().querySelector('input').focus();
      this.#update();
    });
    $('submit-close').addEventListener('click', () => this.dialog.close());
    // The clipboard is available in secure contexts only: HTTPS and localhost.
    $('submit-copy').hidden = !navigator.clipboard;
    $('submit-copy').addEventListener('click', () => navigator.clipboard.writeText(this.#body));
    this.#addUrl();
  }

  open() {
    this.#showResult();
    this.#update();
    this.dialog.showModal();
    $('submit-name').focus();
  }

  get #kind() {
    return this.form.elements.kind.value;
  }

  get #schedule() {
    return this.form.elements.schedule.value;
  }

  #addUrl() {
    const rows = $('submit-urls');
    const number = rows.childElementCount + 1;
    const input = (attributes) => h('input', { spellcheck: 'false', autocomplete: 'off', ...attributes });
    const row = h('div', { class: 'url' },
      h('label', null, h('span', null, `Source URL ${number}`),
        input({ class: 'source', type: 'url', placeholder: 'https://assets.example.com/jacket.tif' })),
      h('label', null, h('span', null, `Destination ${number}`), input({ class: 'destination', placeholder: 'spring/' })),
      number > 1 && h('button', {
        type: 'button', class: 'quiet', 'aria-label': `Remove URL ${number}`,
        click: () => {
          row.remove();
          this.#update();
        },
      }, 'Remove'));
    rows.append(row);
    return row;
  }

  /** The request body from the form's values. */
  #request() {
    const emailSetting = fieldValue('submit-email');
    const urls = [...$('submit-urls').children].map((row) => ({
      sourceUrl: row.querySelector('.source').value.trim(), destPath: row.querySelector('.destination').value.trim(),
    }));
    const time = fieldValue('submit-time');
    return {
      jobName: fieldValue('submit-name'),
      description: fieldValue('submit-description') || undefined,
      execTime: this.#schedule === 'once' ? (time ? new Date(time).toISOString() : '') : undefined,
      execSchedule: this.#schedule === 'cron' ? fieldValue('submit-cron') : undefined,
      ...(this.#kind === 'publish'
        ? { imageServingPublishJob: { publishType: fieldValue('submit-publish-type'), emailSetting } }
        : {
          uploadUrlsJob: {
            urlArray: urls, overwrite: $('submit-overwrite').checked, readyForPublish: $('submit-ready').checked, createMask: false, emailSetting,
          },
        }),
    };
  }

  #update() {
    for (const part of this.form.querySelectorAll('[data-kind]')) part.hidden = part.dataset.kind !== this.#kind;
    for (const part of this.form.querySelectorAll('[data-schedule]')) part.hidden = part.dataset.schedule !== this.#schedule;
    const body = JSON.stringify(this.#request(), null, 2);
    if (body === this.#body) return;
    this.#body = body;
    // A changed request needs a new key; an unchanged one keeps its key, so that sending it again submits no second job.
    this.#idempotencyKey = newIdempotencyKey();
    $('submit-json').textContent = body;
    this.#showResult();
  }

  #showResult(...elements) {
    $('submit-result').replaceChildren(...elements.filter(Boolean));
    for (const error of this.form.querySelectorAll('.field-error')) error.remove();
    for (const input of this.form.querySelectorAll('[aria-invalid]')) {
      input.removeAttribute('aria-invalid');
      input.removeAttribute('aria-describedby');
    }
  }

  /** Sends the request body, while the buttons are disabled, and passes the answer to `onAnswer`. */
  async #send(path, headers, onAnswer) {
    this.#showResult();
    const buttons = [$('submit-validate'), $('submit-send')];
    buttons.forEach((button) => (button.disabled = true));
    try {
      const { data } = await send('POST', path, { query: companyQuery(), body: this.#body, headers });
      onAnswer(data);
    } catch (problem) {
      this.#showProblem(problem);
    }
    buttons.forEach((button) => (button.disabled = false));
  }

  #submit() {
    return this.#send('jobs', { 'idempotency-key': `"${this.#idempotencyKey}"` }, (job) => this.#finish(job));
  }

  #validate() {
    return this.#send('jobs/validate', {}, ({ warnings, nextRuns = [], timeZone }) => this.#showResult(
      h('p', { class: 'success-note' }, 'The request is valid. Nothing was sent to IPS.'),
      nextRuns.length > 0 && h('p', { class: 'fine-print' }, `Next runs (${timeZone ?? 'time zone of the IPS server'}): `,
        nextRuns.slice(0, SHOWN_RUNS).map(({ local }) => local.replace('T', ' ')).join(', ')),
      warnings.length > 0 && h('ul', { class: 'warnings' }, ...warnings.map(({ pointer, detail }) => h('li', null, h('code', null, pointer), ` ${detail}`)))));
  }

  #finish(job) {
    this.form.reset();
    $('submit-urls').replaceChildren();
    this.#addUrl();
    this.#update();
    this.dialog.close();
    this.onSubmitted(job);
  }

  /** Shows errors of visible fields next to the field, all others below the form. */
  #showProblem(problem) {
    const errors = problem.document?.errors ?? [];
    const atFields = errors.filter(({ pointer, detail }) => {
      const input = this.#field(pointer);
      if (!input || input.closest('[hidden]')) return false;
      const error = h('span', { class: 'field-error', id: `${input.id || pointer}-error` }, detail);
      input.setAttribute('aria-invalid', 'true');
      input.setAttribute('aria-describedby', error.id);
      // Inside the label it would become part of the field's accessible name.
      input.closest('label').after(error);
      return true;
    });
    const retryHint = UNKNOWN_OUTCOME_CODES.includes(problem.code)
      && h('p', { class: 'fine-print' }, 'You can submit it again unchanged: its idempotency key prevents a second job.');
    const box = problemBox(problem, new Set(atFields.map(({ pointer }) => pointer)));
    $('submit-result').replaceChildren(...[box, retryHint].filter(Boolean));
    this.form.querySelector('[aria-invalid]')?.focus();
  }

  /** The input that a JSON pointer refers to, if the form has it. */
  #field(pointer = '') {
    const url = URL_POINTER.exec(pointer);
    if (!url) return $(FIELD_IDS[pointer] ?? '');
    const row = $('submit-urls').children[Number(url[1] ?? 0)];
    return row?.querySelector(url[2] === 'destPath' ? '.destination' : '.source');
  }
}
