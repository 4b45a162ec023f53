import type { Client, Query } from "./client.js";
import { ConnectionError, GatewayError } from "./errors.js";
import { Deadline } from "./timing.js";
import type { Problem } from "./types.js";

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  query?: Query;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Milliseconds for the response; by default those of the client. */
  timeout?: number;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  /** Absent for 204 and 304. */
  body: T | undefined;
}

/** Sends a request and reads its response. Throws `GatewayError`, `ConnectionError`, or the reason of the signal. */
export async function exchange<T>(client: Client, path: string, call: Call): Promise<Answer<T>> {
  const deadline = new Deadline(call.signal);
  deadline.start(call.timeout ?? client.timeout);
  try {
    const response = await open(client, path, { ...call, signal: deadline.signal });
    const text = await connected(deadline.signal, () => response.text());
    return { status: response.status, headers: response.headers, body: parse<T>(response, text) };
  } finally {
    deadline.release();
  }
}

/** Sends a request; resolves with a response of status 2xx or 304 whose body is still to be read. */
export async function open(client: Client, path: string, call: Call & { signal: AbortSignal }): Promise<Response> {
  const response = await send(client, path, call);
  if (response.status !== 401 || !client.canRenew) return accepted(response, call.signal);
  const rejected = await errorOf(response, call.signal);
  return accepted(await send(client, path, call, rejected), call.signal);
}

async function send(client: Client, path: string, call: Call & { signal: AbortSignal }, rejected?: GatewayError): Promise<Response> {
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  const type = call.body === undefined ? {} : { "Content-Type": "application/json" };
  return connected(call.signal, async () => {
    const headers = { ...(await client.headers(rejected)), ...type, ...call.headers };
    return client.fetch(client.url(path, call.query), { method: call.method ?? "GET", headers, signal: call.signal, ...body });
  });
}

/** Runs a part of an exchange; its failures become `ConnectionError`, or the reason of the signal. */
export async function connected<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await run();
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new ConnectionError(`no response: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

async function accepted(response: Response, signal: AbortSignal): Promise<Response> {
  if (response.ok || response.status === 304) return response;
  throw await errorOf(response, signal);
}

async function errorOf(response: Response, signal: AbortSignal): Promise<GatewayError> {
  const text = await connected(signal, () => response.text());
  const retryAfter = retryAfterOf(response.headers);
  try {
    const problem = JSON.parse(text) as Problem;
    if (typeof problem.code === "string") return new GatewayError(response.status, { problem, retryAfter });
  } catch {
    // The page of a proxy.
  }
  return new GatewayError(response.status, { retryAfter });
}

function parse<T>(response: Response, text: string): T | undefined {
  if (response.status === 204 || response.status === 304) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new GatewayError(response.status, { code: "invalid-answer" });
  }
}

/** Milliseconds of `Retry-After`. A date is compared with the clock of the server, not with that of this machine. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("Retry-After");
  if (value === null) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.parse(headers.get("Date") ?? "");
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
