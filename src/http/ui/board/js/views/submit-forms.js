// The submit form, which is loaded when it is opened for the first time: most visits only watch.

import { t } from '../texts.js';
import { notify } from './toast.js';

export class SubmitForms {
  /** @type {Promise<import('./submit/form.js').SubmitForm> | null} */
  #form = null;

  /** `onSubmitted` is called with the submitted job.
   * @param {{ onSubmitted: (job: any) => void }} options */
  constructor(options) {
    this.options = options;
  }

  /** Opens the form for a new job (`submit`), to run a job again (`runAgain`), or to retry its failed items (`retry`).
   * @param {'submit' | 'runAgain' | 'retry'} purpose
   * @param {any} [job] */
  async open(purpose, job) {
    const form = await this.#load();
    await form?.open(purpose, job);
  }

  async #load() {
    this.#form ??= import('./submit/form.js').then(({ SubmitForm }) => new SubmitForm(this.options));
    try {
      return await this.#form;
    } catch {
      this.#form = null;
      notify(t('submit.notLoaded'));
      return null;
    }
  }

  /** Removes everything that was entered. */
  async forget() {
    const form = await this.#form?.catch(() => null);
    form?.forget();
  }
}
