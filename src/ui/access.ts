// Who may ask: whoever knows the token that the server printed. Other users and programs of the machine reach its ports too, and
// so does whoever is on the network. A browser gives the token once, within an address, and has a cookie from then on.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UsageError } from '../lib/base/errors.js';
import { isPage } from './guard.js';
import { HttpProblem } from './http-problem.js';

/** Admits requests. */
export interface Access {
  /** The token to ask with; undefined where everyone may ask. */
  readonly token: string | undefined;
  /**
   * Whether a request is to be answered; false where it has been: a page's address with the token leads to the same without it.
   *
   * @throws HttpProblem 401
   */
  admits(request: IncomingMessage, response: ServerResponse, url: URL): boolean;
}

/** The sentence for those who do not know the token. */
const REFUSAL =
  'this dashboard asks for its token; open the address that steadyframe ui printed, or send the header "Authorization: Bearer TOKEN"';

/**
 * The token to ask for: one that is given, or 192 random bits.
 *
 * @throws UsageError for one that could be guessed, or that no address or header can hold
 */
export function chooseToken(given: string | undefined): string {
  if (given === undefined) return randomBytes(24).toString('hex');
  if (/^[\w.~-]{8,256}$/.test(given)) return given;
  throw new UsageError('the token must be 8 to 256 letters, digits or - _ . ~ (it is not repeated here)');
}

/**
 * Admits those who know a token.
 *
 * @param port of the server, after which its cookie is named: browsers send cookies to every port of a machine
 */
export function openAccess(token: string | undefined, port: number): Access {
  if (token === undefined) return { token, admits: () => true };
  const name = `steadyframe-${port}`;
  // Not the token itself: what else listens on this machine's name sees the cookie.
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

/** Whether two texts are the same, told in a time that does not depend on where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** The values of a cookie; another server of this machine may have set more of the same name. */
function cookiesOf(header: string, name: string): string[] {
  return header.split(';').flatMap((each) => {
    const [key, value = ''] = each.split('=', 2);
    return key.trim() === name ? [value.trim()] : [];
  });
}
