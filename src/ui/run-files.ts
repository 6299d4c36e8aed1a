// Files below the runs' root, and nothing else: whatever a URL or a link in there says.

import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { HttpProblem } from './http-problem.js';

/** Whether a path lies below a folder; both real, without links. */
export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * The real path of a file that a URL names by the parts of its path below the root.
 *
 * @param parts as they stand in the URL, still encoded
 * @throws HttpProblem 400 for parts that lead elsewhere, 403 for a link that does, 404 where there is nothing or it is hidden
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
  // A link inside may not bring hidden files to light either.
  if (
    relative(top, path)
      .split(sep)
      .some((name) => name.startsWith('.'))
  )
    throw new HttpProblem(404, 'there is no such file');
  return path;
}

/** One part of a URL's path as the name of a file. */
function decodePart(part: string): string {
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

/** Whether a path lies below a folder once links are followed; not where either does not exist. */
export function isReallyBelow(folder: string, path: string): boolean {
  try {
    return isBelow(realpathSync(folder), realpathSync(path));
  } catch {
    return false;
  }
}

/** The URL of a path below the root; undefined for one that lies elsewhere, or is hidden. */
export function runFileUrl(root: string, path: string): string | undefined {
  const parts = relative(root, path).split(sep);
  if (parts.some((part) => part === '' || part.startsWith('.'))) return undefined;
  if (!isReallyBelow(root, path)) return undefined;
  return `/files/${parts.map(encodeURIComponent).join('/')}`;
}
