// Where things lie in the folder of a sweep, and who may write there.
//
//   sweep.json                  the sweep as it was asked for last
//   result.json, points.csv     all points with their metrics
//   points/ID/                  result.json, output.mp4, comparison.mp4, curves.csv of one point
//   trainings/ID/stages/000400/ the weights after so many iterations of one training
//   sources/ID/                 result.json, round-trip.mp4 of the encoded frames; their latents while they are needed
//   inputs.json, jobs.jsonl     remembered hashes of inputs; what was begun and ended when

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { removeLeftovers } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { UsageError } from '../base/errors.js';
import { LOCK, lockFolder, type Unlock } from '../base/folder-lock.js';
import { namesIn, refuseOtherFiles } from '../base/results-folder.js';
import { iterationName } from '../training/finetune/folder.js';

/** Digits of a hash that name a folder. */
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

/** The folder of a training's weights after some iterations. */
export function stageFolder(out: string, id: string, iterations: number): string {
  return join(trainingFolder(out, id), 'stages', iterationName(iterations));
}

/** Whether a folder holds a sweep. */
export function holdsSweep(folder: string): boolean {
  return existsSync(join(folder, 'sweep.json'));
}

/**
 * Creates the folder of a sweep, or opens it again, and keeps other processes out.
 *
 * @throws UsageError when it holds something else, a sweep that was not asked to be continued, or another process writes there
 */
export async function openSweepFolder(out: string, resume: boolean): Promise<Unlock> {
  await checkSweepFolder(out, resume);
  await makeFolder(out);
  const unlock = await lockFolder(out);
  await removeLeftovers(out);
  return unlock;
}

/**
 * Checks that a sweep may be written into a folder, without touching it.
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
