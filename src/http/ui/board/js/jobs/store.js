// Client-side store of jobs by id. The version with the later `observedAt` wins, in whatever order responses and events arrive.

import { startTime } from '../format.js';

/** Changes within this time are reported by one event, in milliseconds. */
const CHANGE_DELAY = 30;

const observedAt = (job) => Date.parse(job.observedAt) || 0;

/** Dispatches `change` after jobs were added, changed or removed. */
export class JobStore extends EventTarget {
  #jobs = new Map();
  #changePending = false;

  get jobs() {
    return this.#jobs.values();
  }

  get size() {
    return this.#jobs.size;
  }

  get(id) {
    return this.#jobs.get(id);
  }

  clear() {
    this.#jobs.clear();
    this.#notify();
  }

  /** Inserts or updates a job, unless the stored version is newer. */
  upsert(job) {
    const stored = this.#jobs.get(job.id);
    if (stored && observedAt(stored) > observedAt(job)) return;
    // Views compare jobs by identity: a new `observedAt` alone keeps the object.
    if (stored && isSame(stored, job)) {
      stored.observedAt = job.observedAt;
      return;
    }
    this.#jobs.set(job.id, job);
    this.#notify();
  }

  remove(id) {
    if (this.#jobs.delete(id)) this.#notify();
  }

  /**
   * Replaces all jobs in these phases by a list. Stored jobs that are missing from it are removed unless they were observed later, or are older
   * than the completed jobs of a list that goes on with older ones.
   */
  replacePhases(phases, { jobs, observedAt: listObservedAt, next }) {
    const listTime = Date.parse(listObservedAt) || Infinity;
    const listed = new Set(jobs.map((job) => job.id));
    const starts = next ? jobs.filter((job) => job.phase === 'completed').map(startTime).filter((start) => start !== null) : [];
    const oldest = starts.reduce((one, other) => Math.min(one, other), next ? Infinity : -Infinity);
    const isOlder = (job) => job.phase === 'completed' && (startTime(job) ?? oldest) < oldest;
    for (const [id, job] of this.#jobs) {
      if (phases.includes(job.phase) && !listed.has(id) && !isOlder(job) && observedAt(job) <= listTime) this.remove(id);
    }
    jobs.forEach((job) => this.upsert(job));
  }

  #notify() {
    if (this.#changePending) return;
    this.#changePending = true;
    // A timer, as animation frames don't run while the page is hidden.
    setTimeout(() => {
      this.#changePending = false;
      this.dispatchEvent(new Event('change'));
    }, CHANGE_DELAY);
  }
}

function isSame(one, other) {
  return JSON.stringify({ ...one, observedAt: 0 }) === JSON.stringify({ ...other, observedAt: 0 });
}
