// What a checkpoint is, in numbers: its networks, files, schedule and latents. Nothing is computed with it.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { given } from '../../base/given.js';
import { weightAccess } from '../../engine/onnx/weight-files.js';
import type { SchedulerConfig } from '../config/config.js';
import type { Checkpoint, CheckpointOptions, WeightTable } from './checkpoint.js';

/** Weights of one network. */
export interface NetworkDescription {
  weights: number;
  /** Numbers by element type. */
  dtypes: Record<string, number>;
  files: string[];
}

/** What `describeCheckpoint` gives. */
export interface CheckpointDescription {
  path: string;
  layout: Checkpoint['layout'];
  predictionType: Checkpoint['predictionType'];
  networks: Record<'unet' | 'vae' | 'textEncoder', NetworkDescription>;
  /** All files of weights, and whether the engine maps each without a copy. */
  files: ({ file: string; bytes: number } & Awaited<ReturnType<typeof weightAccess>>)[];
  tokenizer: { vocabulary: number; length: number; padding: number };
  schedule: {
    trainTimesteps: number;
    betaSchedule: SchedulerConfig['betaSchedule'] | 'trained';
    betaStart: number;
    betaEnd: number;
    rescaleZeroSnr: boolean;
    /** null: each sampler has its own. */
    spacing: NonNullable<SchedulerConfig['spacing']> | null;
    stepsOffset: number;
    setAlphaToOne: boolean;
    /** The diffusers class in the scheduler's configuration. */
    class: string | null;
  };
  /** `vaeFactor`: pixels along a side of a latent cell. */
  latents: { channels: number; vaeFactor: number; scalingFactor: number };
  contextWidth: number;
  /** Pixels of a side. */
  trainedSize: number;
  ignoredTensors: number;
  /** The options that it was opened with, where they were given. */
  chosen: Pick<CheckpointOptions, 'vae' | 'prediction' | 'variant'>;
}

/** Describes an opened checkpoint; `vaeFactor` is its model's. */
export async function describeCheckpoint(checkpoint: Checkpoint, vaeFactor: number): Promise<CheckpointDescription> {
  const { unet, vae, textEncoder, tokenizer, schedule, options } = checkpoint;
  const networks = {
    unet: network(unet.weights),
    vae: network(vae.weights),
    textEncoder: network(textEncoder.weights),
  };
  const names = [...new Set(Object.values(networks).flatMap(({ files }) => files))];
  const files = await Promise.all(
    names.map(async (file) => ({ file, bytes: (await stat(file)).size, ...(await weightAccess(file)) })),
  );
  const { trainTimesteps, betaSchedule, betaStart, betaEnd, trainedBetas, rescaleZeroSnr = false } = schedule;
  const { spacing = null, stepsOffset = 1, setAlphaToOne = false, raw } = schedule;
  return {
    path: resolve(checkpoint.path),
    layout: checkpoint.layout,
    predictionType: checkpoint.predictionType,
    networks,
    files,
    tokenizer: { vocabulary: tokenizer.vocabSize, length: tokenizer.modelMaxLength, padding: tokenizer.padId },
    schedule: {
      trainTimesteps,
      betaSchedule: trainedBetas ? 'trained' : betaSchedule,
      betaStart: trainedBetas?.[0] ?? betaStart,
      betaEnd: trainedBetas?.at(-1) ?? betaEnd,
      rescaleZeroSnr,
      spacing,
      stepsOffset,
      setAlphaToOne,
      class: typeof raw._class_name === 'string' ? raw._class_name : null,
    },
    latents: { channels: vae.config.latentChannels, vaeFactor, scalingFactor: vae.config.scalingFactor },
    contextWidth: unet.config.crossAttentionDim,
    trainedSize: unet.config.sampleSize * vaeFactor,
    ignoredTensors: checkpoint.ignored.length,
    chosen: given({ vae: options.vae, prediction: options.prediction, variant: options.variant }),
  };
}

function network(table: WeightTable): NetworkDescription {
  const dtypes: Record<string, number> = {};
  const files = new Set<string>();
  let weights = 0;
  for (const { dtype, shape, file } of table.values()) {
    const size = shape.reduce((product, side) => product * side, 1);
    weights += size;
    dtypes[dtype] = (dtypes[dtype] ?? 0) + size;
    files.add(resolve(file));
  }
  return { weights, dtypes, files: [...files] };
}
