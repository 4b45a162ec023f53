// A proxy whose connections fail as a test says, and clients behind it.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createClient } from 'ips-gateway-client';
import { PASSWORD, USER } from './harness.js';

export const CREDENTIALS = { username: USER, password: PASSWORD };
/** A job that waits for no other one, as publishes do. */
export const optimize = (jobName) => ({ jobName, optimizeImagesJob: { emailSetting: 'None' } });

/** Client of the demo behind a proxy. */
export const clientOf = ({ origin }, options) => createClient({ baseUrl: origin, credentials: CREDENTIALS, ...options });

/** Passes a request on. */
export function forward(origin, incoming, outgoing, headers = incoming.headers) {
  const forwarded = request(`${origin}${incoming.url}`, { method: incoming.method, headers }, (response) => {
    outgoing.writeHead(response.statusCode, response.headers);
    response.pipe(outgoing);
  });
  forwarded.on('error', () => outgoing.destroy());
  outgoing.on('close', () => forwarded.destroy());
  incoming.pipe(forwarded);
}

/** Answers with a problem document. */
export function refuse(outgoing, status, problem, headers) {
  outgoing.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  outgoing.end(JSON.stringify({ type: 'about:blank', title: 'refused', detail: 'refused', status, requestId: '1', ...problem }));
}

/**
 * Starts a proxy in front of a gateway. `handle(incoming, outgoing)` answers a request; where it returns `undefined`, the request is passed on.
 * `requests` has what arrived, `cut` breaks the open connections, `down` and `up` refuse new ones and accept them again.
 */
export async function startFaults(origin, handle = () => undefined) {
  const open = new Set();
  const proxy = { handle, requests: [] };
  const server = createServer((incoming, outgoing) => {
    proxy.requests.push({ method: incoming.method, path: incoming.url.split('?')[0], url: incoming.url, headers: incoming.headers, at: performance.now() });
    if (proxy.handle(incoming, outgoing) === undefined) forward(origin, incoming, outgoing);
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  const up = async (port) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.unref();
  };
  await up(0);
  const { port } = server.address();
  const cut = () => open.forEach((socket) => socket.destroy());
  const down = async () => {
    server.close();
    cut();
    await once(server, 'close');
  };
  const of = (method, pattern) => proxy.requests.filter((request) => request.method === method && pattern.test(request.path));
  return Object.assign(proxy, { origin: `http://127.0.0.1:${port}`, open, cut, down, up: () => up(port), of });
}

export const isStream = (incoming) => incoming.url.split('?')[0].endsWith('/events');

/** Sends a request to the gateway and throws its answer away, by breaking the connection of the client. */
export function loseAnswer(origin, incoming, outgoing) {
  const forwarded = request(`${origin}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (response) => {
    response.resume().on('end', () => outgoing.destroy());
  });
  incoming.pipe(forwarded);
  return true;
}

/** Reads an iterable until a value passes; all values that were read. The iterable goes on where it was. */
export async function until(iterator, passes) {
  const values = [];
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) throw new Error(`it ended after ${JSON.stringify(values)}`);
    values.push(value);
    if (passes(value)) return values;
  }
}
