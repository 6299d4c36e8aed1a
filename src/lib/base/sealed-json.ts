// JSON files with a checksum of their own and the hashes of the files that they describe, so that damage to either is found
// on reading. Files of versions that wrote neither are read without a check.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.js';
import { DamageError, UsageError } from './errors.js';
import { sha256File, sha256Json } from './hash.js';
import { printableLine } from './printable.js';

/** Hashes of files by their paths from the folder of the JSON file, with forward slashes. */
export type FileHashes = Readonly<Record<string, string>>;

/** The key of the checksum: SHA-256 of the canonical JSON of everything else. */
const CHECKSUM = 'checksum';

/** Writes a value with its checksum, as a file that is complete or absent. */
export async function writeSealedJson(path: string, value: object): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(sealed(value), null, 1)}\n`);
}

/** A value with its checksum. */
export function sealed(value: object): object {
  const plain = JSON.parse(JSON.stringify(value)); // as it will be read: NaN is null
  delete plain[CHECKSUM];
  return { ...plain, [CHECKSUM]: sha256Json(plain) };
}

/**
 * Reads what `writeSealedJson` wrote.
 *
 * @returns the value, and whether it had a checksum
 * @throws DamageError when it is missing or damaged; UsageError when it cannot be read
 */
export async function readSealedJson<T extends object>(path: string): Promise<{ value: T; isChecked: boolean }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new DamageError(`${path}: is missing`, { cause: error });
    throw new UsageError(`${path}: cannot be read (${code})`, { cause: error });
  }
  return unseal(path, text);
}

/** The value in the text of a file; see `readSealedJson`. */
export function unseal<T extends object>(path: string, text: string): { value: T; isChecked: boolean } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new DamageError(`${path}: is damaged (not JSON: ${printableLine((error as Error).message)})`);
  }
  if (typeof parsed !== 'object' || parsed === null) throw new DamageError(`${path}: is damaged (not a JSON object)`);
  const { [CHECKSUM]: expected, ...value } = parsed as Record<string, unknown>;
  if (expected === undefined) return { value: value as T, isChecked: false };
  const found = sha256Json(value);
  if (found === expected) return { value: value as T, isChecked: true };
  throw new DamageError(`${path}: is damaged (${mismatch(String(expected), found)})`);
}

/** Hashes every file below a folder, hidden ones and those named left out. */
export async function hashFiles(folder: string, leaveOut: readonly string[] = []): Promise<FileHashes> {
  const found: [string, string][] = [];
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name.startsWith('.') || leaveOut.includes(path)) continue;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) found.push([path, await sha256File(join(folder, path))]);
    }
  };
  await walk('');
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The files that have changed: a sentence each, without its end.
 *
 * @throws UsageError when one cannot be read
 */
export async function damageOf(folder: string, files: FileHashes = {}): Promise<string[]> {
  const damage: string[] = [];
  for (const [name, expected] of Object.entries(files)) {
    const reason = await fileDamage(join(folder, ...name.split('/')), expected);
    if (reason !== undefined) damage.push(reason);
  }
  return damage;
}

/**
 * The damage of a file in words; undefined if it has the hash.
 *
 * @throws UsageError when it cannot be read
 */
export async function fileDamage(path: string, expected: string): Promise<string | undefined> {
  const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new UsageError(`${path}: cannot be read (${error.code})`, { cause: error });
  });
  if (!about) return `${path}: is missing`;
  if (!about.isFile()) return `${path}: is not a file`;
  const found = await sha256File(path);
  return found === expected ? undefined : `${path}: is damaged (${mismatch(expected, found)})`;
}

function mismatch(expected: string, found: string): string {
  return `its SHA-256 is ${found.slice(0, 16)}..., expected ${expected.slice(0, 16)}...`;
}
