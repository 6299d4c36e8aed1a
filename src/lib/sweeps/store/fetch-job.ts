// Everything that a job reads, brought onto this machine: inputs by their contents, and the results of earlier jobs.

import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { temporaryName, writeFileAtomic } from '../../base/atomic-file.js';
import { FailureError } from '../../base/errors.js';
import { sha256File } from '../../base/hash.js';
import { ENCODED, hasStage, isEncoded } from '../jobs/finished.js';
import type { Job } from '../jobs/job.js';
import { type InputFile, type Inputs, inputsOf, unpackJob } from './portable-job.js';
import { pathOf, SHARED, type Store } from './store.js';

/** Where a worker keeps what it has fetched, and what it makes. */
export interface WorkerFolders {
  /** Inputs by hash, of any sweep. */
  readonly inputs: string;
  /** The worker's copy of the sweep's folder. */
  readonly sweep: string;
}

/**
 * Fetches what a job reads, unless it is there.
 *
 * @returns the job with paths of this machine
 * @throws FailureError when something is missing, or not what was planned with
 */
export async function fetchJob(store: Store, packed: Job, inputs: Inputs, folders: WorkerFolders): Promise<Job> {
  for (const hash of inputsOf(packed)) await fetchInput(store, hash, inputs, folders);
  const job = unpackJob(packed, folders.sweep, (hash) => pathOf(folders.inputs, hash));
  if (job.kind !== 'point') return job;
  const key = (folder: string): string => relative(folders.sweep, folder).split(sep).join('/');
  if (!isEncoded(job.source)) {
    await fetchFolder(store, `${key(job.source)}/`, job.source, join(ENCODED, 'whole'));
  }
  if (job.stage !== undefined && !hasStage(job.stage)) await fetchFolder(store, `${key(job.stage)}/`, job.stage);
  return job;
}

/**
 * Fetches a folder of results; it appears when it is complete. Hidden files are left out.
 *
 * @param last the file without which a folder that is there is incomplete
 */
export async function fetchFolder(store: Store, prefix: string, folder: string, last = 'result.json'): Promise<void> {
  const temporary = temporaryName(folder);
  await appearing({ folder, last, temporary }, async () => {
    for (const name of await store.names(prefix)) {
      if (name === '' || name.endsWith('/')) continue; // a folder, as some tools mark it in a bucket
      const path = pathOf(temporary, name);
      await mkdir(dirname(path), { recursive: true });
      await store.download(prefix + name, path);
    }
  });
}

async function fetchInput(store: Store, hash: string, inputs: Inputs, folders: WorkerFolders): Promise<void> {
  const folder = pathOf(folders.inputs, hash);
  const files = inputs[hash] ?? [];
  if (await isAsFetched(folder, files)) return;
  // What a killed worker leaves is removed with its copy of the sweep; beside the inputs it would stay.
  const temporary = temporaryName(join(folders.sweep, hash));
  await appearing({ folder, last: '', temporary }, async () => {
    for (const { path, sha256 } of files) {
      const file = pathOf(temporary, path);
      await mkdir(dirname(file), { recursive: true });
      if (!(await store.download(SHARED.inputs + sha256, file))) {
        throw new FailureError(`${store.name}: the input ${path} is not there; resume the sweep`);
      }
      if ((await sha256File(file)) !== sha256) {
        await store.remove(SHARED.inputs + sha256); // a resumed sweep stores it again
        throw new FailureError(`${store.name}: ${path} has changed since the sweep was planned; resume the sweep`);
      }
    }
  });
  await writeFileAtomic(notePath(folder), JSON.stringify(await looksOf(folder, files)));
}

/** The file that tells what a fetched input looked like. */
const notePath = (folder: string): string => `${folder}.json`;

/** Size and time of each file, and which one it is. */
async function looksOf(folder: string, files: readonly InputFile[]): Promise<string[]> {
  return await Promise.all(
    files.map(async ({ path }) => {
      const { ino, size, mtimeMs } = await stat(pathOf(folder, path));
      return `${ino} ${size} ${mtimeMs}`;
    }),
  );
}

/**
 * Whether an input is here, as it was fetched. Its files may be second names of those that the user edits; one that looks
 * different is read again. A changed input is removed.
 */
async function isAsFetched(folder: string, files: readonly InputFile[]): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const looks = JSON.stringify(await looksOf(folder, files).catch(() => []));
  if (looks === (await readFile(notePath(folder), 'utf8').catch(() => ''))) return true;
  for (const { path, sha256 } of files) {
    const found = await sha256File(pathOf(folder, path)).catch(() => '');
    if (found === sha256) continue;
    await rm(folder, { recursive: true, force: true });
    return false;
  }
  await writeFileAtomic(notePath(folder), looks);
  return true;
}

/** A folder that appears when it is complete. */
interface Appearing {
  readonly folder: string;
  /** The file without which one that is there is incomplete; '' where one that is there is complete. */
  readonly last: string;
  /** Where it is filled, on the same file system. */
  readonly temporary: string;
}

/** Fills a folder under another name; if another process was quicker, its folder stays. */
async function appearing({ folder, last, temporary }: Appearing, fill: () => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  try {
    await mkdir(temporary, { recursive: true });
    await fill();
    if (!existsSync(join(folder, last))) await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
