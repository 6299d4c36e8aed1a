// Reads the body of a request as JSON.

import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './http-problem.js';

const MOST_BYTES = 100_000;

/**
 * Reads the body.
 *
 * @throws HttpProblem 400, 413 or 415; forms of other sites cannot send `application/json` without a preflight request
 */
export async function readJson(request: IncomingMessage): Promise<object> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpProblem(415, 'expected application/json');
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new HttpProblem(413, 'the request is too large', { connection: 'close' });
    pieces.push(piece);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Reported below.
  }
  throw new HttpProblem(400, 'expected a JSON object');
}
