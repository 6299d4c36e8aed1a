// Hashes of a sweep's input files, cached by size and time, so that gigabytes are not read again at every start.

import { stat } from 'node:fs/promises';
import { sha256File, sha256Path } from '../../base/hash.js';
import { readSealedJson, writeSealedJson } from '../../base/sealed-json.js';

/** A file that decides a result. */
export interface HashedFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** Hashes contents. */
export interface ContentHasher {
  /**
   * SHA-256 of a file, or of the names and hashes of a folder's files.
   *
   * @throws UsageError when it does not exist or cannot be read
   */
  hash(path: string): Promise<string>;
  /** Every file that was hashed: its path, SHA-256 and bytes. */
  files(): readonly HashedFile[];
  /** Writes the cache to a file. */
  save(path: string): Promise<void>;
}

/** Milliseconds for which a file is not looked at again. */
const MOMENT = 1000;

interface Known {
  readonly size: number;
  readonly modified: number;
  readonly sha256: string;
}

/** A hasher with the cache that `save` wrote, if there is one. */
export async function contentHasher(remembered?: string, signal?: AbortSignal): Promise<ContentHasher> {
  const known = new Map<string, Known>();
  if (remembered !== undefined) {
    try {
      const { value } = await readSealedJson<Record<string, Known>>(remembered);
      for (const [path, entry] of Object.entries(value)) known.set(path, entry);
    } catch {} // the hashes are computed again
  }
  const used = new Map<string, HashedFile>();
  const hashFile = async (path: string): Promise<string> => {
    signal?.throwIfAborted();
    const about = await stat(path).catch(() => undefined);
    const entry = known.get(path);
    if (about && entry?.size === about.size && entry.modified === about.mtimeMs) {
      used.set(path, { path, sha256: entry.sha256, size: entry.size });
      return entry.sha256;
    }
    const sha256 = await sha256File(path);
    if (about) {
      known.set(path, { size: about.size, modified: about.mtimeMs, sha256 });
      used.set(path, { path, sha256, size: about.size });
    }
    return sha256;
  };
  /** Hashes of this moment: thousands of points name the same files. */
  const recent = new Map<string, { readonly at: number; readonly hash: Promise<string> }>();
  return {
    hash(path) {
      const now = performance.now();
      const entry = recent.get(path);
      if (entry && now - entry.at < MOMENT) return entry.hash;
      const hash = sha256Path(path, hashFile);
      recent.set(path, { at: now, hash });
      hash.catch(() => recent.delete(path));
      return hash;
    },
    files: () => [...used.values()],
    save: (path) => writeSealedJson(path, Object.fromEntries(known)),
  };
}
