// An HTTP proxy that injects faults of networks and busy servers: refusals, closed connections, delays.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The fault of a request. */
export type Fault =
  | 'pass'
  /** The connection is closed before the server receives it. */
  | 'cut'
  /** The server executes it, and the connection is closed before its response. */
  | 'cut answer'
  /** The server does not receive it, and there is no response. */
  | 'hang'
  /** It is forwarded after this number of milliseconds. */
  | number
  /** Refused. */
  | { status: number; headers?: Record<string, string> };

/** A recorded request. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** The body, parsed if it is JSON. */
  readonly body: unknown;
  /** Milliseconds since the proxy started. */
  readonly time: number;
}

/** A running proxy. */
export interface FaultProxy {
  readonly uri: string;
  /** All requests so far. */
  readonly seen: Seen[];
  /** Requests that change something on the server. */
  writes(): Seen[];
  /** Chooses the faults of the next requests. */
  fault: (request: Seen, index: number) => Fault | Promise<Fault>;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a server. */
export async function startProxy(target: string, fault: FaultProxy['fault'] = () => 'pass'): Promise<FaultProxy> {
  const seen: Seen[] = [];
  const began = performance.now();
  const server = http.createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const { method = '', url: path = '', headers } = request;
    const json = headers['content-type'] === 'application/json' && method === 'POST';
    const one: Seen = {
      method,
      path,
      headers,
      body: json ? JSON.parse(body.toString()) : undefined,
      time: performance.now() - began,
    };
    seen.push(one);
    const what = await proxy.fault(one, seen.length - 1);
    if (what === 'cut') return void request.socket.destroy();
    if (what === 'hang') return;
    if (typeof what === 'object') {
      response.writeHead(what.status, what.headers).end('busy');
      return;
    }
    if (typeof what === 'number') await sleep(what);
    const onward = http.request(
      target + path,
      { method, headers: { ...headers, host: new URL(target).host } },
      (answer) => {
        if (what === 'cut answer') {
          answer.resume().on('end', () => request.socket.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => request.socket.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultProxy = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    fault,
    writes: () => seen.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/runs/search')),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
