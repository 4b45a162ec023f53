// Submitting the common kinds of jobs. The JSON beside the form is what is sent, to the letter.

import { call, ofCompany } from './api.js';
import { $, h } from './dom.js';
import { problemBox } from './problem.js';

/** The fields that the pointers of a 422 speak of. */
const FIELDS = {
  '/jobName': 'submit-name',
  '/description': 'submit-description',
  '/execTime': 'submit-time',
  '/execSchedule': 'submit-cron',
  '/imageServingPublishJob/publishType': 'submit-publish-type',
  '/imageServingPublishJob/emailSetting': 'submit-email',
  '/uploadUrlsJob/emailSetting': 'submit-email',
};
const FAILURES = ['unreachable', 'timeout', 'submit-outcome-unknown', 'idempotency-in-progress'];

const field = (id) => $(id).value.trim();

/** Random enough to be new for every job. `crypto.randomUUID` is missing where a page comes over plain HTTP. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class SubmitForm {
  #key = newKey();
  #body = '';

  /** `done` gets the job that was submitted. */
  constructor({ done }) {
    this.done = done;
    this.dialog = $('submit');
    this.form = this.dialog.querySelector('form');
    this.form.addEventListener('input', () => this.#update());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send({ isCheck: event.submitter?.id === 'submit-check' });
    });
    $('submit-add').addEventListener('click', () => {
      this.#addUrl().querySelector('input').focus();
      this.#update();
    });
    $('submit-close').addEventListener('click', () => this.dialog.close());
    // Only pages that come over HTTPS, or from this machine, have a clipboard.
    $('submit-copy').hidden = !navigator.clipboard;
    $('submit-copy').addEventListener('click', () => navigator.clipboard.writeText(this.#body));
    this.#addUrl();
  }

  open() {
    this.#tell();
    this.#update();
    this.dialog.showModal();
    $('submit-name').focus();
  }

  get #kind() {
    return this.form.elements.kind.value;
  }

  #addUrl() {
    const rows = $('submit-urls');
    const number = rows.childElementCount + 1;
    const row = h('div', { class: 'url' },
      h('label', null, h('span', null, `Source URL ${number}`), h('input', { class: 'source', type: 'url', placeholder: 'https://assets.example.com/jacket.tif', spellcheck: 'false', autocomplete: 'off' })),
      h('label', null, h('span', null, `Destination ${number}`), h('input', { class: 'destination', placeholder: 'spring/', spellcheck: 'false', autocomplete: 'off' })),
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

  /** The body of the request, as the form says it. */
  #request() {
    const emailSetting = field('submit-email');
    const urls = [...$('submit-urls').children].map((row) => ({
      sourceUrl: row.querySelector('.source').value.trim(), destPath: row.querySelector('.destination').value.trim(),
    }));
    const when = this.form.elements.when.value;
    const time = field('submit-time');
    return {
      jobName: field('submit-name'),
      description: field('submit-description') || undefined,
      execTime: when === 'once' ? (time ? new Date(time).toISOString() : '') : undefined,
      execSchedule: when === 'cron' ? field('submit-cron') : undefined,
      ...(this.#kind === 'publish'
        ? { imageServingPublishJob: { publishType: field('submit-publish-type'), emailSetting } }
        : {
          uploadUrlsJob: {
            urlArray: urls, overwrite: $('submit-overwrite').checked, readyForPublish: $('submit-ready').checked, createMask: false, emailSetting,
          },
        }),
    };
  }

  #update() {
    for (const part of this.form.querySelectorAll('[data-kind]')) part.hidden = part.dataset.kind !== this.#kind;
    for (const part of this.form.querySelectorAll('[data-when]')) part.hidden = part.dataset.when !== this.form.elements.when.value;
    const body = JSON.stringify(this.#request(), null, 2);
    if (body === this.#body) return;
    this.#body = body;
    // Another job has another key; the same one sent again keeps it, and is submitted once.
    this.#key = newKey();
    $('submit-json').textContent = body;
    this.#tell();
  }

  #tell(...parts) {
    $('submit-result').replaceChildren(...parts);
    for (const note of this.form.querySelectorAll('.field-problem')) note.remove();
    for (const input of this.form.querySelectorAll('[aria-invalid]')) {
      input.removeAttribute('aria-invalid');
      input.removeAttribute('aria-describedby');
    }
  }

  async #send({ isCheck }) {
    this.#tell();
    const buttons = [$('submit-check'), $('submit-send')];
    buttons.forEach((button) => (button.disabled = true));
    try {
      const query = { ...ofCompany(), validateOnly: isCheck ? true : null };
      const headers = isCheck ? {} : { 'idempotency-key': `"${this.#key}"` };
      const { data } = await call('POST', 'jobs', { query, body: this.#body, headers });
      if (isCheck) this.#tell(h('p', { class: 'all-good' }, 'Nothing is wrong with it. It was not sent.'));
      else this.#finish(data);
    } catch (problem) {
      this.#show(problem);
    }
    buttons.forEach((button) => (button.disabled = false));
  }

  #finish(job) {
    this.form.reset();
    $('submit-urls').replaceChildren();
    this.#addUrl();
    this.#update();
    this.dialog.close();
    this.done(job);
  }

  /** What is wrong with a field stands at the field, the rest below. */
  #show(problem) {
    const errors = problem.document?.errors ?? [];
    const shown = errors.filter(({ pointer, detail }) => {
      const input = this.#input(pointer);
      if (!input || input.closest('[hidden]')) return false;
      const note = h('span', { class: 'field-problem', id: `${input.id || pointer}-problem` }, detail);
      input.setAttribute('aria-invalid', 'true');
      input.setAttribute('aria-describedby', note.id);
      // Not within the label: it would become part of the field's name.
      input.closest('label').after(note);
      return true;
    });
    const again = FAILURES.includes(problem.code) && h('p', { class: 'fine' }, 'Send it again as it is: it has a key, and IPS gets it once.');
    $('submit-result').replaceChildren(...[problemBox(problem, new Set(shown.map(({ pointer }) => pointer))), again].filter(Boolean));
    this.form.querySelector('[aria-invalid]')?.focus();
  }

  #input(pointer = '') {
    const url = /^\/uploadUrlsJob\/urlArray(?:\/(\d+)(?:\/(sourceUrl|destPath))?)?$/.exec(pointer);
    if (!url) return $(FIELDS[pointer] ?? '');
    const row = $('submit-urls').children[Number(url[1] ?? 0)];
    return row?.querySelector(url[2] === 'destPath' ? '.destination' : '.source');
  }
}
