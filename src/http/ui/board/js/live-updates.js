// Keeps the job store up to date: by one event stream, by polling while the stream is down, and not at all while paused.

import { ConditionalGet, Problem, companyQuery, now, send, silentProblem } from './api.js';

const JOB_EVENTS = ['created', 'progress', 'status', 'finished', 'chain'].map((name) => `job.${name}`);
/** Interval of polls of the active jobs while there is no stream, in milliseconds. */
const POLL_INTERVAL = 3_000;
/** Interval of polls of the scheduled and completed jobs, in milliseconds, ± 10 %. */
const OTHER_PHASES_INTERVAL = 30_000;
/** Back-off before the stream is opened again, in milliseconds: doubled for each failure up to the limit, ± 25 %. */
const MIN_BACKOFF = 1_000;
const MAX_BACKOFF = 30_000;
/** Consecutive failures of the stream after which polling starts. */
const FAILURES_BEFORE_POLLING = 2;

/** Interval of the stream's heartbeats, in seconds. */
const HEARTBEAT = 2;
/**
 * Time without any event after which the stream may be dead, and further time after which it is, in milliseconds: a page that was suspended gets
 * the events of that time after its timers.
 */
const MAX_SILENCE = 4_500;
const SILENCE_GRACE = 3_000;

const RUNNING_STATES = ['connecting', 'live', 'polling', 'failing', 'offline'];

/**
 * Dispatches `change` when the state changes, `list` with the `phases` of a new list and the `list` itself as `detail`, and `problem` with the
 * `Problem` of a failed request as `detail`.
 */
export class LiveUpdates extends EventTarget {
  /** `connecting`, `live`, `polling`, `failing` or `offline` while running, otherwise `off`, `paused` or `background`. */
  state = 'off';
  /** The last `Problem`; `null` once updates arrive again. */
  problem = null;
  /** Phases whose jobs the user may not see. */
  denied = new Set();
  /** Time of the last sign of life of the gateway, in milliseconds, or `null`. */
  lastContact = null;
  /** Whether the last request for the scheduled and completed jobs failed. */
  isIncomplete = false;
  /** Time of the next attempt to open the stream, or `null`. */
  retryAt = null;

  #store;
  #stream = null;
  #failures = 0;
  /** Earliest time of the next request, from `Retry-After`. */
  #notBefore = 0;
  #timers = new Map();
  #requests = null;
  #activeJobs = null;
  #otherJobs = null;
  /** `observedAt` of the stale lists, by the first of their phases. */
  #stale = new Map();

  constructor(store) {
    super();
    this.#store = store;
  }

  /** `observedAt` of the oldest stale list, while IPS does not answer the gateway; otherwise `null`. */
  get staleSince() {
    return [...this.#stale.values()].sort()[0] ?? null;
  }

  start() {
    this.#requests?.abort();
    this.#requests = new AbortController();
    this.#failures = 0;
    this.denied.clear();
    this.#stale.clear();
    this.lastContact = null;
    // New ones without ETags, so that the first responses are complete lists.
    this.#activeJobs = new ConditionalGet('jobs', () => ({ ...companyQuery(), phase: 'active' }));
    this.#otherJobs = new ConditionalGet('jobs', () => ({ ...companyQuery(), phase: 'scheduled,completed' }));
    this.#setState('connecting');
    this.#connect();
    this.#pollOtherPhases();
  }

  /** Closes the stream, clears the timers and aborts requests in flight; `state` is the reason. */
  stop(state) {
    this.#requests?.abort();
    this.#closeStream();
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers.clear();
    this.retryAt = null;
    this.#setState(state);
  }

  /** Polls the scheduled and completed jobs now. */
  refresh() {
    if (this.isRunning) this.#pollOtherPhases();
  }

  get isRunning() {
    return RUNNING_STATES.includes(this.state);
  }

  #setState(state) {
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }

  /** Runs `task` after `delay` and not before `Retry-After` has passed; replaces the timer of that name. Returns the time of the run. */
  #schedule(name, delay, task) {
    const time = Math.max(now() + delay, this.#notBefore);
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(task, time - now()));
    return time;
  }

  #closeStream() {
    clearTimeout(this.#timers.get('silence'));
    this.#stream?.close();
    this.#stream = null;
  }

  /** Opens the stream with a new ticket: EventSource's own reconnect has no back-off and ignores `Retry-After`. */
  async #connect() {
    const { signal } = this.#requests;
    try {
      const { data } = await send('POST', 'jobs/events/tickets', { signal });
      this.#openStream(data.ticket);
    } catch (error) {
      if (!signal.aborted) this.#streamFailed(error);
    }
  }

  #openStream(ticket) {
    const stream = new EventSource(`jobs/events?${new URLSearchParams({ ...companyQuery(), ticket, heartbeat: String(HEARTBEAT) })}`);
    this.#closeStream();
    this.#stream = stream;
    this.#watch();
    const on = (name, handle) => stream.addEventListener(name, (event) => {
      if (stream !== this.#stream) return;
      this.#watch();
      this.lastContact = now();
      handle(JSON.parse(event.data));
    });
    on('heartbeat', () => {});
    on('snapshot', (list) => {
      this.#failures = 0;
      this.problem = null;
      this.retryAt = null;
      clearTimeout(this.#timers.get('poll'));
      this.#apply(['active'], list);
      this.#setState('live');
    });
    JOB_EVENTS.forEach((name) => on(name, (job) => this.#store.upsert(job)));
    on('job.removed', ({ id }) => this.#store.remove(id));
    on('upstream.stale', (list) => this.#setStale('active', list));
    on('upstream.recovered', (list) => {
      this.#setStale('active', list);
      this.refresh();
    });
    stream.addEventListener('error', (/** @type {any} */ event) => {
      if (stream !== this.#stream) return;
      this.#closeStream();
      // With data it is the gateway's final `error` event, without data EventSource's own event for a broken connection.
      this.#streamFailed(event.data ? new Problem(JSON.parse(event.data)) : null);
    });
  }

  /** Ends a stream without any event, heartbeats included: the gateway hangs, or the connection is dead. */
  #watch() {
    const after = (delay, task) => {
      clearTimeout(this.#timers.get('silence'));
      this.#timers.set('silence', setTimeout(task, delay));
    };
    after(MAX_SILENCE, () => after(SILENCE_GRACE, () => {
      this.#closeStream();
      this.#streamFailed(silentProblem());
    }));
  }

  #setStale(part, { stale, observedAt }) {
    if (stale) this.#stale.set(part, observedAt);
    else this.#stale.delete(part);
    this.dispatchEvent(new Event('change'));
  }

  #streamFailed(error) {
    this.#report(error);
    if (!this.isRunning) return;
    this.#failures += 1;
    const backoff = Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** (this.#failures - 1)) * (0.75 + Math.random() / 2);
    this.retryAt = this.#schedule('connect', backoff, () => this.#connect());
    if (this.#failures === FAILURES_BEFORE_POLLING) this.#schedule('poll', 0, () => this.#pollActive());
    if (error?.retryAfter) this.#setState('failing');
    else this.#setState(this.#failures < FAILURES_BEFORE_POLLING ? 'connecting' : this.state);
  }

  async #pollActive() {
    const { signal } = this.#requests;
    try {
      const list = await this.#activeJobs.fetch(signal);
      if (this.state === 'live') return;
      this.lastContact = now();
      if (list) this.#apply(['active'], list);
      this.problem = null;
      this.#setState('polling');
    } catch (error) {
      if (signal.aborted) return;
      if (error.code === 'forbidden') return this.#denyActive();
      this.#report(error);
      if (this.isRunning) this.#setState(error.isOffline ? 'offline' : 'failing');
    }
    if (this.isRunning && this.state !== 'live') this.#schedule('poll', POLL_INTERVAL, () => this.#pollActive());
  }

  /** Shows no active jobs, which the user may not see, and opens no stream of them until a later poll is permitted. */
  #denyActive() {
    clearTimeout(this.#timers.get('connect'));
    this.retryAt = null;
    this.#failures = 0;
    this.problem = null;
    this.#apply(['active'], { jobs: [], denied: ['active'] });
    this.#setState('polling');
    this.#schedule('connect', OTHER_PHASES_INTERVAL, () => this.#connect());
  }

  /** Polls what the stream does not carry: scheduled jobs, and jobs completed before the stream was opened. */
  async #pollOtherPhases() {
    const { signal } = this.#requests;
    try {
      const list = await this.#otherJobs.fetch(signal);
      if (this.isIncomplete && this.state === 'live') this.problem = null;
      this.isIncomplete = false;
      if (list) this.#apply(['scheduled', 'completed'], list);
    } catch (error) {
      if (signal.aborted) return;
      if (error.code === 'forbidden') this.#apply(['scheduled', 'completed'], { jobs: [], denied: ['scheduled', 'completed'] });
      else {
        this.isIncomplete = true;
        this.#report(error);
      }
    }
    this.dispatchEvent(new Event('change'));
    if (this.isRunning) {
      const interval = OTHER_PHASES_INTERVAL * (0.9 + Math.random() / 5);
      this.#schedule('other-phases', interval, () => this.#pollOtherPhases());
    }
  }

  #apply(phases, list) {
    this.#store.replacePhases(phases, list);
    phases.forEach((phase) => (list.denied?.includes(phase) ? this.denied.add(phase) : this.denied.delete(phase)));
    this.#setStale(phases[0], list);
    this.dispatchEvent(new CustomEvent('list', { detail: { phases, list } }));
  }

  #report(error) {
    if (!(error instanceof Problem)) return;
    this.problem = error;
    if (error.retryAfter) this.#notBefore = now() + error.retryAfter * 1000;
    this.dispatchEvent(new CustomEvent('problem', { detail: error }));
  }
}
