// The layout of a sweep's folder, and its lock.
//
//   sweep.json                  the latest definition of the sweep
//   result.json, points.csv     all points with their metrics
//   points/ID/                  result.json, output.mp4, comparison.mp4, curves.csv of one point
//   trainings/ID/stages/000400/ the weights after this number of iterations of one training
//   sources/ID/                 result.json, round-trip.mp4 of the encoded frames; their latents while they are needed
//   inputs.json, jobs.jsonl     cached hashes of inputs; start and end times of jobs

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { removeLeftovers } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { UsageError } from '../base/errors.js';
import { LOCK, lockFolder, type Unlock } from '../base/folder-lock.js';
import { namesIn, refuseOtherFiles } from '../base/results-folder.js';
import { iterationName } from '../training/finetune/folder.js';

/** Number of digits of a hash in a folder's name. */
const DIGITS = 16;

/** The folder of a point. */
export function pointFolder(out: string, id: string): string {
  return join(out, 'points', id.slice(0, DIGITS));
}

/** The folder of encoded frames. */
export function sourceFolder(out: string, id: string): string {
  return join(out, 'sources', id.slice(0, DIGITS));
}

/** The folder of a training. */
export function trainingFolder(out: string, id: string): string {
  return join(out, 'trainings', id.slice(0, DIGITS));
}

/** The folder of a training's weights after a number of iterations. */
export function stageFolder(out: string, id: string, iterations: number): string {
  return join(trainingFolder(out, id), 'stages', iterationName(iterations));
}

/** Whether a folder has a sweep. */
export function holdsSweep(folder: string): boolean {
  return existsSync(join(folder, 'sweep.json'));
}

/**
 * Creates or opens the folder of a sweep and locks it.
 *
 * @throws UsageError when it has other contents, or a sweep and `resume` is not set, or another process writes there
 */
export async function openSweepFolder(out: string, resume: boolean): Promise<Unlock> {
  await checkSweepFolder(out, resume);
  await makeFolder(out);
  const unlock = await lockFolder(out);
  await removeLeftovers(out);
  return unlock;
}

/**
 * Checks that a sweep can be written into a folder, without changing it.
 *
 * @throws UsageError as `openSweepFolder`
 */
export async function checkSweepFolder(out: string, resume: boolean): Promise<void> {
  const names = await namesIn(out);
  if (holdsSweep(out)) {
    if (!resume) throw new UsageError(`${out}: holds a sweep already; resume it, or choose another folder`);
    return;
  }
  refuseOtherFiles(out, names, [LOCK, 'inputs.json']);
}
