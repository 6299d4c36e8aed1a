// Downloads a model from the Hugging Face Hub into the cache that the Python tools share: each file complete and checked, or
// not at all.

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, statfs, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeError } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { FailureError } from '../../base/errors.js';
import { lockFolder } from '../../base/folder-lock.js';
import { formatBytes } from '../../base/format-bytes.js';
import type { OnProgress } from '../../base/progress.js';
import { chooseFiles } from './choose-files.js';
import { COMMIT, hubCache, repoFolder } from './hub-cache.js';
import {
  type HubFile,
  type HubSettings,
  type HubSource,
  hubSettings,
  LostConnection,
  listHubFiles,
  readHubFile,
  resolveCommit,
} from './hub-client.js';
import { type HubName, hubNameText } from './hub-name.js';

/** Options of a download. */
export interface PullOptions extends Partial<HubSettings> {
  /** Variant of the weights, such as `fp16`; full precision by default where there are several. */
  readonly variant?: string | undefined;
  /** The cache's folder; that of the Python tools by default. */
  readonly cache?: string;
  /** How often a broken download is continued before it fails; 5 by default. */
  readonly attempts?: number;
  /** Milliseconds before the first continuation, doubled before each further one; 1000 by default. */
  readonly pause?: number;
  readonly onProgress?: OnProgress;
  /** Called once, before the first file is fetched. */
  readonly onPlan?: (plan: Omit<PulledModel, 'path'>) => void;
}

/** The result of a download. */
export interface PulledModel {
  /** The model's folder, or the file. */
  readonly path: string;
  readonly commit: string;
  readonly variant: string;
  readonly others: readonly string[];
  readonly files: number;
  /** Bytes in all, and those that were missing from the cache. */
  readonly bytes: number;
  readonly missing: number;
}

/**
 * Fetches the files of a Stable Diffusion checkpoint, or the one file that the name gives. Files in the cache are not
 * fetched again, and an interrupted download continues where it ended.
 *
 * @throws UsageError when there is no such model, file or variant, or no access
 * @throws FailureError when the hub cannot be reached, a file arrives damaged, or the disk is full
 */
export async function pullModel(name: HubName, options: PullOptions = {}): Promise<PulledModel> {
  const settings: HubSettings = { ...hubSettings(), ...options };
  const folder = repoFolder(name.repo, options.cache ?? hubCache());
  const attempt = <T>(work: () => Promise<T>): Promise<T> => persistently(name, settings, options, work);
  // Being offline is reported at once; a connection that was kept open from earlier may be lost and is opened again.
  const first = { attempts: 2, pause: options.pause ?? 1000, failsOffline: true };
  const commit = await persistently(name, settings, first, () => resolveCommit(name, settings));
  const source: HubSource = { name, commit, settings };
  const listed = await attempt(() => listHubFiles(source));
  const { files, variant, others } = chooseFiles(name, listed, options.variant);
  const snapshot = join(folder, 'snapshots', commit);
  const bytes = total(files);
  const absent: HubFile[] = [];
  for (const file of files) if (!(await isThere(join(snapshot, file.path), file.size))) absent.push(file);
  const plan = { commit, variant, others, files: files.length, bytes, missing: total(absent) };
  options.onPlan?.(plan);
  await makeFolder(join(folder, 'blobs'));
  await checkSpace(folder, plan.missing);
  const unlock = await lockFolder(folder, folder);
  try {
    let before = bytes - plan.missing;
    for (const file of absent) {
      const onBytes = (done: number): void =>
        options.onProgress?.({ done: before + done, total: bytes, label: 'fetching', detail: file.path });
      await attempt(() => fetchFile(source, file, folder, onBytes));
      await linkFile(join(folder, 'blobs', file.etag), join(snapshot, file.path));
      before += file.size;
    }
    // Written last, so that a name never refers to missing files.
    const { revision = 'main' } = name;
    if (!COMMIT.test(revision)) await writeRef(join(folder, 'refs', revision), commit);
  } finally {
    await unlock();
  }
  return { path: name.file === undefined ? snapshot : join(snapshot, name.file), ...plan };
}

/** @throws FailureError when the disk has less free space */
async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw new FailureError(
    `${folder}: ${formatBytes(bytes)} are to be fetched, and the disk has ${formatBytes(bavail * bsize)} free; free some, or set HF_HUB_CACHE to another folder`,
  );
}

const total = (files: readonly HubFile[]): number => files.reduce((sum, { size }) => sum + size, 0);

async function isThere(path: string, size: number): Promise<boolean> {
  const about = await stat(path).catch(() => undefined);
  return about?.isFile() === true && about.size === size;
}

/** Options of repeating work. */
interface RepeatOptions extends Pick<PullOptions, 'attempts' | 'pause'> {
  /** Fails at once when the server cannot be reached at all. */
  readonly failsOffline?: boolean;
}

/** Repeats work while the connection breaks, after growing pauses. */
async function persistently<T>(
  name: HubName,
  { endpoint, signal }: HubSettings,
  { attempts = 5, pause = 1000, failsOffline = false }: RepeatOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
      if (failures >= attempts || (failsOffline && error.isOffline)) {
        throw new FailureError(
          `${hubNameText(name)}: ${endpoint} cannot be reached (${error.message}); check the connection and run the command again, which goes on where this ended`,
        );
      }
      await sleep(pause * 2 ** failures, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Fetches one file into `blobs`, continuing the partial file of an earlier attempt. */
async function fetchFile(
  source: HubSource,
  file: HubFile,
  folder: string,
  onBytes: (done: number) => void,
): Promise<void> {
  const blob = join(folder, 'blobs', file.etag);
  if (await isThere(blob, file.size)) return;
  const partial = `${blob}.incomplete`;
  try {
    const begun = await digest(partial, file);
    let done = begun.bytes;
    const out = await open(partial, 'a');
    try {
      onBytes(done);
      if (done < file.size) {
        for await (const piece of readHubFile(source, file, done)) {
          done += piece.length;
          if (done > file.size) break;
          await out.write(piece);
          begun.hash.update(piece);
          onBytes(done);
        }
      }
      await out.sync();
    } finally {
      await out.close();
    }
    if (done < file.size) throw new LostConnection(`${file.path} ended after ${done} of ${file.size} bytes`);
    if (done > file.size || begun.hash.digest('hex') !== file.etag) {
      await rm(partial, { force: true });
      // The partial file may have been damaged, so one attempt starts from the beginning.
      if (begun.bytes > 0) return fetchFile(source, file, folder, onBytes);
      throw new FailureError(
        `${source.name.repo}: ${file.path} came damaged (its ${file.isLfs ? 'SHA-256' : 'hash'} is not the listed one); run the command again`,
      );
    }
    await rename(partial, blob);
  } catch (error) {
    throw writeError(partial, error);
  }
}

/** Hash and length of a partial file. A file longer than expected is emptied. */
async function digest(path: string, { size, isLfs }: HubFile): Promise<{ bytes: number; hash: Hash }> {
  // Small files have Git's blob hash, which starts with their size.
  const hash = isLfs ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  const about = await stat(path).catch(() => undefined);
  if (!about) return { bytes: 0, hash };
  if (about.size > size) {
    await truncate(path, 0);
    return { bytes: 0, hash };
  }
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return { bytes: about.size, hash };
}

/** Links a blob under its name by a relative link, or copies it where links are not allowed (Windows). */
async function linkFile(blob: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(relative(dirname(path), blob), path).catch(() => copyFile(blob, path));
}

async function writeRef(path: string, commit: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, commit);
}
