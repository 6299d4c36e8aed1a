// Content hashes, by which caches and resumable runs recognise existing results. Not for passwords.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './errors.js';

/** SHA-256 of a text (as UTF-8) or of bytes, as 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of `canonicalJson(value)`: equal for equal values, independent of the order of keys. */
export function sha256Json(value: unknown): string {
  return sha256(canonicalJson(value));
}

/**
 * SHA-256 of a file's bytes, read in pieces: memory does not grow with the file.
 *
 * @throws UsageError when there is no such file, or it cannot be read
 */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`${path}: no such file`, { cause: error });
    if (code === 'EISDIR') throw new UsageError(`${path}: is a folder, expected a file`, { cause: error });
    throw new UsageError(`${path}: cannot be read (${code ?? (error as Error).message})`, { cause: error });
  }
  return hash.digest('hex');
}

/**
 * SHA-256 of a file, or of the names and hashes of a folder's files.
 *
 * @param hashFile hashes a file; `sha256File` by default
 * @throws UsageError when there is nothing, or it cannot be read
 */
export async function sha256Path(path: string, hashFile = sha256File): Promise<string> {
  const about = await stat(path).catch(() => undefined);
  if (!about?.isDirectory()) return hashFile(path);
  const inside: [string, string][] = [];
  for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(path, entry.name);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && (await stat(file).catch(() => undefined))?.isFile());
    if (isFile) inside.push([entry.name, await hashFile(file)]);
  }
  return sha256Json(inside);
}

/**
 * The canonical text of a JSON value: no spaces, keys sorted by UTF-16 units, numbers as ECMAScript prints them [RFC 8785].
 * Keys with the value `undefined` are left out, as in `JSON.stringify`.
 *
 * @throws UsageError naming the path of a value that JSON cannot hold: NaN, an infinity, a bigint, a function, a typed array
 */
export function canonicalJson(value: unknown): string {
  return canonical(value, '$');
}

function canonical(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item, i) => canonical(item, `${path}[${i}]`)).join(',')}]`;
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key], `${path}.${key}`)}`);
    return `{${members.join(',')}}`;
  }
  const what = typeof value === 'object' ? (value as object).constructor?.name : String(value);
  throw new UsageError(
    `canonicalJson: ${path} is ${what}, which JSON cannot hold; pass a text, number, list or object`,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A seed of 32 bits from a text, for streams of random numbers that have names. */
export function seedOf(key: string): number {
  return Number.parseInt(sha256(key).slice(0, 8), 16);
}
