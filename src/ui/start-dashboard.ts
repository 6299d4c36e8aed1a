// The dashboard's server. It reads runs and changes nothing, and answers nobody but its own pages.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FailureError, UsageError } from '../lib/base/errors.js';
import { checkRequest } from './guard.js';
import { HttpProblem } from './http-problem.js';
import { watchRuns } from './live.js';
import { type Answer, routes } from './routes.js';
import { openRunSource } from './run-source.js';

/** Where the dashboard listens and what it shows. */
export interface DashboardOptions {
  /** The folder of all runs, which need not exist yet; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
  /** 0 for any that is free. By default 7007, or the next one that is free. */
  readonly port?: number | undefined;
  /** Address to listen on; 127.0.0.1 by default, which only this machine reaches. */
  readonly host?: string | undefined;
  /** Hears of errors that are the server's own fault. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A running dashboard. */
export interface Dashboard {
  readonly url: string;
  /** Absolute path of the folder that it shows. */
  readonly root: string;
  close(): Promise<void>;
}

const PORT = 7007;
/** Ports tried after the usual one. */
const FURTHER = 20;

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; " +
    "media-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/**
 * Starts the dashboard.
 *
 * @throws UsageError when the port is taken or the address is not this machine's; FailureError when it cannot listen
 */
export async function startDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  const { root, host = '127.0.0.1', port, onError = () => {} } = options;
  const source = openRunSource(root);
  source.read().catch(() => {}); // thousands of runs are read before the first page asks
  const live = watchRuns(source);
  const answer = routes(source, live);
  const server = createServer((request, response) => {
    void handle(request, response, { answer, host, onError });
  });
  server.requestTimeout = 30_000;
  await listen(server, host, port === undefined ? Array.from({ length: FURTHER }, (_, i) => PORT + i) : [port]);
  const { port: actual, family, address } = server.address() as AddressInfo;
  const name = ['0.0.0.0', '::'].includes(address) ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${name}:${actual}/`,
    root: source.root,
    async close() {
      live.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Listens on the first of the ports that is free. */
async function listen(server: Server, host: string, ports: readonly number[]): Promise<void> {
  for (const [i, port] of ports.entries()) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return;
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || i === ports.length - 1) throw listenError(error, host, port);
    }
  }
}

interface Handling {
  readonly answer: Answer;
  readonly host: string;
  readonly onError: (error: unknown) => void;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, host, onError }: Handling,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  try {
    checkRequest(request, host);
    await answer(request, response, addressOf(request));
  } catch (error) {
    const problem =
      error instanceof HttpProblem ? error : new HttpProblem(500, 'the server failed; its terminal says how');
    if (problem !== error) onError(error);
    if (response.headersSent) response.destroy();
    else sendProblem(request, response, problem);
  }
}

function addressOf({ url = '' }: IncomingMessage): URL {
  if (!url.startsWith('/') || url.startsWith('//')) throw new HttpProblem(400, 'expected an address below /');
  try {
    return new URL(url, 'http://dashboard');
  } catch {
    throw new HttpProblem(400, 'the address cannot be read');
  }
}

/** A sentence: as JSON for scripts, as text for people. */
function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  { status, message, headers }: HttpProblem,
): void {
  const isApi = request.url?.startsWith('/api/') ?? false;
  const text = isApi ? JSON.stringify({ problem: message }) : `${message}\n`;
  for (const name of ['content-disposition', 'content-length', 'etag', 'last-modified']) response.removeHeader(name);
  response.writeHead(status, {
    ...headers,
    'content-type': isApi ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    // What is left of a body that nobody reads would be taken for the next request.
    ...(request.method === 'POST' && { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new UsageError(`port ${port} of ${host} is taken; choose another with --port`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new UsageError(`${host} is no address of this machine; use 127.0.0.1, or 0.0.0.0 for all of its networks`);
  }
  if (code === 'EACCES') return new UsageError(`port ${port} needs rights that this user lacks; choose one above 1023`);
  return new FailureError(`the dashboard cannot listen on ${host}:${port} (${code})`, { cause: error });
}
