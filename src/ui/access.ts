// Authentication by the token that the server printed: other users and programs of the machine can reach its ports, as can
// others on the network. A browser sends the token once, in the address, and then a cookie.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UsageError } from '../lib/base/errors.js';
import { isPage } from './guard.js';
import { HttpProblem } from './http-problem.js';

/** Authenticates requests. */
export interface Access {
  /** The token; undefined where none is required. */
  readonly token: string | undefined;
  /**
   * Whether to handle a request; false if it was redirected, from a page's address with the token to that without it.
   *
   * @throws HttpProblem 401
   */
  admits(request: IncomingMessage, response: ServerResponse, url: URL): boolean;
}

/** The message for requests without the token. */
const REFUSAL =
  'this dashboard asks for its token; open the address that steadyframe ui printed, or send the header "Authorization: Bearer TOKEN"';

/**
 * The given token, or one of 192 random bits.
 *
 * @throws UsageError for a token that could be guessed, or that does not fit into addresses and headers
 */
export function chooseToken(given: string | undefined): string {
  if (given === undefined) return randomBytes(24).toString('hex');
  if (/^[\w.~-]{8,256}$/.test(given)) return given;
  throw new UsageError('the token must be 8 to 256 letters, digits or - _ . ~ (it is not repeated here)');
}

/**
 * Authenticates requests by a token.
 *
 * @param port the server's, which is part of its cookie's name: browsers send cookies to every port of a machine
 */
export function openAccess(token: string | undefined, port: number): Access {
  if (token === undefined) return { token, admits: () => true };
  const name = `steadyframe-${port}`;
  // Not the token itself: other servers on this machine receive the cookie.
  const pass = createHmac('sha256', token).update(`cookie of port ${port}`).digest('hex');
  const knows = (request: IncomingMessage): boolean => {
    const { authorization = '', cookie = '' } = request.headers;
    const [, given] = /^(?:bearer|token)\s+(\S+)\s*$/i.exec(authorization) ?? [];
    return (given !== undefined && isSame(given, token)) || cookiesOf(cookie, name).some((each) => isSame(each, pass));
  };
  return {
    token,
    admits(request, response, { pathname, searchParams }) {
      const given = searchParams.get('token');
      const isRight = given !== null && isSame(given, token);
      if (given === null || !isPage(pathname)) {
        if (isRight || knows(request)) return true;
        throw new HttpProblem(401, REFUSAL, { 'www-authenticate': 'Bearer realm="steadyframe"' });
      }
      if (!isRight && !knows(request)) throw new HttpProblem(401, REFUSAL);
      const rest = new URLSearchParams(searchParams);
      rest.delete('token');
      const query = rest.size > 0 ? `?${rest}` : '';
      response.writeHead(303, {
        location: `${pathname}${query}`,
        'cache-control': 'no-store',
        ...(isRight && { 'set-cookie': `${name}=${pass}; Path=/; HttpOnly; SameSite=Strict` }),
      });
      response.end();
      return false;
    },
  };
}

/** Compares two texts in constant time. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** All values of a cookie; another server of this machine may have set one of the same name. */
function cookiesOf(header: string, name: string): string[] {
  return header.split(';').flatMap((each) => {
    const [key, value = ''] = each.split('=', 2);
    return key.trim() === name ? [value.trim()] : [];
  });
}
