// Who may ask. A page of another site that a browser shows can reach this machine's ports, by a name that it points here (DNS
// rebinding) or by requests that it sends blindly; both show in the headers Host, Origin and Sec-Fetch-Site.

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { HttpProblem } from './http-problem.js';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const ANY = ['0.0.0.0', '::'];

/**
 * Checks that a request is meant for this server and comes from its own pages or from no page at all.
 *
 * @param host what the server listens on: a loopback address admits only loopback names; `0.0.0.0` admits every IP address,
 * which no other site can pretend to be, but no name
 * @throws HttpProblem 403 or 405
 */
export function checkRequest(request: IncomingMessage, host: string): void {
  const { method = '', headers } = request;
  if (!['GET', 'HEAD', 'POST'].includes(method)) {
    throw new HttpProblem(405, `${method} is not answered here: runs are only read`, { allow: 'GET, HEAD' });
  }
  const asked = (headers.host ?? '').toLowerCase();
  if (!isOwnHost(asked, host)) {
    throw new HttpProblem(403, `this server is not '${asked}'; open it by the address that it printed`);
  }
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const fromElsewhere =
    origin !== undefined
      ? origin.toLowerCase() !== `http://${asked}`
      : site !== undefined && site !== 'same-origin' && site !== 'none';
  const isLink = method === 'GET' && origin === undefined && headers['sec-fetch-mode'] === 'navigate';
  if (fromElsewhere && !isLink) throw new HttpProblem(403, 'pages of other sites may not ask here');
}

/** Whether the text of a Host header names the server. */
function isOwnHost(asked: string, host: string): boolean {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d+)?$/.exec(asked) ?? [];
  if (name === undefined) return false;
  const bare = name.replace(/^\[|\]$/g, '');
  if (LOOPBACK.includes(name) || bare === host.toLowerCase()) return true;
  return ANY.includes(host) && isIP(bare) !== 0;
}
