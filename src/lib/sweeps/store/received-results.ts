// What a sweep does with results that workers left in its store: those that are damaged are made again.

import { FailureError, UsageError } from '../../base/errors.js';
import { hasStage } from '../jobs/finished.js';
import type { Job } from '../jobs/job.js';
import { readPoint } from '../jobs/render-point.js';
import { dropDamagedStage, readStage } from '../jobs/training-job.js';
import { finalKey, isFinished } from './finish-job.js';
import type { PassedCurve } from './live-curve.js';
import { type JobReport, jobKey, SHARED, type Store } from './store.js';

/** The folder of a job's results on this machine. */
export function folderOf(job: Job): string {
  return job.kind === 'training' ? job.stage : job.folder;
}

/** The error of a job that failed elsewhere. */
export function failure(report: JobReport): Error {
  const reason = report.reason ?? 'a worker gave no reason';
  return report.isUsage ? new UsageError(reason) : new FailureError(reason);
}

/**
 * Lets a job be done again whose results are not what they should be: a worker that was taken for dead may have replaced a
 * file after its successor was done.
 *
 * @throws FailureError when they are damaged
 */
export async function assertWhole(store: Store, job: Job, packed: Job): Promise<void> {
  let damage = '';
  if (job.kind === 'point' && !(await readPoint(job.folder, job.point, (message) => (damage = message)))) {
    damage ||= `${job.folder}: the result is missing`;
  }
  if (job.kind === 'training') await dropDamagedStage(job.stage, (message) => (damage = message));
  if (damage === '') return;
  await store.remove(finalKey(packed));
  await store.remove(SHARED.done + jobKey(packed));
  throw new FailureError(damage);
}

/** The rest of the curve of a training, which a worker has stored with its weights. */
export async function replayCurve(job: Job, curve: PassedCurve | undefined): Promise<void> {
  if (job.kind !== 'training' || !hasStage(job.stage)) return;
  const { losses, gradientNorms } = await readStage(job.stage);
  for (const [i, loss] of losses.entries()) curve?.pass(i + 1, { loss, gradient_norm: gradientNorms[i] });
}

/** Lets a job be done again whose results are gone, or not what they were. */
export async function forgetDamaged(store: Store, packed: Job, out: string): Promise<void> {
  if (await isFinished(store, packed)) {
    // In the sweep's own folder the coordinator has looked already, and offers nothing that is whole.
    if (store.folder !== out || packed.kind === 'source') return;
    await store.remove(finalKey(packed));
  }
  await store.remove(SHARED.done + jobKey(packed));
}
