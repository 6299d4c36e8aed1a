// Rejects requests from pages of other sites. Those can reach this machine's ports through a name that they point here (DNS
// rebinding) or by blind requests (CSRF); the headers show both. access.ts checks the token.

import type { IncomingMessage } from 'node:http';
import { isOwnName } from '../lib/base/host-names.js';
import { HttpProblem } from './http-problem.js';

/** Paths that links from other sites may lead to; only the dashboard's pages and programs may request others. */
const PAGES: readonly string[] = ['/', '/compare', '/sweep'];

/** Whether a path belongs to a page. */
export function isPage(pathname: string): boolean {
  return PAGES.includes(pathname);
}

/**
 * Checks that a request is for this server, and comes from its own pages or from a program.
 *
 * @param host the address the server listens on
 * @throws HttpProblem 403 or 405
 */
export function checkRequest(request: IncomingMessage, pathname: string, host: string): void {
  const { method = '', headers } = request;
  if (!['GET', 'HEAD', 'POST'].includes(method)) {
    throw new HttpProblem(405, `${method} is not answered here: runs are only read`, { allow: 'GET, HEAD' });
  }
  const asked = (headers.host ?? '').toLowerCase();
  if (!isOwnName(asked, host)) {
    throw new HttpProblem(403, `this server is not '${asked}'; open it by the address that it printed`);
  }
  if (comesFromElsewhere(request, asked) && !isLink(request, pathname)) {
    throw new HttpProblem(403, 'pages of other sites may not ask here');
  }
}

function comesFromElsewhere({ headers }: IncomingMessage, asked: string): boolean {
  const { origin, referer } = headers;
  const site = headers['sec-fetch-site'];
  if (origin !== undefined) return origin.toLowerCase() !== `http://${asked}`;
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return referer !== undefined && !`${referer.toLowerCase()}/`.startsWith(`http://${asked}/`);
}

/** Whether the request is a top-level navigation to one of the pages. */
function isLink({ method, headers }: IncomingMessage, pathname: string): boolean {
  if (method !== 'GET' || headers.origin !== undefined || !isPage(pathname)) return false;
  const mode = headers['sec-fetch-mode'] ?? 'navigate';
  const destination = headers['sec-fetch-dest'] ?? 'document';
  return mode === 'navigate' && destination === 'document';
}
