// Keeps the store up to date: by one stream of events, by polls while there is none, and not at all while it is paused.

import { Conditional, Problem, call, now, ofCompany } from './api.js';

const EVENTS = ['created', 'progress', 'status', 'finished'].map((what) => `job.${what}`);
/** In milliseconds. */
const POLL = 3_000;
const LOOK_AROUND = 30_000;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;
/** So often the stream may fail in a row before polls take its place. */
const FAILURES = 2;

export class Live extends EventTarget {
  /** `connecting`, `live`, `polling`, `failing` or `offline` while it is on; else why it is not: `off`, `paused` or `resting`. */
  state = 'off';
  /** What the gateway said when it last failed. */
  problem = null;
  /** Since when IPS does not answer the gateway; `null` while it does. */
  staleSince = null;
  retryAt = null;

  #store;
  #stream = null;
  #failures = 0;
  /** Before this, the gateway does not want to be asked again. */
  #notBefore = 0;
  #timers = new Map();
  #calls = null;
  #active = new Conditional('jobs', () => ({ ...ofCompany(), phase: 'active' }));
  #rest = new Conditional('jobs', () => ({ ...ofCompany(), phase: 'scheduled,completed', limit: 1000, sort: '-startDate' }));

  constructor(store) {
    super();
    this.#store = store;
  }

  start() {
    this.#calls?.abort();
    this.#calls = new AbortController();
    this.#failures = 0;
    this.#active = new Conditional(this.#active.path, this.#active.query);
    this.#rest = new Conditional(this.#rest.path, this.#rest.query);
    this.#enter('connecting');
    this.#connect();
    this.#lookAround();
  }

  /** Nothing is asked after this: the stream ends, timers are cleared, and calls under way are broken off. */
  stop(state) {
    this.#calls?.abort();
    this.#close();
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers.clear();
    this.retryAt = null;
    this.#enter(state);
  }

  /** Asks for what the stream does not tell of, now. */
  refresh() {
    if (this.isOn) this.#lookAround();
  }

  get isOn() {
    return ['connecting', 'live', 'polling', 'failing', 'offline'].includes(this.state);
  }

  #enter(state) {
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }

  /** Does something after this time, and when the gateway wants to be asked again; returns when that will be. */
  #later(name, delay, what) {
    const at = Math.max(now() + delay, this.#notBefore);
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(what, at - now()));
    return at;
  }

  #close() {
    this.#stream?.close();
    this.#stream = null;
  }

  /** A ticket is good for one stream, so that the browser's own way to connect again is of no use. */
  async #connect() {
    const { signal } = this.#calls;
    try {
      const { data } = await call('POST', 'jobs/events/tickets', { signal });
      this.#open(data.ticket);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  #open(ticket) {
    const stream = new EventSource(`jobs/events?${new URLSearchParams({ ...ofCompany(), ticket })}`);
    this.#close();
    this.#stream = stream;
    const on = (name, then) => stream.addEventListener(name, (event) => then(JSON.parse(event.data)));
    on('snapshot', (list) => {
      this.#failures = 0;
      this.problem = null;
      this.retryAt = null;
      clearTimeout(this.#timers.get('poll'));
      this.#take(['active'], list);
      this.#enter('live');
    });
    EVENTS.forEach((name) => on(name, (job) => this.#store.put(job)));
    on('job.removed', ({ id }) => this.#store.remove(id));
    stream.addEventListener('error', (event) => {
      if (stream !== this.#stream) return;
      this.#close();
      // An event of this name is the gateway's last word; without data it is the connection that broke.
      this.#failed(event.data ? new Problem(JSON.parse(event.data)) : null);
    });
  }

  #failed(error) {
    this.#note(error);
    if (!this.isOn) return;
    this.#failures += 1;
    const delay = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (this.#failures - 1)) * (0.75 + Math.random() / 2);
    this.retryAt = this.#later('connect', delay, () => this.#connect());
    if (this.#failures === FAILURES) this.#later('poll', 0, () => this.#poll());
    if (error?.retryAfter) this.#enter('failing');
    else this.#enter(this.#failures < FAILURES ? 'connecting' : this.state);
  }

  async #poll() {
    const { signal } = this.#calls;
    try {
      const list = await this.#active.read(signal);
      if (this.state === 'live') return;
      if (list) this.#take(['active'], list);
      this.problem = null;
      this.#enter('polling');
    } catch (error) {
      if (signal.aborted) return;
      this.#note(error);
      if (this.isOn) this.#enter(error.isOffline ? 'offline' : 'failing');
    }
    if (this.isOn && this.state !== 'live') this.#later('poll', POLL, () => this.#poll());
  }

  /** What no stream tells: scheduled jobs, jobs that others completed while there was no stream, and how IPS is. */
  async #lookAround() {
    const { signal } = this.#calls;
    try {
      const list = await this.#rest.read(signal);
      if (list) this.#take(['scheduled', 'completed'], list);
    } catch (error) {
      if (signal.aborted) return;
      this.#note(error);
    }
    if (this.isOn) this.#later('look', LOOK_AROUND * (0.9 + Math.random() / 5), () => this.#lookAround());
  }

  #take(phases, list) {
    this.#store.replace(phases, list.jobs, list.observedAt);
    this.staleSince = list.stale ? list.observedAt : null;
    this.dispatchEvent(new CustomEvent('list', { detail: phases }));
  }

  #note(error) {
    if (!(error instanceof Problem)) return;
    this.problem = error;
    if (error.retryAfter) this.#notBefore = now() + error.retryAfter * 1000;
    this.dispatchEvent(new CustomEvent('problem', { detail: error }));
  }
}
