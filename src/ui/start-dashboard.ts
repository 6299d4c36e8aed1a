// The dashboard's server. It is read-only, and responds only to its own pages and to requests with its token.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FailureError, UsageError } from '../lib/base/errors.js';
import { isAny, outsideName } from '../lib/base/host-names.js';
import { type Access, chooseToken, openAccess } from './access.js';
import { limitConnections } from './connections.js';
import { checkRequest, isPage } from './guard.js';
import { HttpProblem } from './http-problem.js';
import { watchRuns } from './live.js';
import { type Answer, routes, type WatchedSweep } from './routes.js';
import { openRunSource } from './run-source.js';
import { TOKEN_PAGE_POLICY, tokenPage } from './token-page.js';

/** Options of the dashboard. */
export interface DashboardOptions {
  /** The folder of all runs, which need not exist yet; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
  /** 0 for any free port; 7007, or the next free one, by default. */
  readonly port?: number | undefined;
  /** Address to listen on; 127.0.0.1 by default, which only this machine can reach. */
  readonly host?: string | undefined;
  /** The token that requests must have; random by default. `false` requires none. */
  readonly token?: string | false | undefined;
  /** Milliseconds within which a request must arrive completely; 10,000 by default. */
  readonly patience?: number | undefined;
  /** A sweep that workers do, which has a page of its own. */
  readonly sweep?: WatchedSweep | undefined;
  /** Called with internal errors of the server. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A running dashboard. */
export interface Dashboard {
  /** The address to open in a browser, with the token where there is one. */
  readonly url: string;
  /** The address without the token: `http://127.0.0.1:7007/`. */
  readonly address: string;
  readonly token: string | undefined;
  /** Absolute path of the folder of runs. */
  readonly root: string;
  close(): Promise<void>;
}

const PORT = 7007;
/** Number of ports tried after the default one. */
const FURTHER = 20;
const PATIENCE = 10_000;
/** The most open connections; a browser opens six. */
const MOST_CONNECTIONS = 250;

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
 * @throws UsageError when the port is taken, the address is not this machine's or the token could be guessed; FailureError
 * when it cannot listen
 */
export async function startDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  const { root, host = '127.0.0.1', port, patience = PATIENCE, onError = () => {} } = options;
  const token = options.token === false ? undefined : chooseToken(options.token);
  const source = openRunSource(root);
  source.read().catch(() => {}); // fills the cache before the first request
  const live = watchRuns(source);
  const answer = routes(source, live, options.sweep);
  let access: Access | undefined;
  const times = { headersTimeout: patience, requestTimeout: patience, connectionsCheckingInterval: patience / 10 };
  const server = createServer({ ...times, keepAliveTimeout: 5000 }, (request, response) => {
    // Set as soon as the port is known, before the first request.
    access ??= openAccess(token, (server.address() as AddressInfo).port);
    void handle(request, response, { answer, access, host, onError });
  });
  limitConnections(server, MOST_CONNECTIONS);
  await listen(server, host, port === undefined ? Array.from({ length: FURTHER }, (_, i) => PORT + i) : [port]);
  const { port: actual, address } = server.address() as AddressInfo;
  const name = isAny(address) ? outsideName() : address;
  const base = `http://${name.includes(':') ? `[${name}]` : name}:${actual}/`;
  const first = options.sweep === undefined ? base : `${base}sweep`;
  return {
    url: token === undefined ? first : `${first}?token=${token}`,
    address: base,
    token,
    root: source.root,
    async close() {
      live.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Listens on the first free port. */
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
  readonly access: Access;
  readonly host: string;
  readonly onError: (error: unknown) => void;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, access, host, onError }: Handling,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  try {
    const url = addressOf(request);
    checkRequest(request, url.pathname, host);
    if (!access.admits(request, response, url)) return;
    // The token has been checked, and must not appear in addresses that are passed on.
    url.searchParams.delete('token');
    await answer(request, response, url);
  } catch (error) {
    const isOurs = error instanceof HttpProblem;
    if (!isOurs && request.destroyed && !request.complete) return; // the client disconnected, or was too slow
    const problem = isOurs ? error : new HttpProblem(500, 'the server failed; its terminal says how');
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

/** Responds with a message: as JSON for scripts, as text for people. */
function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  { status, message, headers }: HttpProblem,
): void {
  const isApi = request.url?.startsWith('/api/') ?? false;
  const url = status === 401 && request.method === 'GET' ? addressOf(request) : undefined;
  const asks = url !== undefined && isPage(url.pathname);
  const text = isApi ? JSON.stringify({ problem: message }) : asks ? tokenPage(url) : `${message}\n`;
  if (asks) response.setHeader('content-security-policy', TOKEN_PAGE_POLICY);
  for (const name of ['content-disposition', 'content-length', 'etag', 'last-modified']) response.removeHeader(name);
  response.writeHead(status, {
    ...headers,
    'content-type': `${isApi ? 'application/json' : asks ? 'text/html' : 'text/plain'}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    // The unread rest of a body would be parsed as the next request.
    ...(request.method === 'POST' && { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new UsageError(`port ${port} of ${host} is taken; choose another port`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new UsageError(`${host} is no address of this machine; use 127.0.0.1, or 0.0.0.0 for all of its networks`);
  }
  if (code === 'EACCES') return new UsageError(`port ${port} needs rights that this user lacks; choose one above 1023`);
  return new FailureError(`the dashboard cannot listen on ${host}:${port} (${code})`, { cause: error });
}
