// Filters and sort order of the job table. They are stored in the URL fragment, so that views can be bookmarked and shared.

import { durationOf, errorCount, nameParts, needsAttention, startTime, statusOf, typeLabel, warningCount } from './format.js';
import { session } from './session.js';

const DEFAULTS = { phase: '', kind: '', outcome: '', mine: '', q: '', sort: '-started', company: '', job: '' };

/** Value of the outcome filter for the jobs that need attention. */
export const ATTENTION = 'attention';

/** Sort rank of a status: active jobs first. */
const STATUS_RANK = { running: 0, stopping: 0, finalizing: 0, waiting: 1 };
const LAST_RANK = 2;

/** Sort key of each column. */
const SORT_KEYS = {
  kind: typeLabel,
  name: (job) => nameParts(job).join('').toLowerCase(),
  started: (job) => startTime(job) ?? 0,
  progress: (job) => job.percent ?? -1,
  warnings: (job) => warningCount(job) ?? -1,
  errors: (job) => errorCount(job) ?? -1,
  duration: (job, now) => durationOf(job, now) ?? -1,
  status: (job) => `${STATUS_RANK[job.status] ?? LAST_RANK} ${statusOf(job)[1]}`,
  by: (job) => job.submittedBy?.toLowerCase() ?? '',
};

const column = (sort) => sort.replace(/^-/, '');

/** Dispatches `change` when a filter, the sort order or the opened job changes. */
export class Filters extends EventTarget {
  #values = { ...DEFAULTS };

  constructor() {
    super();
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

  #readFragment() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const values = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, parameters.get(name) ?? DEFAULTS[name]]));
    const hasChanged = Object.keys(DEFAULTS).some((name) => values[name] !== this.#values[name]);
    if (!(column(values.sort) in SORT_KEYS)) values.sort = DEFAULTS.sort;
    this.#values = values;
    if (hasChanged) this.dispatchEvent(new Event('change'));
  }

  /** Whether a filter other than the phase is set. */
  get isFiltering() {
    return ['kind', 'outcome', 'mine', 'q'].some((name) => this.get(name) !== '');
  }

  /** The jobs that match all filters except the phase. */
  matching(jobs) {
    const { kind, outcome, mine, q } = this.#values;
    const terms = q.toLowerCase().split(/\s+/).filter(Boolean);
    const user = session.user?.toLowerCase();
    return [...jobs].filter((job) => {
      if (kind && typeLabel(job) !== kind) return false;
      if (outcome === ATTENTION ? !needsAttention(job) : outcome && job.outcome !== outcome) return false;
      if (mine && user && job.submittedBy?.toLowerCase() !== user) return false;
      if (terms.length === 0) return true;
      const text = [...nameParts(job), typeLabel(job), job.description, job.submittedBy].join(' ').toLowerCase();
      return terms.every((term) => text.includes(term));
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
