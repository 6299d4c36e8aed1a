// Fetches a model of the Hugging Face Hub into the cache that the Python tools share: each file whole and checked, or not at all.

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
  hubSettings,
  LostConnection,
  listHubFiles,
  readHubFile,
  resolveCommit,
} from './hub-client.js';
import { type HubName, hubNameText } from './hub-name.js';

/** How a model is fetched. */
export interface PullOptions extends Partial<HubSettings> {
  /** Which variant of the weights, such as `fp16`; full precision where there is a choice. */
  readonly variant?: string | undefined;
  /** The cache's folder; the Python tools' one by default. */
  readonly cache?: string;
  /** Times that a broken download is taken up again before it fails; 5 by default. */
  readonly attempts?: number;
  /** Milliseconds before the first of them; twice as many before each next. 1000 by default. */
  readonly pause?: number;
  readonly onProgress?: OnProgress;
  /** Told once what is going to be fetched. */
  readonly onPlan?: (plan: Omit<PulledModel, 'path'>) => void;
}

/** What was fetched. */
export interface PulledModel {
  /** The model's folder, or the file. */
  readonly path: string;
  readonly commit: string;
  readonly variant: string;
  readonly others: readonly string[];
  readonly files: number;
  /** Bytes in all, and those that were not there yet. */
  readonly bytes: number;
  readonly missing: number;
}

/**
 * Fetches what a Stable Diffusion checkpoint needs, or the one file that the name says. What is there already is not fetched again, and
 * a download that was cut short goes on where it ended.
 *
 * @throws UsageError when there is no such model, file or variant, or no access; FailureError when the hub cannot be reached, what came
 *   is damaged, or the disk is full
 */
export async function pullModel(name: HubName, options: PullOptions = {}): Promise<PulledModel> {
  const settings: HubSettings = { ...hubSettings(), ...options };
  const folder = repoFolder(name.repo, options.cache ?? hubCache());
  const attempt = <T>(work: () => Promise<T>): Promise<T> => persistently(name, settings, options, work);
  // Who is offline wants to know it at once; a connection that was kept open may still be gone.
  const first = { attempts: 2, pause: options.pause ?? 1000, offline: /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ENETUNREACH/ };
  const commit = await persistently(name, settings, first, () => resolveCommit(name, settings));
  const listed = await attempt(() => listHubFiles(name, commit, settings));
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
      await attempt(() => fetchFile(name, commit, file, folder, settings, onBytes));
      await linkFile(join(folder, 'blobs', file.etag), join(snapshot, file.path));
      before += file.size;
    }
    // Last, so that a name never stands for files that are not there.
    const { revision = 'main' } = name;
    if (!COMMIT.test(revision)) await writeRef(join(folder, 'refs', revision), commit);
  } finally {
    await unlock();
  }
  return { path: name.file === undefined ? snapshot : join(snapshot, name.file), ...plan };
}

/** @throws FailureError when the disk has no room for so many bytes */
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

/** Does work again while the connection breaks, and longer apart each time. */
async function persistently<T>(
  name: HubName,
  { endpoint, signal }: HubSettings,
  { attempts = 5, pause = 1000, offline }: Pick<PullOptions, 'attempts' | 'pause'> & { offline?: RegExp },
  work: () => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
      if (failures >= attempts || offline?.test(error.message)) {
        throw new FailureError(
          `${hubNameText(name)}: ${endpoint} cannot be reached (${error.message}); check the connection and run the command again, which goes on where this ended`,
        );
      }
      await sleep(pause * 2 ** failures, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Brings one file into `blobs`, going on with what an earlier attempt left. */
async function fetchFile(
  name: HubName,
  commit: string,
  file: HubFile,
  folder: string,
  settings: HubSettings,
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
        for await (const piece of readHubFile(name, commit, file, done, settings)) {
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
      // What an earlier attempt left may be what is wrong; once from the beginning shows it.
      if (begun.bytes > 0) return fetchFile(name, commit, file, folder, settings, onBytes);
      throw new FailureError(
        `${name.repo}: ${file.path} came damaged (its ${file.isLfs ? 'SHA-256' : 'hash'} is not the listed one); run the command again`,
      );
    }
    await rename(partial, blob);
  } catch (error) {
    throw writeError(partial, error);
  }
}

/** The hash of what is there of a file, and how much that is: at most the file's size. */
async function digest(path: string, { size, isLfs }: HubFile): Promise<{ bytes: number; hash: Hash }> {
  // A small file is named by Git's hash of it, which begins with its size.
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

/** Puts a blob under its name: by a relative link, or where none can be made (Windows) as a copy. */
async function linkFile(blob: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(relative(dirname(path), blob), path).catch(() => copyFile(blob, path));
}

async function writeRef(path: string, commit: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, commit);
}
