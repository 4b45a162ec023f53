// The jobs that are known. What was observed later wins, in whatever order answers and events arrive.

const observed = (job) => Date.parse(job.observedAt) || 0;

export class Store extends EventTarget {
  #jobs = new Map();
  #told = false;

  get jobs() {
    return this.#jobs.values();
  }

  get size() {
    return this.#jobs.size;
  }

  job(id) {
    return this.#jobs.get(id);
  }

  clear() {
    this.#jobs.clear();
    this.#tell();
  }

  put(job) {
    const known = this.#jobs.get(job.id);
    if (known && observed(known) > observed(job)) return;
    // Another moment alone is no change: rows and details compare by identity.
    if (known && same(known, job)) {
      known.observedAt = job.observedAt;
      return;
    }
    this.#jobs.set(job.id, job);
    this.#tell();
  }

  remove(id) {
    if (this.#jobs.delete(id)) this.#tell();
  }

  /** Takes a list of all jobs in these phases: what is missing from it and was seen no later is gone. */
  replace(phases, jobs, observedAt) {
    const at = Date.parse(observedAt) || Infinity;
    const listed = new Set(jobs.map((job) => job.id));
    for (const [id, job] of this.#jobs) {
      if (phases.includes(job.phase) && !listed.has(id) && observed(job) <= at) this.remove(id);
    }
    jobs.forEach((job) => this.put(job));
  }

  #tell() {
    if (this.#told) return;
    this.#told = true;
    // Not by the next frame: there is none while the page is hidden.
    setTimeout(() => {
      this.#told = false;
      this.dispatchEvent(new Event('change'));
    }, 30);
  }
}

function same(one, other) {
  return JSON.stringify({ ...one, observedAt: 0 }) === JSON.stringify({ ...other, observedAt: 0 });
}
