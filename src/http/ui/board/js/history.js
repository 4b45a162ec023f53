// History: completed jobs that are older than the list of the newest ones, page by page, and only those that the filters select.

import { Problem, companyQuery, get } from './api.js';
import { startTime } from './format.js';

/** Jobs per page. */
const PAGE_SIZE = 500;
/** Pages without any job after which the next one is loaded on request only: each may take the gateway eight calls to IPS. */
const MAX_EMPTY_PAGES = 3;

/** Dispatches `change` when jobs were loaded or the state changed, and `problem` with the `Problem` of a failed request as `detail`. */
export class History extends EventTarget {
  /** Whether a page is being loaded. */
  isLoading = false;
  /** The `Problem` of the last request, or `null`. */
  problem = null;

  #jobs = new Map();
  /** Cursor and start of the oldest job of the list of the newest ones, which the history goes on after; `null` if IPS has no older ones. */
  #list = null;
  /** Parameters of the filters; `null` if they select no job. */
  #query = {};
  /** Cursor of the next page; `undefined` before the first one, `null` after the last one. */
  #cursor;
  #emptyPages = 0;
  #requests = new AbortController();

  /** Jobs of the pages so far. */
  get jobs() {
    return this.#jobs.values();
  }

  get(id) {
    return this.#jobs.get(id);
  }

  remove(id) {
    this.#jobs.delete(id);
  }

  /** Whether there are further pages. */
  get hasMore() {
    if (this.#list === null || this.#query === null || this.#cursor === null) return false;
    return this.#cursor !== undefined || !(Date.parse(this.#query.from) > this.#list.oldest);
  }

  /** Whether the next page is loaded without a request by the user. */
  get isAutomatic() {
    return this.hasMore && this.problem === null && this.#emptyPages < MAX_EMPTY_PAGES;
  }

  /** Forgets the jobs, and the list. */
  clear() {
    this.#list = null;
    this.#query = {};
    this.#restart();
  }

  /** Goes on after this list of the newest completed jobs, unless pages were loaded. */
  follow({ jobs, next }) {
    const starts = jobs.filter((job) => job.phase === 'completed').map(startTime).filter((start) => start !== null);
    if (this.#cursor === undefined || this.#list === null) {
      this.#list = next && starts.length > 0 ? { cursor: next, oldest: starts.reduce((one, other) => Math.min(one, other)) } : null;
    }
  }

  /** Selects the jobs by parameters of the API; other ones than before forget the jobs. */
  select(query) {
    if (JSON.stringify(query) === JSON.stringify(this.#query)) return;
    this.#query = query;
    this.#restart();
  }

  #restart() {
    this.#requests.abort();
    this.#requests = new AbortController();
    this.#jobs.clear();
    this.#cursor = undefined;
    this.#emptyPages = 0;
    this.isLoading = false;
    this.problem = null;
    this.dispatchEvent(new Event('change'));
  }

  /** Parameters of the next page. The first one with filters begins where the list ends, since the list has all newer jobs. */
  #pageQuery() {
    const query = this.#query;
    const cursor = this.#cursor ?? (Object.keys(query).length === 0 ? this.#list.cursor : undefined);
    const to = Math.min(this.#list.oldest, query.to ? Date.parse(query.to) : Infinity);
    const isPeriod = Object.keys(query).length > 0;
    return { ...companyQuery(), phase: 'completed', limit: PAGE_SIZE, ...query, ...(isPeriod && { to: new Date(to).toISOString() }), cursor };
  }

  /** Loads the next page. */
  async load() {
    if (!this.hasMore || this.isLoading) return;
    const { signal } = this.#requests;
    this.isLoading = true;
    this.problem = null;
    this.dispatchEvent(new Event('change'));
    try {
      const { data } = await get('jobs', { query: this.#pageQuery(), signal });
      this.#cursor = data.next ?? null;
      const before = this.#jobs.size;
      data.jobs.forEach((job) => this.#jobs.set(job.id, job));
      this.#emptyPages = this.#jobs.size > before ? 0 : this.#emptyPages + 1;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      this.dispatchEvent(new CustomEvent('problem', { detail: error }));
    } finally {
      if (!signal.aborted) {
        this.isLoading = false;
        this.dispatchEvent(new Event('change'));
      }
    }
  }
}
