// Logs a finetuning as a run: its settings, named as in sweep files, its updates, previews and results.

import { join } from 'node:path';
import { sha256Json } from '../../base/hash.js';
import type { Settings } from '../../base/settings.js';
import { type ModelHashes, modelInputs, modelParameters } from '../../models/checkpoint/hash-model.js';
import type { Model } from '../../models/model.js';
import { storedSettings } from '../../settings/stored.js';
import { TRAINING } from '../../settings/table.js';
import { definedMetrics } from '../../tracking/log/defined-metrics.js';
import type { Run } from '../../tracking/log/run.js';
import { givenOptions, type WorkOptions } from '../../tracking/log/tracked-work.js';
import type { TrainingStep } from '../loop/train.js';
import type { TrainingRecord } from './folder.js';
import type { FinetuneOptions, FinetuneSettings } from './options.js';
import type { Preview } from './preview.js';
import type { StoredResult } from './result.js';

/** Options of a finetuning's run; `stored` are the settings that determine its result. */
export function finetuneRun(
  model: Model,
  settings: FinetuneSettings,
  stored: Settings,
  options: FinetuneOptions,
): WorkOptions {
  const { edits } = settings;
  const { trainingFrames, preview, ...hashes } = stored as unknown as {
    trainingFrames: number;
    preview: Record<string, unknown>;
  } & ModelHashes;
  return {
    ...options,
    experiment: 'finetune',
    name: options.name ?? 'finetune',
    key: sha256Json(stored),
    parameters: {
      ...{ ...modelParameters(model), video: settings.name, ...trainingParameters(settings) },
      training_frames: trainingFrames,
      edited_frames: [...new Set(edits.map(({ frame }) => frame))],
      ...{ prompts: edits.map(({ prompt }) => prompt), preview },
    },
    given: { ...givenOptions(options), model: model.path },
    inputs: [{ kind: 'video', name: settings.name, sha256: sha256Json(stored.video) }, ...modelInputs(model, hashes)],
    device: model.runsOn,
  };
}

/** The settings of a training, for any model and video. */
export function trainingParameters(settings: FinetuneSettings): Record<string, unknown> {
  const { train, objective, clipNorm } = settings;
  const { rank = TRAINING.rank.default, alpha = rank, layers = TRAINING.layers.default } = settings;
  const { startRange, rank: _rank, alpha: _alpha, layers: _layers, ...common } = TRAINING;
  return {
    method: 'finetune',
    ...storedSettings(
      { ...common, rank: _rank, alpha: _alpha, layers: _layers, startRange },
      {
        ...settings,
        ...(train === 'lora' ? { rank, alpha, layers } : { rank: undefined, alpha: undefined, layers: undefined }),
        startRange: objective === 'rendering-path' ? settings.startRange : undefined,
        clipNorm: clipNorm < Infinity ? clipNorm : undefined,
      },
    ),
  };
}

/** Logs the updates of earlier processes to a run that does not have them. */
export function logCourse(run: Run, { losses, gradientNorms }: TrainingRecord): void {
  for (const [i, loss] of losses.entries()) {
    run.logMetrics({ loss, gradient_norm: gradientNorms[i] }, { step: i + 1 });
  }
}

/** Logs an update and the measurements after it. */
export async function logStep(
  run: Run,
  { iteration, loss, learningRate, gradientNorm }: Omit<TrainingStep, 'state'>,
  { preview, forgetting }: { readonly preview?: Preview; readonly forgetting?: number },
): Promise<void> {
  const told = { loss, learning_rate: learningRate, gradient_norm: gradientNorm };
  run.logMetrics(forgetting === undefined ? told : { ...told, forgetting }, { step: iteration });
  if (preview) await logPreview(run, preview);
}

/** Logs a preview: its metrics as `preview.*`, and its sheet as part of a series of pictures. */
export async function logPreview(run: Run, { iteration, metrics, sheet }: Preview): Promise<void> {
  run.logMetrics(definedMetrics(metrics, 'preview.'), { step: iteration });
  if (run.tracked) await run.logImage(sheet, { key: 'preview', step: iteration });
}

/** Logs the files of the result as artifacts. */
export async function logFinetuneResult(run: Run, { out, result }: StoredResult): Promise<void> {
  await run.logArtifact(result);
  await run.logArtifact(join(out, 'result.json'));
}
