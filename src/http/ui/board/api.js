// Calls of the gateway. Addresses are relative to the page, wherever a proxy has put it.

import { session } from './session.js';

/** An error that the gateway explains (RFC 9457), or that kept it from answering. */
export class Problem extends Error {
  constructor(document) {
    super(document.title);
    this.document = document;
  }

  get status() {
    return this.document.status;
  }

  get code() {
    return this.document.code;
  }

  /** Nobody answered. */
  get isOffline() {
    return this.status === 0;
  }
}

const UNREACHABLE = {
  status: 0,
  code: 'unreachable',
  title: 'The gateway does not answer',
  detail: 'There is no connection to it from here. It may be restarting, or the network may be down.',
};

/** How much later it is for the gateway than for this computer, in milliseconds. */
let ahead = 0;

export const now = () => Date.now() + ahead;

async function problemOf(response) {
  const fallback = { status: response.status, title: `The gateway answered ${response.status}`, code: 'unknown' };
  try {
    return new Problem({ ...fallback, ...(await response.json()) });
  } catch {
    return new Problem(fallback);
  }
}

function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
}

/** The company that is chosen, as requests name it. */
export const ofCompany = () => ({ companyHandle: session.company });

/** Asks the gateway; `data` of the answer is its JSON. Throws a `Problem`. */
export async function call(method, path, { query, body, headers, signal } = {}) {
  const sent = { accept: 'application/json', ...session.headers(), ...headers };
  if (body !== undefined) sent['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(address(path, query), { method, headers: sent, body, signal, cache: 'no-store', credentials: 'omit' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(UNREACHABLE);
  }
  const date = Date.parse(response.headers.get('date'));
  // A header's date has whole seconds, so less than that is no difference.
  if (date) ahead = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
  const answer = { status: response.status, headers: response.headers, data: null };
  if (response.status === 304 || response.status === 204) return answer;
  if (!response.ok) {
    const problem = await problemOf(response);
    problem.retryAfter = Number(response.headers.get('retry-after')) || null;
    throw problem;
  }
  answer.data = await response.json();
  return answer;
}

export const get = (path, options) => call('GET', path, options);

/** Asks again for what was asked before: `null` when nothing has changed since. */
export class Conditional {
  #etag = null;

  constructor(path, query) {
    this.path = path;
    this.query = query;
  }

  async read(signal) {
    const headers = this.#etag ? { 'if-none-match': this.#etag } : {};
    const answer = await get(this.path, { query: this.query(), headers, signal });
    this.#etag = answer.headers.get('etag');
    return answer.data;
  }
}
