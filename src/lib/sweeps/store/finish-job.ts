// What a finished job leaves in the store: its files, the last one of which makes it complete.

import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Job } from '../jobs/job.js';
import { type JobReport, jobKey, SHARED, type Store } from './store.js';

/** The folder of a job's results. */
function resultFolder(job: Job): string {
  return job.kind === 'training' ? job.stage : job.folder;
}

/** The key with which a packed job is complete. */
export function finalKey(job: Job): string {
  return `${resultFolder(job)}/${finalName(job)}`;
}

/** The prefix of the results of a packed job. */
export function resultPrefix(job: Job): string {
  return `${resultFolder(job)}/`;
}

function finalName(job: Job): string {
  return job.kind === 'source' ? 'encoded/whole' : 'result.json';
}

/** Whether a packed job's results are complete. */
export async function isFinished(store: Store, job: Job): Promise<boolean> {
  return (await store.read(finalKey(job))) !== undefined;
}

/**
 * Stores the results of a job that was done on this machine.
 *
 * @param packed the job in terms of the store
 * @param isHeld whether the job is still this worker's
 * @returns `found` if another had stored them, `lost` if another has taken the job
 */
export async function commitJob(
  store: Store,
  packed: Job,
  job: Job,
  isHeld: () => Promise<boolean>,
): Promise<'stored' | 'found' | 'lost'> {
  const folder = resultFolder(job);
  const last = finalName(job);
  for (const path of await filesOf(folder)) {
    const name = relative(folder, path).split(sep).join('/');
    if (name === last) continue;
    if (!(await isHeld())) return 'lost';
    await store.upload(resultPrefix(packed) + name, path);
  }
  if (!(await isHeld())) return 'lost';
  const isOurs = await store.create(finalKey(packed), await readFile(join(folder, ...last.split('/'))));
  return isOurs ? 'stored' : 'found';
}

/** Notes that a job is done, where those who wait for it look. */
export async function reportDone(store: Store, job: Job, report: JobReport): Promise<void> {
  await store.write(SHARED.done + jobKey(job), JSON.stringify(report));
}

/** Notes that a job failed. */
export async function reportFailed(store: Store, job: Job, report: JobReport): Promise<void> {
  await store.write(SHARED.failed + jobKey(job), JSON.stringify(report));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const isHidden = (path: string): boolean => path.split(sep).some((part) => part.startsWith('.'));
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isHidden(relative(folder, path)) && relative(folder, path) !== 'lock')
    .sort();
}
