// Sends a file: whole, a range of it, or 304 where the client's copy is current.

import type { Stats } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BROWSER_MEDIA } from '../lib/base/media-types.js';
import { openRegular } from '../lib/base/regular-file.js';
import { HttpProblem } from './http-problem.js';

const PLAIN = ['.jsonl', '.txt', '.log', '.md', '.yaml', '.yml'];
const TYPES: Readonly<Record<string, string>> = {
  ...BROWSER_MEDIA,
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  ...Object.fromEntries(PLAIN.map((extension) => [extension, 'text/plain; charset=utf-8'])),
};

/** Whether a browser shows a file as a picture or a video, which cannot run scripts. */
export function isMedia(path: string): boolean {
  return Object.hasOwn(BROWSER_MEDIA, extname(path).toLowerCase());
}

/**
 * Responds with a file. Types that a browser might run (HTML, SVG) and unknown ones are sent as downloads.
 *
 * @param path a real path: the caller has resolved and checked links
 * @param type its media type; by its extension by default
 * @throws HttpProblem 404 if it is not a file, 416 for a range beyond its end
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  type: string | undefined = TYPES[extname(path).toLowerCase()],
): Promise<void> {
  const handle = await openRegular(path).catch(() => {
    throw new HttpProblem(404, 'there is no such file');
  });
  try {
    const about = await handle.stat();
    const tag = `"${about.size.toString(36)}-${Math.round(about.mtimeMs * 1000).toString(36)}"`;
    const headers: Record<string, string | number> = {
      'content-type': type ?? 'application/octet-stream',
      'accept-ranges': 'bytes',
      'cache-control': 'no-cache',
      etag: tag,
      'last-modified': about.mtime.toUTCString(),
      ...(type === undefined && { 'content-disposition': 'attachment' }),
    };
    if (isUnchanged(request, tag, about)) {
      response.writeHead(304, headers).end();
      return;
    }
    const mayBeRange = rangeApplies(request, tag, about);
    const range = mayBeRange ? parseRange(request.headers.range, about.size) : undefined;
    if (range === 'none') {
      const beyond = { 'content-range': `bytes */${about.size}` };
      throw new HttpProblem(416, `the file has ${about.size} bytes`, beyond);
    }
    headers['content-length'] = range ? range.end - range.start + 1 : about.size;
    if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${about.size}`;
    response.writeHead(range ? 206 : 200, headers);
    if (request.method === 'HEAD' || headers['content-length'] === 0) {
      response.end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: about.size - 1 };
    // Browsers close the connection when a video is left or seeked.
    await pipeline(handle.createReadStream({ start, end, autoClose: false }), response).catch(() => {});
  } finally {
    await handle.close();
  }
}

function isUnchanged({ headers }: IncomingMessage, tag: string, { mtime }: Stats): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined)
    return known === '*' || known.split(',').some((each) => each.trim().replace(/^W\//, '') === tag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return since >= Math.floor(mtime.getTime() / 1000) * 1000;
}

/** Whether the range is of the current version of the file (If-Range). */
function rangeApplies({ headers }: IncomingMessage, tag: string, { mtime }: Stats): boolean {
  const known = headers['if-range'];
  return known === undefined || known === tag || known === mtime.toUTCString();
}

/**
 * The range of `size` bytes that a Range header requests; `'none'` where it is beyond the end. `undefined` means all bytes:
 * the header is absent, malformed, has another unit or several ranges, which a server may ignore.
 */
function parseRange(header: string | undefined, size: number): { start: number; end: number } | 'none' | undefined {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'none' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'none' : { start, end };
}
