// The watched jobs that ended while no page of the board was open, until the user closes the list.

import { asChain } from '../../jobs/chains.js';
import { $, h, icon } from '../../dom.js';
import { nameParts, statusOf } from '../../format.js';
import { onLanguage, t } from '../../texts.js';
import { isPlainClick, jobAddress } from '../copy.js';

export class EndedAway {
  #jobs = new Map();

  /** `onOpen` is called with a job.
   * @param {{ onOpen: (job: any) => void }} options */
  constructor({ onOpen }) {
    this.onOpen = onOpen;
    this.element = $('ended-away');
    onLanguage(() => this.#render());
  }

  /** Adds jobs to the list.
   * @param {any[]} jobs */
  show(jobs) {
    for (const job of jobs) this.#jobs.set(job.id, job);
    this.#render();
  }

  /** Closes the list. */
  clear() {
    this.#jobs.clear();
    this.#render();
  }

  #close() {
    this.clear();
    // The focus was on the button.
    $('jobs').focus({ preventScroll: true });
  }

  #render() {
    if (this.#jobs.size === 0) return this.element.replaceChildren();
    const close = h('button', { type: 'button', class: 'quiet icon-only', 'aria-label': t('common.close'), click: () => this.#close() }, icon('close'));
    const list = h('ul', null, [...this.#jobs.values()].map((job) => this.#item(job)));
    this.element.replaceChildren(h('div', { class: 'card ended-away' }, h('div', null, h('h2', null, t('watch.endedAway')), list), close));
  }

  #item(job) {
    const [tone, label] = statusOf(asChain(job));
    const link = h('a', {
      class: 'link', href: jobAddress(job),
      click: (event) => {
        if (!isPlainClick(event)) return;
        event.preventDefault();
        this.onOpen(job);
      },
    }, nameParts(job)[0] || t('list.noName'));
    return h('li', null, link, ': ', h('span', { class: 'pill', 'data-tone': tone }, label));
  }
}
