// HTTP client of the gateway's API. URLs are relative to the page, so it works behind any path prefix.

import { session } from './session.js';
import { t } from './texts.js';

/** Problem details (RFC 9457) of an error response, or a substitute when there was no response. */
export class Problem extends Error {
  /** Seconds from the `Retry-After` header, or `null`. */
  retryAfter = null;

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

  /** Whether the request got no response at all. */
  get isOffline() {
    return this.status === 0;
  }
}

/**
 * The problem of a request without any response.
 * @param {'unreachable' | 'timeout'} code
 */
const noResponse = (code) => new Problem({ status: 0, code, title: t(`problem.${code}`), detail: t(`problemDetail.${code}`) });

/** Time limits of requests, in milliseconds: longer than the gateway waits for IPS; a submit may be looked up afterwards. */
const READ_TIMEOUT = 20_000;
const CHANGE_TIMEOUT = 60_000;

/** The problem of a stream without any sign of life. */
export const silentProblem = () => noResponse('timeout');

/** Clock differences below this are ignored, in milliseconds: the `Date` header has whole seconds. */
const CLOCK_TOLERANCE = 2_000;

/** Difference between the gateway's clock and the local clock, in milliseconds. */
let clockOffset = 0;

/** Current time by the gateway's clock, in milliseconds since the epoch. */
export const now = () => Date.now() + clockOffset;

async function readProblem(response) {
  const fallback = { status: response.status, title: t('problem.answer', { status: response.status }), code: 'unknown' };
  try {
    return new Problem({ ...fallback, ...(await response.json()) });
  } catch {
    return new Problem(fallback);
  }
}

function withQuery(path, query = {}) {
  const parameters = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return parameters.length > 0 ? `${path}?${new URLSearchParams(parameters)}` : path;
}

/** Query parameters that select the session's company. */
export const companyQuery = () => ({ companyHandle: session.company });

/** The error of a request without a complete response; an abort by the caller stays what it is. */
function failureOf(error) {
  if (error.name === 'AbortError') return error;
  return noResponse(error.name === 'TimeoutError' ? 'timeout' : 'unreachable');
}

/**
 * Parameters of a request: `query` without empty values, the JSON text of the body, further headers, and a signal that aborts it.
 * @typedef {{ query?: Record<string, any>, body?: string, headers?: Record<string, string>, signal?: AbortSignal }} RequestOptions
 */

/**
 * Sends a request and resolves to its successful response, also a 304; throws a `Problem` on errors.
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} options
 */
async function request(method, path, { query, body, headers, signal }) {
  const requestHeaders = { accept: 'application/json', ...session.authHeaders(), ...headers };
  if (body !== undefined) requestHeaders['content-type'] = 'application/json';
  /** @type {RequestInit} */
  const options = { method, headers: requestHeaders, body, signal, cache: 'no-store', credentials: 'omit' };
  let response;
  try {
    response = await fetch(withQuery(path, query), options);
  } catch (error) {
    throw failureOf(error);
  }
  const date = Date.parse(response.headers.get('date'));
  if (date) clockOffset = Math.abs(date - Date.now()) > CLOCK_TOLERANCE ? date - Date.now() : 0;
  if (response.ok || response.status === 304) return response;
  const problem = await readProblem(response);
  problem.retryAfter = Number(response.headers.get('retry-after')) || null;
  throw problem;
}

/**
 * Sends a request. Resolves to `{ status, headers, data }` with the parsed JSON body as `data`; throws a `Problem` on errors.
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<{ status: number, headers: Headers, data: any }>}
 */
export async function send(method, path, { query, body, headers, signal } = {}) {
  const limit = AbortSignal.timeout(method === 'GET' || body === undefined ? READ_TIMEOUT : CHANGE_TIMEOUT);
  const response = await request(method, path, { query, body, headers, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  const result = { status: response.status, headers: response.headers, data: null };
  if (response.status === 304 || response.status === 204) return result;
  try {
    result.data = await response.json();
  } catch (error) {
    throw failureOf(error);
  }
  return result;
}

/**
 * Reads a response of any length. `onChunk` is called with each part of the body, and returns `false` when no more is wanted; the time limit is
 * that of each part.
 * @param {string} path
 * @param {RequestOptions & { onChunk: (chunk: Uint8Array) => boolean }} options
 */
export async function readChunks(path, { query, headers, signal, onChunk }) {
  const limit = new AbortController();
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => limit.abort(new DOMException('no data', 'TimeoutError')), READ_TIMEOUT);
  };
  restart();
  try {
    const response = await request('GET', path, { query, headers, signal: AbortSignal.any([signal, limit.signal]) });
    const reader = response.body.getReader();
    for (;;) {
      restart();
      const { done, value } = await reader.read();
      if (done) return;
      if (onChunk(value) === false) {
        await reader.cancel();
        return;
      }
    }
  } catch (error) {
    throw error instanceof Problem ? error : failureOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends a GET request; as `send`.
 * @param {string} path
 * @param {RequestOptions} [options]
 */
export const get = (path, options) => send('GET', path, options);

/** Conditional GET: repeats a request with the ETag of its last response. */
export class ConditionalGet {
  #etag = null;

  /** `query` is called for every request. */
  constructor(path, query) {
    this.path = path;
    this.query = query;
  }

  /** Resolves to the parsed body, or to `null` when it is unchanged (304). */
  async fetch(signal) {
    const headers = this.#etag ? { 'if-none-match': this.#etag } : {};
    const response = await get(this.path, { query: this.query(), headers, signal });
    this.#etag = response.headers.get('etag');
    return response.data;
  }
}
