// Filters and sort order of the job table. They are stored in the URL fragment, so that views can be bookmarked and shared.

import {
  ATTENTION_OUTCOMES, durationOf, errorCount, kindOf, listTime, nameParts, needsAttention, startTime, statusOf, typeLabel, warningCount,
} from './format.js';
import { session } from './session.js';

const DEFAULTS = {
  phase: '', kind: '', outcome: '', mine: '', user: '', from: '', to: '', q: '', sort: '-started', company: '', job: '',
};

/** The filters with the value that selects all jobs. The phase is not one of them: it stays when filters are cleared. */
export const NO_FILTERS = { kind: '', outcome: '', mine: '', user: '', from: '', to: '', q: '' };

/** Filters that are dates (`YYYY-MM-DD`) in the browser's time zone. */
const DATES = ['from', 'to'];
const DATE = /^\d{4}-\d\d-\d\d$/;

/** Value of the outcome filter for the jobs that need attention. */
export const ATTENTION = 'attention';

/** Sort rank of a status: active jobs first. */
const STATUS_RANK = { running: 0, stopping: 0, finalizing: 0, waiting: 1 };
const LAST_RANK = 2;

/** Sort rank of a phase in the order of the start: the history, which goes on as one scrolls, is last in the default order. */
const PHASE_RANK = { completed: 0, scheduled: 1, active: 2 };
/** Later than every time in milliseconds. */
const RANK_STEP = 1e15;

/** Sort key of each column. */
const SORT_KEYS = {
  kind: typeLabel,
  name: (job) => nameParts(job).join('').toLowerCase(),
  started: (job) => (PHASE_RANK[job.phase] ?? 0) * RANK_STEP + (listTime(job) ?? 0),
  progress: (job) => job.percent ?? -1,
  warnings: (job) => warningCount(job) ?? -1,
  errors: (job) => errorCount(job) ?? -1,
  duration: (job, now) => durationOf(job, now) ?? -1,
  status: (job) => `${STATUS_RANK[job.status] ?? LAST_RANK} ${statusOf(job)[1]}`,
  by: (job) => job.submittedBy?.toLowerCase() ?? '',
};

const column = (sort) => sort.replace(/^-/, '');
/** Text of searches: equal for texts that differ in case or in the composition of their letters only. */
const folded = (text) => text.normalize('NFC').toLowerCase();

/** Whether the job is of this kind, or of this type if it has no kind. */
const isOfKind = (job, kind) => kindOf(job).toLowerCase() === kind.toLowerCase();

/** Dispatches `change` when a filter, the sort order or the opened job changes. */
export class Filters extends EventTarget {
  #values = { ...DEFAULTS };

  constructor() {
    super();
    this.#moveQueryToFragment();
    this.#readFragment();
    addEventListener('hashchange', () => this.#readFragment());
    addEventListener('popstate', () => this.#readFragment());
  }

  get(name) {
    return this.#values[name];
  }

  /** Changes filters and the URL; `historyMode` is `replace` or `push`. */
  set(changes, historyMode = 'replace') {
    Object.assign(this.#values, changes);
    const entries = Object.entries(this.#values).filter(([name, value]) => value !== DEFAULTS[name]);
    const fragment = new URLSearchParams(entries).toString();
    const url = `${location.pathname}${location.search}${fragment && `#${fragment}`}`;
    history[`${historyMode}State`](null, '', url);
    this.dispatchEvent(new Event('change'));
  }

  /** Links to a job have its id in the query, `?job=ID`, as servers and logs of proxies see no fragment. */
  #moveQueryToFragment() {
    const query = new URLSearchParams(location.search);
    const names = ['job', 'company'].filter((name) => query.has(name));
    if (names.length === 0) return;
    const fragment = new URLSearchParams(location.hash.slice(1));
    for (const name of names) {
      fragment.set(name, query.get(name) ?? '');
      query.delete(name);
    }
    history.replaceState(null, '', `${location.pathname}${query.size > 0 ? `?${query}` : ''}#${fragment}`);
  }

  #readFragment() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    /** @type {any} */
    const values = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, parameters.get(name) ?? DEFAULTS[name]]));
    for (const name of DATES) if (!DATE.test(values[name]) || Number.isNaN(Date.parse(values[name]))) values[name] = '';
    const hasChanged = Object.keys(DEFAULTS).some((name) => values[name] !== this.#values[name]);
    if (!(column(values.sort) in SORT_KEYS)) values.sort = DEFAULTS.sort;
    this.#values = values;
    if (hasChanged) this.dispatchEvent(new Event('change'));
  }

  /** Whether a filter other than the phase is set. */
  get isFiltering() {
    return Object.keys(NO_FILTERS).some((name) => this.get(name) !== '');
  }

  /** Whether the table is in the default order, in which older jobs come last. */
  get isNewestFirst() {
    return this.get('sort') === DEFAULTS.sort;
  }

  /** First and last millisecond of the period; `null` without that limit. */
  get #period() {
    const { from, to } = this.#values;
    return [from ? new Date(`${from}T00:00:00`).getTime() : null, to ? new Date(`${to}T23:59:59.999`).getTime() : null];
  }

  /** E-mail address of the filters for the submitter; empty without one, `null` if they exclude each other. */
  get #submitter() {
    const { mine, user } = this.#values;
    const own = mine && session.user ? session.user : '';
    if (own && user && own.toLowerCase() !== user.toLowerCase()) return null;
    return own || user;
  }

  /** Parameters of the API that select the same completed jobs, or `null` if there can be none. */
  get historyQuery() {
    const { kind, outcome, q } = this.#values;
    const [from, to] = this.#period;
    const submittedBy = this.#submitter;
    if (submittedBy === null) return null;
    const kindQuery = kind === '' ? {} : /^[A-Z]/.test(kind) ? { type: kind } : { kind };
    return {
      ...kindQuery,
      ...(outcome && { outcome: outcome === ATTENTION ? ATTENTION_OUTCOMES.join(',') : outcome }),
      ...(submittedBy && { submittedBy }),
      ...(q && { q }),
      ...(from !== null && { from: new Date(from).toISOString() }),
      ...(to !== null && { to: new Date(to).toISOString() }),
    };
  }

  /** The jobs that match all filters except the phase. */
  matching(jobs) {
    const { kind, outcome, q } = this.#values;
    const text = folded(q);
    const submitter = this.#submitter?.toLowerCase();
    const [from, to] = this.#period;
    return [...jobs].filter((job) => {
      if (kind && !isOfKind(job, kind)) return false;
      if (outcome === ATTENTION ? !needsAttention(job) : outcome && job.outcome !== outcome) return false;
      if (submitter === undefined || (submitter && job.submittedBy?.toLowerCase() !== submitter)) return false;
      const time = from === null && to === null ? 0 : listTime(job);
      if (time === null || (from !== null && time < from) || (to !== null && time > to)) return false;
      const texts = [nameParts(job).join(''), job.description, job.submittedBy];
      return text === '' || texts.some((one) => one && folded(one).includes(text));
    });
  }

  inPhase(jobs) {
    const phase = this.get('phase');
    return phase ? jobs.filter((job) => job.phase === phase) : jobs;
  }

  sorted(jobs, now) {
    const sort = this.get('sort');
    const key = SORT_KEYS[column(sort)];
    const sign = sort.startsWith('-') ? -1 : 1;
    const keyed = jobs.map((job) => [key(job, now), startTime(job) ?? 0, job]);
    const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
    // Ties are broken by start and id, so that the order is stable between renderings.
    keyed.sort((one, other) => sign * compare(one[0], other[0]) || compare(other[1], one[1]) || compare(one[2].id, other[2].id));
    return keyed.map(([, , job]) => job);
  }
}
