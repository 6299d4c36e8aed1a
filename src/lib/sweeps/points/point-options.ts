// The settings of a point as the options that the library's functions take.

import { given } from '../../base/given.js';
import type { RestyleOptions } from '../../diffusion/restyle.js';
import type { SamplerName } from '../../diffusion/samplers/index.js';
import type { LoadModelOptions } from '../../models/model.js';
import type { FinetuneOptions } from '../../training/finetune/options.js';
import type { WhatIsTrained } from '../../training/finetune/trained-weights.js';
import type { OpenVideoOptions } from '../../video/read/open-video.js';
import type { PointSettings } from '../file/point-settings.js';

/** Which pictures, and at what size. */
export function sourceOptions(
  settings: PointSettings,
): Pick<OpenVideoOptions, 'size' | 'start' | 'duration' | 'frames' | 'every' | 'frameRate'> {
  const { size, start, duration, frames, every, frame_rate } = settings;
  return given({
    size: typeof size === 'string' ? sidesIn(size) : size,
    start,
    duration,
    frames,
    every,
    frameRate: frame_rate,
  });
}

function sidesIn(text: string): { width: number; height: number } {
  const [width, height] = text.split('x').map(Number);
  return { width, height };
}

/** How the model is opened. */
export function modelOptions({
  config,
  vae,
  prediction,
  variant,
  device,
  loras = [],
  embeddings = [],
  clip_skip,
}: PointSettings): Required<Pick<LoadModelOptions, 'loras' | 'embeddings'>> & LoadModelOptions {
  return {
    ...given({ config, vae, prediction, variant, device, clipSkip: clip_skip }),
    embeddings: embeddings.map((each) => (typeof each === 'string' ? { file: each } : given(each))),
    loras: loras.map((lora) => (typeof lora === 'string' ? { file: lora } : given(lora))),
  };
}

/** How frames are rendered. */
export function renderOptions(settings: PointSettings): RestyleOptions {
  const { prompt, negative, strength, seed, steps, sampler, guidance, noise, noise_draw, batch } = settings;
  return {
    ...{ prompt, strength, seed, steps, noise, batch },
    negativePrompt: negative,
    sampler: sampler as SamplerName,
    guidanceScale: guidance,
    noiseDraw: noise_draw,
  };
}

/** How the model is trained; folder, edits and iterations are the caller's. */
export function trainingOptions(settings: PointSettings): Omit<FinetuneOptions, 'out' | 'edits' | 'iterations'> {
  const { training_frames, objective, weighting, timestep_range, start_range, learning_rate, warmup } = settings;
  const { weight_decay, training_batch, accumulate, clip_norm, average_decay, training_seed } = settings;
  const { train = 'lora', rank, alpha, layers } = settings;
  const trained: WhatIsTrained = train === 'lora' ? given({ kind: train, rank, alpha, layers }) : { kind: train };
  return given({
    trainingFrames: training_frames,
    ...{ objective, weighting, warmup, accumulate },
    timestepRange: timestep_range,
    startRange: start_range,
    learningRate: learning_rate,
    weightDecay: weight_decay,
    batch: training_batch,
    clipNorm: clip_norm,
    averageDecay: average_decay,
    seed: training_seed,
    priorPreservation: settings.prior_preservation,
    train: trained,
  });
}
