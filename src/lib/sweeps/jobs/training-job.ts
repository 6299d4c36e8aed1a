// Trains a model up to a stage of a training, and stores the weights of that stage for the points that use them.

import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../../base/atomic-folder.js';
import { DamageError, FailureError } from '../../base/errors.js';
import { waitForLock } from '../../base/folder-lock.js';
import { damageOf, type FileHashes, hashFiles, readSealedJson, writeSealedJson } from '../../base/sealed-json.js';
import { readEdit } from '../../edits/sidecar.js';
import { finetune } from '../../training/finetune/finetune.js';
import { checkpointFolder, replaceFolder, storedIterations } from '../../training/finetune/folder.js';
import { recentLoss } from '../../training/finetune/recent-loss.js';
import type { FinetuneResult } from '../../training/finetune/result.js';
import { openForModel } from '../../video/read/open-for-model.js';
import { modelOptions, sourceOptions, trainingOptions } from '../points/point-options.js';
import type { JobHooks, OpenModel } from './executor.js';
import { hasStage } from './finished.js';
import type { TrainingJob } from './job.js';

/** The content of a stage's `result.json`. */
export interface StageResult {
  readonly kind: FinetuneResult['kind'];
  /** The LoRA file or the diffusers folder, within the stage's folder. */
  readonly weights: string;
  readonly iterations: number;
  readonly metrics: {
    /** Mean loss of the last quarter of the iterations, at most 100. */
    readonly training_loss: number;
    /** Mean squared change of the UNet's predictions for held-out prompts. */
    readonly forgetting: number | null;
  };
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  /** Files of the weights with their SHA-256; absent in results of earlier versions. */
  readonly files?: FileHashes;
}

const RESULT = 'result.json';

/**
 * The result of a stage.
 *
 * @throws DamageError when it, or its weights, are damaged
 */
export async function readStage(stage: string): Promise<StageResult> {
  const { value } = await readSealedJson<StageResult>(join(stage, RESULT));
  const damage = await damageOf(stage, value.files);
  if (damage.length > 0) throw new DamageError(damage.join('; '));
  return value;
}

/** Deletes a damaged stage, so that it is trained again. */
export async function dropDamagedStage(stage: string, onWarning?: (message: string) => void): Promise<void> {
  if (!hasStage(stage)) return;
  try {
    await readStage(stage);
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    onWarning?.(`${error.message}: the weights are trained again`);
    await rm(stage, { recursive: true, force: true });
  }
}

/**
 * Trains up to a stage, from the nearest earlier checkpoint. The result does not depend on stages trained before.
 *
 * @throws UsageError for edits that do not fit the video; FailureError when the loss is not finite, or the disk is full
 */
export async function trainStage(job: TrainingJob, openModel: OpenModel, hooks: JobHooks): Promise<void> {
  const { folder, stage, settings, iterations } = job;
  const { signal, onWarning, onProgress, onMetrics } = hooks;
  // A different folder, because the training locks its own.
  const guard = join(folder, '.guard');
  await makeFolder(guard);
  const unlock = await waitForLock(guard, folder, { signal });
  try {
    if (hasStage(stage)) return;
    // Controls act on renderings only.
    const model = await openModel(settings.model, { ...modelOptions(settings), controls: [], onWarning });
    const video = await openForModel(model, settings.video, { ...sourceOptions(settings), signal, onWarning });
    const edits = [];
    for (const edit of settings.edits ?? []) {
      const { file, ...overrides } = typeof edit === 'string' ? { file: edit } : edit;
      edits.push(await readEdit(file, overrides));
    }
    const result = await finetune(model, video, {
      ...trainingOptions(settings),
      ...{ out: folder, edits, iterations, resume: true, previewEvery: 0, onProgress, onWarning, signal },
      onStep: ({ iteration, loss, gradientNorm, learningRate }) =>
        onMetrics?.(iteration, { loss, gradient_norm: gradientNorm, learning_rate: learningRate }),
      track: false, // the sweep logs it
    });
    await putAside(folder, stage, result);
  } finally {
    await unlock();
  }
}

/** Moves the weights of a finished training to the folder of their stage. */
async function putAside(folder: string, stage: string, result: FinetuneResult): Promise<void> {
  const { kind, iterations, losses, gradientNorms, forgetting } = result;
  if (!(await storedIterations(folder)).includes(iterations)) {
    throw new FailureError(`${checkpointFolder(folder, iterations)}: is missing; delete ${folder} and run again`);
  }
  await makeFolder(join(folder, 'stages'));
  const told: StageResult = {
    kind,
    weights: basename(result.result),
    iterations,
    metrics: {
      training_loss: recentLoss(losses).mean,
      forgetting: forgetting.find((entry) => entry.iteration === iterations)?.value ?? null,
    },
    losses,
    gradientNorms,
  };
  // It refers to weights that are moved now.
  await rm(join(folder, RESULT), { force: true });
  await replaceFolder(stage, async (inside) => {
    // If this is interrupted, the training writes them again from its checkpoint.
    await rename(result.result, join(inside, told.weights));
    await writeSealedJson(join(inside, RESULT), { ...told, files: await hashFiles(inside) });
  });
}
