// Which jobs are shown, and in which order. It stands in the fragment of the address: it can be bookmarked and sent to others.

import { session } from './session.js';
import { durationOf, errorsOf, kindOf, nameOf, startOf, statusOf, warningsOf } from './words.js';

const DEFAULTS = { phase: '', kind: '', mine: '', q: '', sort: '-started', company: '', job: '' };

const RANK = { running: 0, stopping: 0, finalizing: 0, waiting: 1 };

/** By what each column sorts. */
const KEYS = {
  kind: kindOf,
  name: (job) => nameOf(job).join('').toLowerCase(),
  started: (job) => startOf(job) ?? 0,
  progress: (job) => job.percent ?? -1,
  warnings: (job) => warningsOf(job) ?? -1,
  errors: (job) => errorsOf(job) ?? -1,
  duration: (job, now) => durationOf(job, now) ?? -1,
  status: (job) => `${RANK[job.status] ?? 2} ${statusOf(job)[1]}`,
  by: (job) => job.submitUserEmail?.toLowerCase() ?? '',
};

export class Filters extends EventTarget {
  #values = { ...DEFAULTS };

  constructor() {
    super();
    this.#read();
    addEventListener('hashchange', () => this.#read());
    addEventListener('popstate', () => this.#read());
  }

  get(name) {
    return this.#values[name];
  }

  /** `history`: whether the browser's way back leads to what was before. */
  set(changes, history = 'replace') {
    Object.assign(this.#values, changes);
    const given = Object.entries(this.#values).filter(([name, value]) => value !== DEFAULTS[name]);
    const fragment = new URLSearchParams(given).toString();
    const address = `${location.pathname}${location.search}${fragment && `#${fragment}`}`;
    window.history[`${history}State`](null, '', address);
    this.dispatchEvent(new Event('change'));
  }

  #read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const values = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, given.get(name) ?? DEFAULTS[name]]));
    const isNew = Object.keys(DEFAULTS).some((name) => values[name] !== this.#values[name]);
    if (!(values.sort.replace(/^-/, '') in KEYS)) values.sort = DEFAULTS.sort;
    this.#values = values;
    if (isNew) this.dispatchEvent(new Event('change'));
  }

  /** Whether anything but the phase keeps jobs from being shown. */
  get isNarrow() {
    return ['kind', 'mine', 'q'].some((name) => this.get(name) !== '');
  }

  /** The jobs that pass everything but the filter by phase. */
  ofAnyPhase(jobs) {
    const { kind, mine, q } = this.#values;
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const me = session.user?.toLowerCase();
    return [...jobs].filter((job) => {
      if (kind && kindOf(job) !== kind) return false;
      if (mine && me && job.submitUserEmail?.toLowerCase() !== me) return false;
      if (words.length === 0) return true;
      const text = [...nameOf(job), kindOf(job), job.description, job.submitUserEmail].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  ofPhase(jobs) {
    const phase = this.get('phase');
    return phase ? jobs.filter((job) => job.phase === phase) : jobs;
  }

  sorted(jobs, now) {
    const sort = this.get('sort');
    const key = KEYS[sort.replace(/^-/, '')];
    const sign = sort.startsWith('-') ? -1 : 1;
    const keyed = jobs.map((job) => [key(job, now), startOf(job) ?? 0, job]);
    const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
    // Those that compare alike stay in one order, or rows would jump about.
    keyed.sort((one, other) => sign * compare(one[0], other[0]) || compare(other[1], one[1]) || compare(one[2].id, other[2].id));
    return keyed.map(([, , job]) => job);
  }
}
