// Hashes of what a sweep reads, remembered by a file's size and time, so that gigabytes are not read again at every start.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { sha256File, sha256Json } from '../../base/hash.js';
import { readSealedJson, writeSealedJson } from '../../base/sealed-json.js';

/** Hashes contents. */
export interface ContentHasher {
  /**
   * SHA-256 of a file, or of the names and hashes of a folder's files.
   *
   * @throws UsageError when there is nothing, or it cannot be read
   */
  hash(path: string): Promise<string>;
  /** Writes what is remembered to a file. */
  save(path: string): Promise<void>;
}

interface Known {
  readonly size: number;
  readonly modified: number;
  readonly sha256: string;
}

/** A hasher that remembers what `save` wrote, where there is such a file. */
export async function contentHasher(remembered?: string, signal?: AbortSignal): Promise<ContentHasher> {
  const known = new Map<string, Known>();
  if (remembered !== undefined) {
    try {
      const { value } = await readSealedJson<Record<string, Known>>(remembered);
      for (const [path, entry] of Object.entries(value)) known.set(path, entry);
    } catch {} // it is made again
  }
  const hash = async (path: string): Promise<string> => {
    signal?.throwIfAborted();
    const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`${path}: ${error.code === 'ENOENT' ? 'no such file' : `cannot be read (${error.code})`}`);
    });
    if (about.isDirectory()) {
      const names = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile());
      const inside: [string, string][] = [];
      for (const { name } of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        inside.push([name, await hash(join(path, name))]);
      }
      return sha256Json(inside);
    }
    const entry = known.get(path);
    if (entry && entry.size === about.size && entry.modified === about.mtimeMs) return entry.sha256;
    const sha256 = await sha256File(path);
    known.set(path, { size: about.size, modified: about.mtimeMs, sha256 });
    return sha256;
  };
  return {
    hash,
    save: (path) => writeSealedJson(path, Object.fromEntries(known)),
  };
}
