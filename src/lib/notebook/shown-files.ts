// Files in `shown/`: outputs of scripts, and videos that are too large to be embedded in notebooks.

import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { basename, extname, join, relative, sep } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';

/** Writes a file under an unused name and returns its path relative to the current folder. */
export async function writeShown(folder: string, name: string, data: Uint8Array): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = freePath(folder, name);
  await writeFileAtomic(path, data);
  return fromHere(path);
}

/** Copies a file into the folder, unless it has an equal one, and returns its path relative to the current folder. */
export async function copyShown(folder: string, from: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const existing = join(folder, basename(from));
  if (existsSync(existing) && (await readFile(existing)).equals(await readFile(from))) return fromHere(existing);
  const path = freePath(folder, basename(from));
  await copyFile(from, path);
  return fromHere(path);
}

/** A path relative to the current folder, with forward slashes. */
export function fromHere(path: string): string {
  return relative('.', path).split(sep).join('/');
}

/** `grid.mp4`, or `grid-2.mp4` if that exists. */
function freePath(folder: string, name: string): string {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length).replace(/[^\w.-]+/g, '-') || 'shown';
  for (let n = 1; ; n++) {
    const path = join(folder, `${stem}${n === 1 ? '' : `-${n}`}${extension}`);
    if (!existsSync(path)) return path;
  }
}
