// Watched jobs: a notification of the browser when one ends, and the title of the page until the user looks at it.

import { nameParts, statusOf } from '../format.js';
import { t } from '../texts.js';
import { asChain } from '../chains.js';
import { notify } from './toast.js';

const STORAGE_KEY = 'ips-gateway.watched';
/** Most watched jobs; the oldest choice is dropped. */
const MAX_WATCHED = 100;

/** Ids of the watched jobs of the last visit. */
function stored() {
  try {
    const ids = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '[]');
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    // Storage is disabled, or has another value.
    return [];
  }
}

/** Dispatches `change` when a job is watched or no longer watched. */
class Watch extends EventTarget {
  #ids = new Set(stored());
  #title = '';

  constructor() {
    super();
    addEventListener('focus', () => this.#clearTitle());
    document.addEventListener('visibilitychange', () => document.hidden || this.#clearTitle());
  }

  /** Called with the job when its notification is clicked. */
  onOpen = (job) => {};

  get size() {
    return this.#ids.size;
  }

  /** Title of the page while the user has not seen that a job ended; otherwise empty. */
  get title() {
    return this.#title;
  }

  has(id) {
    return this.#ids.has(id);
  }

  /** Whether the job has an end to wait for: a recurring schedule has none. */
  isPossible(job) {
    return asChain(job).phase !== 'completed' && !(job.phase === 'scheduled' && job.execSchedule);
  }

  /** Watches a job, or no longer. The browser asks for its permission at the first one. */
  async toggle(job) {
    const [name] = nameParts(job);
    if (this.#ids.delete(job.id)) {
      this.#changed();
      return notify(t('watch.stopped', { name }));
    }
    this.#ids.add(job.id);
    if (this.#ids.size > MAX_WATCHED) this.#ids.delete([...this.#ids][0]);
    this.#changed();
    const permission = 'Notification' in window ? await Notification.requestPermission() : 'denied';
    notify(permission === 'granted' ? t('watch.started', { name }) : t('watch.startedHere', { name }));
  }

  /** Reports the watched jobs that have ended; `find` returns the known job of an id. */
  check(find) {
    for (const id of this.#ids) {
      const job = find(id);
      if (!job || asChain(job).phase !== 'completed') continue;
      this.#ids.delete(id);
      this.#changed();
      this.#report(job);
    }
  }

  #report(job) {
    const text = t('watch.ended', { name: nameParts(job)[0], outcome: statusOf(asChain(job))[1] });
    notify(text);
    if (document.hidden || !document.hasFocus()) this.#title = text;
    if (!('Notification' in window) || Notification.permission !== 'granted') return;
    try {
      // Several pages of the board show one notification of a job.
      const notification = new Notification(text, { tag: job.id, body: t('page.title'), icon: 'board/icon.svg' });
      notification.addEventListener('click', () => {
        focus();
        this.onOpen(job);
        notification.close();
      });
    } catch {
      // Browsers of phones have notifications of service workers only: the title and the message remain.
    }
  }

  #clearTitle() {
    if (this.#title === '') return;
    this.#title = '';
    this.dispatchEvent(new Event('change'));
  }

  #changed() {
    try {
      if (this.#ids.size > 0) localStorage.setItem(STORAGE_KEY, JSON.stringify([...this.#ids]));
      else localStorage.removeItem(STORAGE_KEY);
    } catch {
      // Storage is disabled: the choice lasts until the page is reloaded.
    }
    this.dispatchEvent(new Event('change'));
  }
}

export const watch = new Watch();
