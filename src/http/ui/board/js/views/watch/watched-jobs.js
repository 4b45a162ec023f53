// Watched jobs: a notification of the browser when one ends, and the title of the page until the user looks at it.

import { Problem, get } from '../../api.js';
import { nameParts, statusOf } from '../../format.js';
import { asChain } from '../../jobs/chains.js';
import { t } from '../../texts.js';
import { notify } from '../toast.js';

/** Of this gateway: another one may be below another path of the same origin. */
const STORAGE_KEY = `ips-gateway.watched ${new URL('.', location.href).pathname}`;
/** Most watched jobs; the oldest choice is dropped. */
const MAX_WATCHED = 100;
/** Time after which a removal by another tab is taken over, in milliseconds. */
const REMOVAL_DELAY = 2_000;

/**
 * The watched jobs of the last visit: the handle of the company by the id of the job.
 * @returns {Map<string, string>}
 */
function stored() {
  try {
    const entries = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '[]');
    const isEntry = (entry) => Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string');
    return new Map(Array.isArray(entries) ? entries.filter(isEntry).slice(-MAX_WATCHED) : []);
  } catch {
    // Storage is disabled, or has another value.
    return new Map();
  }
}

/** Whether the job has ended, and its chain: one whose log is still open has not. */
function isEnded(job) {
  const { phase, status } = asChain(job);
  return phase === 'completed' && status === 'completed';
}

/** Dispatches `change` when a job is watched or no longer watched, and `away` with the `jobs` that ended while no page was open as `detail`. */
class Watch extends EventTarget {
  #companies = stored();
  /** Ids of the last visit whose jobs this page has not seen yet: one that is completed by then has ended in between. */
  #unseen = new Set(this.#companies.keys());
  #title = '';
  /** Ends the requests for jobs of the last visit and the wait for `Retry-After`; `null` while there are none. @type {AbortController | null} */
  #requests = null;

  constructor() {
    super();
    addEventListener('focus', () => this.#clearTitle());
    addEventListener('storage', ({ key }) => (key === STORAGE_KEY || key === null) && this.#followOtherTabs());
    document.addEventListener('visibilitychange', () => document.hidden || this.#clearTitle());
  }

  /** Called with the job when its notification is clicked. */
  onOpen = (job) => {};

  /** Whether a known job is watched; `find` returns the known job of an id. */
  isWaiting(find) {
    return [...this.#companies.keys()].some((id) => find(id) !== undefined);
  }

  /** Watches no job any more. */
  clear() {
    this.#companies.clear();
    this.#unseen.clear();
    this.#change((entries) => entries.clear());
  }

  /** Title of the page while the user has not seen that a job ended; otherwise empty. */
  get title() {
    return this.#title;
  }

  has(id) {
    return this.#companies.has(id);
  }

  /** Whether the job has an end to wait for: a recurring schedule has none. */
  isPossible(job) {
    return !isEnded(job) && !(job.phase === 'scheduled' && job.execSchedule);
  }

  /** Watches a job, or no longer. The browser asks for its permission at the first one. */
  async toggle(job) {
    const [name] = nameParts(job);
    if (this.#companies.has(job.id)) {
      this.#drop(job.id);
      return notify(t('watch.stopped', { name }));
    }
    this.#companies.set(job.id, job.companyHandle);
    this.#change((entries) => entries.set(job.id, job.companyHandle));
    if (this.#companies.size > MAX_WATCHED) this.#drop([...this.#companies.keys()][0]);
    const permission = 'Notification' in window ? await Notification.requestPermission() : 'denied';
    notify(permission === 'granted' ? t('watch.started', { name }) : t('watch.startedHere', { name }));
  }

  /** Reports the watched jobs that have ended; `find` returns the known job of an id. */
  check(find) {
    const ended = [];
    for (const id of [...this.#companies.keys()]) {
      const job = find(id);
      if (job === undefined) continue;
      const isFirstSight = this.#unseen.delete(id);
      if (!isEnded(job)) continue;
      this.#drop(id);
      if (isFirstSight) ended.push(job);
      else this.#report(job);
    }
    if (ended.length > 0) this.#reportAway(ended);
  }

  /**
   * Reads the jobs of the last visit that the lists of the company do not have, one by one, and reports those that have ended. Those that are gone
   * are dropped, those that the user may not see are left to the next visit. Those that can't be read now are read again after `Retry-After`, without
   * it at the next call.
   */
  async readUnseen(company, find) {
    if (this.#requests !== null) return;
    const ids = [...this.#unseen].filter((id) => this.#companies.get(id) === company && find(id) === undefined);
    if (ids.length === 0) return;
    const requests = new AbortController();
    this.#requests = requests;
    /** @type {Map<string, any>} */
    const jobs = new Map();
    let retryAfter = null;
    try {
      for (const id of ids) {
        const job = await this.#read(id, requests.signal);
        if (job !== null) jobs.set(id, job);
      }
    } catch (error) {
      if (!(error instanceof Problem) && error.name !== 'AbortError') throw error;
      retryAfter = error.retryAfter;
    } finally {
      if (this.#requests === requests && !retryAfter) this.#requests = null;
    }
    // After a change of the company or the end of the session: nothing would show the jobs, so they are read again.
    if (requests.signal.aborted) return;
    const ended = [];
    for (const [id, job] of jobs) {
      // Another page may have reported it in the meantime.
      if (!this.#companies.has(id)) continue;
      this.#unseen.delete(id);
      if (!isEnded(job)) continue;
      this.#drop(id);
      ended.push(job);
    }
    if (ended.length > 0) this.#reportAway(ended);
    if (retryAfter) setTimeout(() => this.#readAgain(requests, company, find), retryAfter * 1_000);
  }

  /** Reads the remaining jobs after `Retry-After`, unless `stopReading` was called in the meantime. */
  #readAgain(requests, company, find) {
    if (this.#requests !== requests) return;
    this.#requests = null;
    this.readUnseen(company, find);
  }

  /** Ends the requests of `readUnseen`, which reports no job then. */
  stopReading() {
    this.#requests?.abort();
    this.#requests = null;
  }

  /** The job, or `null` if there is none or the user may not see it. */
  async #read(id, signal) {
    try {
      return (await get(`jobs/${encodeURIComponent(id)}`, { signal })).data;
    } catch (error) {
      if (error.status === 404) this.#drop(id);
      else if (error.status === 403) this.#unseen.delete(id);
      else throw error;
      return null;
    }
  }

  #drop(id) {
    this.#unseen.delete(id);
    if (this.#companies.delete(id)) this.#change((entries) => entries.delete(id));
  }

  #reportAway(jobs) {
    this.dispatchEvent(new CustomEvent('away', { detail: { jobs } }));
  }

  #report(job) {
    const text = t('watch.ended', { name: nameParts(job)[0], outcome: statusOf(asChain(job))[1] });
    notify(text);
    if (document.hidden || !document.hasFocus()) this.#title = text;
    if (!('Notification' in window) || Notification.permission !== 'granted') return;
    try {
      // Several pages of the board show one notification of a job.
      const notification = new Notification(text, { tag: job.id, body: t('page.title'), icon: new URL('../../../icon.svg', import.meta.url).href });
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

  /** Takes over what another tab has stored, so that the tabs do not overwrite each other's choices. */
  #followOtherTabs() {
    for (const [id, company] of stored()) if (!this.#companies.has(id)) this.#companies.set(id, company);
    this.dispatchEvent(new Event('change'));
    // A job is removed when it has ended, too: this tab learns of it a little later, and reports it as well.
    setTimeout(() => {
      const remaining = stored();
      for (const id of [...this.#companies.keys()]) {
        if (remaining.has(id)) continue;
        this.#companies.delete(id);
        this.#unseen.delete(id);
      }
      this.dispatchEvent(new Event('change'));
    }, REMOVAL_DELAY);
  }

  /**
   * Changes the stored jobs. Those of this tab are not written: another tab may have removed some of them since this one last took over its choice.
   * @param {(entries: Map<string, string>) => void} change
   */
  #change(change) {
    const entries = stored();
    change(entries);
    try {
      if (entries.size > 0) localStorage.setItem(STORAGE_KEY, JSON.stringify([...entries]));
      else localStorage.removeItem(STORAGE_KEY);
    } catch {
      // Storage is disabled: the choice lasts until the page is reloaded.
    }
    this.dispatchEvent(new Event('change'));
  }
}

export const watch = new Watch();
