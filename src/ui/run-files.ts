// Resolves URLs to files below the runs' root, and to no others: neither `..` nor links lead outside.

import { realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isBelow, isReallyBelow } from '../lib/base/below.js';
import { HttpProblem } from './http-problem.js';

/**
 * The real path of the file that a URL names.
 *
 * @param parts the parts of the URL's path below the root, still encoded
 * @throws HttpProblem 400 for parts that lead outside, 403 for a link that does, 404 if the file is missing or hidden
 */
export async function runFile(root: string, parts: readonly string[]): Promise<string> {
  const names = parts.map(decodePart);
  if (names.length === 0 || names.some((name) => name.startsWith('.'))) {
    throw new HttpProblem(404, 'there is no such file');
  }
  const [top, path] = await Promise.all([realpath(root), realpath(join(root, ...names))]).catch(() => {
    throw new HttpProblem(404, 'there is no such file');
  });
  if (!isBelow(top, path))
    throw new HttpProblem(403, 'that file lies outside of the runs, which are all that is shown here');
  // A link must not lead to hidden files either.
  if (
    relative(top, path)
      .split(sep)
      .some((name) => name.startsWith('.'))
  )
    throw new HttpProblem(404, 'there is no such file');
  return path;
}

/** Decodes one part of a URL's path as a file name. */
export function decodePart(part: string): string {
  let name: string;
  try {
    name = decodeURIComponent(part);
  } catch {
    throw new HttpProblem(400, 'the address is not encoded as addresses are');
  }
  const leads =
    name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name) || (sep === '\\' && name.includes(':'));
  if (leads) throw new HttpProblem(400, 'the address leads out of the folder that it names');
  return name;
}

/** The URL of a path below the root; undefined for one outside, or a hidden one. */
export function runFileUrl(root: string, path: string): string | undefined {
  const parts = relative(root, path).split(sep);
  if (parts.some((part) => part === '' || part.startsWith('.'))) return undefined;
  if (!isReallyBelow(root, path)) return undefined;
  return fileUrl(parts);
}

/** The URL of a file by the parts of its path. */
export function fileUrl(parts: readonly string[]): string {
  return `/files/${parts.map(encodeURIComponent).join('/')}`;
}
