import type { GatewayError } from "./errors.js";
import type { CompanyQuery } from "./types.js";

/** IPS user and password, or an IMS access token or API key of the gateway. */
export type Credentials = { username: string; password: string } | { token: string };

export interface ClientOptions {
  /** URL of the gateway with its path prefix. In a browser it may be relative: `""` is the origin of the page. */
  baseUrl: string | URL;
  /**
   * Credentials, or a function that returns the present ones for each request. When they are rejected (401), the function is called once more
   * with the error and the request is repeated. An error that the function throws counts as a failure of the connection.
   */
  credentials?: Credentials | ((rejected?: GatewayError) => Credentials | Promise<Credentials>);
  /** Headers of each request. */
  headers?: Record<string, string>;
  /** Company of each request that names none. */
  company?: CompanyQuery;
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch;
  /** Milliseconds for a response, 30,000 by default. */
  timeout?: number;
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** Settings of the calls; made by `createClient`. */
export interface Client {
  readonly timeout: number;
  readonly canRenew: boolean;
  url(path: string, query?: Query): string;
  /** @param rejected Error of the credentials that were used last. */
  headers(rejected?: GatewayError): Promise<Record<string, string>>;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export function createClient(options: ClientOptions): Client {
  const { credentials, headers, company, timeout = 30_000 } = options;
  const base = String(options.baseUrl).replace(/\/+$/, "");
  // Requests that are rejected at one time share one renewal.
  let renewal: Promise<Credentials> | undefined;
  const current = async (rejected?: GatewayError) => {
    if (typeof credentials !== "function") return credentials;
    if (!rejected) return credentials();
    renewal ??= Promise.resolve(credentials(rejected)).finally(() => (renewal = undefined));
    return renewal;
  };
  return {
    timeout,
    canRenew: typeof credentials === "function",
    url: (path, query = {}) => {
      const named = query["company"] ?? query["companyHandle"];
      const parameters = new URLSearchParams();
      for (const [name, value] of Object.entries<Query[string]>(named === undefined ? { ...company, ...query } : query)) {
        if (value !== undefined) parameters.set(name, String(value));
      }
      const text = parameters.toString();
      return base + path + (text && `?${text}`);
    },
    headers: async (rejected) => {
      const present = await current(rejected);
      return { ...headers, ...(present && { Authorization: authorization(present) }) };
    },
    fetch: (url, init) => (options.fetch ?? globalThis.fetch)(url, init),
  };
}

function authorization(credentials: Credentials): string {
  if ("token" in credentials) return `Bearer ${credentials.token}`;
  const bytes = new TextEncoder().encode(`${credentials.username}:${credentials.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
