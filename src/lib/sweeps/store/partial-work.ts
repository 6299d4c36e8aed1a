// Unfinished work in the store: copies of a job's own files, made while it is done, from which another machine goes on.
// Files that grow are copied in pieces; a file that was replaced is copied again.

import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isTemporaryName } from '../../base/atomic-file.js';
import { LOCK } from '../../base/folder-lock.js';
import { ENCODED_JOURNALS, SOURCE_JOURNAL } from '../../renderings/journal-names.js';
import type { Job } from '../jobs/job.js';
import { jobKey, pathOf, readJson, SHARED, type Store } from './store.js';

/** Most bytes of a piece. */
const PIECE = 32 << 20;

/** The list of the pieces of each file. */
const INDEX = 'index.json';

/** A piece: its key below the job's prefix, and its bytes. */
type Piece = readonly [key: string, bytes: number];

/** What of a file is in the store. */
interface Copied {
  readonly inode: number;
  readonly modified: number;
  size: number;
  pieces: Piece[];
}

/** Copies a job's unfinished work. */
export interface PartialWork {
  /** Copies what has changed; what changes meanwhile is copied the next time. */
  save(): Promise<void>;
}

/** The prefix of a job's unfinished work; the stages of a training are made one from the other and share it. */
export function partialPrefix(job: Job): string {
  const key = job.kind === 'training' ? jobKey(job).split('-').slice(0, 2).join('-') : jobKey(job);
  return `${SHARED.partial}${key}/`;
}

/** The unfinished work of a job on this machine. */
export function partialWork(store: Store, job: Job): PartialWork {
  const prefix = partialPrefix(job);
  const own = randomBytes(4).toString('hex');
  const copied = new Map<string, Copied>();
  let count = 0;
  /** Pieces of this process that the list names, and those that it no longer names. */
  let stored: string[] = [];
  let dropped: string[] = [];
  const copy = async (path: string): Promise<boolean> => {
    const before = copied.get(path);
    const seen = await stat(join(job.folder, path));
    if (before && before.inode === seen.ino && before.modified === seen.mtimeMs && before.size === seen.size)
      return false;
    const handle = await open(join(job.folder, path));
    // Of what is open: another file may have taken the name meanwhile.
    const { ino: inode, mtimeMs: modified, size } = await handle.stat();
    const grows = before !== undefined && before.inode === inode && size > before.size;
    const entry: Copied = grows ? { ...before, modified } : { inode, modified, size: 0, pieces: [] };
    const pieces = [...entry.pieces];
    try {
      for (let start = entry.size; start < size; start += PIECE) {
        const bytes = await readPiece(handle, start, Math.min(PIECE, size - start));
        const key = `${own}-${count++}`;
        stored.push(key);
        await store.write(prefix + key, bytes);
        pieces.push([key, bytes.length]);
      }
    } finally {
      await handle.close();
    }
    copied.set(path, { ...entry, size, pieces });
    return true;
  };
  return {
    async save() {
      const paths = await ownFiles(job, job.folder);
      let changed = false;
      for (const path of paths) {
        try {
          changed = (await copy(path)) || changed;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
          return; // replaced meanwhile
        }
      }
      for (const path of copied.keys()) {
        if (paths.includes(path)) continue;
        copied.delete(path);
        changed = true;
      }
      if (!changed) return;
      const index = Object.fromEntries([...copied].map(([path, { pieces }]) => [path, pieces]));
      await store.write(prefix + INDEX, JSON.stringify(index));
      const listed = new Set([...copied.values()].flatMap(({ pieces }) => pieces.map(([key]) => key)));
      // Not before the next list: who takes the job over may be reading the one before.
      for (const key of dropped) await store.remove(prefix + key);
      dropped = stored.filter((key) => !listed.has(key));
      stored = stored.filter((key) => listed.has(key));
    },
  };
}

/** Writes the unfinished work of another machine into the job's folder, unless this one has some that is as far. */
export async function restorePartialWork(store: Store, job: Job): Promise<void> {
  const own = await ownFiles(job, job.folder);
  const isTraining = job.kind === 'training';
  if (own.length > 0 && !isTraining) return;
  const prefix = partialPrefix(job);
  const index = await readJson<Record<string, Piece[]>>(store, prefix + INDEX);
  if (own.length > 0 && lastCheckpoint(Object.keys(index ?? {})) <= lastCheckpoint(own)) return;
  for (const path of own) await rm(join(job.folder, ...path.split('/')), { force: true });
  for (const [path, pieces] of Object.entries(index ?? {})) {
    const file = pathOf(job.folder, path);
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, 'w');
    try {
      for (const [key, bytes] of pieces) {
        const content = await store.read(prefix + key);
        if (content?.length !== bytes) break; // the file ends here, as after a crash
        await handle.writeFile(content);
      }
    } finally {
      await handle.close();
    }
  }
}

/** The name of a training's last checkpoint, which counts updates with leading zeros; empty without one. */
function lastCheckpoint(paths: readonly string[]): string {
  const names = paths.filter((path) => path.startsWith('checkpoints/')).map((path) => path.split('/')[1]);
  return names.sort().at(-1) ?? '';
}

/** The files of a job's own work: not those that it can take from elsewhere, nor those of other stages. */
async function ownFiles(job: Job, folder: string): Promise<string[]> {
  const found: string[] = [];
  const shared = new Set([...ENCODED_JOURNALS, SOURCE_JOURNAL].flatMap((name) => [name, `${name}.crc`]));
  const walk = async (below: string): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => []);
    for (const { name, isDirectory } of entries.map((entry) => ({
      name: entry.name,
      isDirectory: entry.isDirectory(),
    }))) {
      const path = below === '' ? name : `${below}/${name}`;
      if (isTemporaryName(name) || name === LOCK || name.startsWith('.lock') || name === '.guard') continue;
      if (job.kind === 'training' && path === 'stages') continue;
      if (job.kind === 'point' && shared.has(name)) continue;
      if (isDirectory) await walk(path);
      else found.push(path);
    }
  };
  await walk('');
  return found.sort();
}

async function readPiece(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
