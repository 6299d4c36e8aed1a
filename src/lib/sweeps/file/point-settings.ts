// The settings of one point of a sweep: their names in a sweep file, what each may be, their defaults, and which of them count
// for a point. What varies them is sweep-schema.ts; the options of the library that they become are point-options.ts.

import { z } from 'zod';
import { samplerNames } from '../../diffusion/samplers/index.js';
import { DEVICES } from '../../engine/devices.js';

const text = z.string().min(1);
const whole = (least: number) => z.int().min(least);
const timesteps = z.tuple([whole(0), whole(1)]);
const side = z.union([whole(1), z.string().regex(/^\d+x\d+$/)], {
  error: 'expected a side in pixels such as 512, or sides such as 768x432',
});
const loras = z.array(z.union([text, z.strictObject({ file: text, scale: z.number().optional() })]));
const embeddings = z.array(z.union([text, z.strictObject({ file: text, word: text.optional() })]));
const edits = z
  .array(z.union([text, z.strictObject({ file: text, frame: whole(0).optional(), prompt: text.optional() })]))
  .min(1);

/** Which pictures are worked on. */
const SOURCE = {
  video: text.describe('A video, a GIF, or a folder of pictures.'),
  size: side.describe(
    'Shorter side of the frames, or WIDTHxHEIGHT, cropped to it; what the model was trained at by default.',
  ),
  start: z.number().min(0).describe('Begin at this time, in seconds.'),
  duration: z.number().gt(0).describe('Take so many seconds of the video.'),
  frames: whole(1).describe('Take at most so many frames.'),
  every: whole(1).describe('Take every n-th frame.'),
  frame_rate: z.number().gt(0).describe('Take so many frames a second.'),
};

const MODEL = {
  model: text.describe('Diffusers folder or .safetensors file of Stable Diffusion 1.x or 2.x.'),
  config: text.describe('Diffusers folder with the configurations of a single file that is not stock 1.x.'),
  vae: text.describe("Autoencoder in place of the model's own: a diffusers folder or a .safetensors file."),
  prediction: z.enum(['epsilon', 'v']).describe('What the UNet predicts, whatever the model says of it.'),
  variant: text.describe('Which weights of a diffusers folder, where there are several: fp16, bf16, non_ema.'),
  loras: loras.describe('Low-rank updates to apply: files, each with its scale if it is not 1.'),
  embeddings: embeddings.describe(
    'Words of prompts that stand for learned vectors: files, each with its word if need be.',
  ),
  clip_skip: whole(0).describe("Layers that are left out at the text encoder's end; AUTOMATIC1111 calls 1 here 2."),
  device: z.enum(DEVICES).describe('Where to run.'),
};

const RENDER = {
  prompt: z.string().describe('What the pictures should show.'),
  negative: z.string().describe('What they should not show.'),
  strength: z.number().gt(0).lte(1).describe('Share of the steps that is executed; 0.45 by default.'),
  seed: whole(0).describe('Seed of the noise; 42 by default.'),
  steps: whole(1).describe('Steps of a full run; 50 by default.'),
  sampler: z.enum(samplerNames as [string, ...string[]]).describe('Sampling algorithm; ddim by default.'),
  guidance: z.number().min(0).describe('Guidance scale; 7.5 by default.'),
  noise: z.enum(['fixed', 'per-frame']).describe('One noise for all frames (the default), or another for each.'),
  noise_draw: whole(1).describe("Which draw of the seed is the noise; 2 is PyTorch pipelines'."),
  batch: whole(1).describe('Frames that go through the network together; 1 by default.'),
};

const FINETUNE = {
  edits: edits.describe('Edited frames to learn from: pictures with their sidecar, or with frame and prompt.'),
  iterations: whole(1).describe('Updates in all; 1000 by default.'),
  training_frames: whole(0).describe('Frames of the video that are learned; 30 by default.'),
  learning_rate: z.number().gt(0).describe('Learning rate; 1e-5 by default.'),
  train: z.enum(['lora', 'attention', 'all']).describe('What is trained; lora by default.'),
  rank: whole(1).describe('Rank of the low-rank updates; 4 by default.'),
  alpha: z.number().gt(0).describe('Their scale is alpha / rank; the rank by default.'),
  layers: z.array(z.enum(['attention', 'feed-forward', 'convolutions'])).min(1),
  objective: z.enum(['noised-original', 'rendering-path']).describe('How edits are learned.'),
  weighting: z.enum(['min-snr-paired', 'min-snr', 'none']).describe('How items are weighted.'),
  timestep_range: timesteps.describe('Timesteps that are trained, the last one excluded; [0, 500] by default.'),
  start_range: timesteps.describe('Timesteps at which a rendering-path starts; [300, 500] by default.'),
  warmup: whole(0).describe('Iterations over which the learning rate rises from 0.'),
  weight_decay: z.number().min(0).describe("AdamW's; 0.01 by default."),
  training_batch: whole(1).describe('Items an update; 1 by default.'),
  accumulate: whole(1).describe('Batches whose gradients are averaged for an update.'),
  clip_norm: z.number().gt(0).describe('Scale gradients down to this norm.'),
  average_decay: z.number().min(0).lt(1).describe('Decay of a moving average of the weights.'),
  training_seed: whole(0).describe('Decides order, timesteps and noise of the training; 0 by default.'),
  prior_preservation: z.number().min(0).describe('Weight of keeping what the model predicts of other pictures.'),
};

/** How a video is edited: with the model as it is, or finetuned on the video first. */
export const METHODS = ['img2img', 'finetune'] as const;

/** Every setting by its name: what it may be. */
export const SETTINGS = {
  method: z
    .enum(METHODS)
    .describe('img2img, or finetune, which is the default where a setting of a finetune is named.'),
  ...SOURCE,
  ...MODEL,
  ...RENDER,
  ...FINETUNE,
} as const;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** Settings as they stand in a file. */
export type GivenSettings = { readonly [Name in SettingName]?: z.infer<(typeof SETTINGS)[Name]> };

/** Settings that may stand at the top of a sweep file, where they hold for all points. */
export const TOP_SETTINGS = [
  'video',
  'size',
  'start',
  'duration',
  'frames',
  'every',
  'frame_rate',
  'model',
  'config',
  'vae',
  'prediction',
  'variant',
  'loras',
  'embeddings',
  'clip_skip',
  'device',
  'prompt',
  'negative',
  'batch',
  'edits',
] as const satisfies readonly SettingName[];

/** Settings that are the path of one file or folder. */
export const PATH_SETTINGS: readonly SettingName[] = ['video', 'model', 'config', 'vae'];

/** Settings of every point, defaults in place, without those that do not count for it. */
export type PointSettings = GivenSettings &
  Required<
    Pick<
      GivenSettings,
      | 'method'
      | 'video'
      | 'model'
      | 'prompt'
      | 'negative'
      | 'strength'
      | 'seed'
      | 'steps'
      | 'sampler'
      | 'guidance'
      | 'noise'
      | 'noise_draw'
      | 'batch'
    >
  >;

const DEFAULTS: GivenSettings = {
  prompt: '',
  negative: '',
  strength: 0.45,
  seed: 42,
  steps: 50,
  sampler: 'ddim',
  guidance: 7.5,
  noise: 'fixed',
  noise_draw: 1,
  batch: 1,
};

const FINETUNE_DEFAULTS: GivenSettings = {
  iterations: 1000,
  training_frames: 30,
  learning_rate: 1e-5,
  train: 'lora',
  objective: 'noised-original',
  weighting: 'min-snr-paired',
  timestep_range: [0, 500],
  warmup: 0,
  weight_decay: 0.01,
  training_batch: 1,
  accumulate: 1,
  training_seed: 0,
  prior_preservation: 0,
};

const names = <T extends object>(table: T): (keyof T & SettingName)[] =>
  Object.keys(table) as (keyof T & SettingName)[];

/** Names of settings by what they are about. */
export const SETTING_NAMES: Readonly<
  Record<'all' | 'source' | 'model' | 'render' | 'finetune', readonly SettingName[]>
> = {
  all: names(SETTINGS),
  source: names(SOURCE),
  model: names(MODEL),
  render: names(RENDER),
  finetune: names(FINETUNE),
};

/**
 * Fills in defaults and leaves out what does not count: settings of a finetune where there is none, those of low-rank updates
 * where weights themselves are trained. Two points that differ only in such a setting are one.
 */
export function pointSettings(chosen: GivenSettings): PointSettings {
  const given: GivenSettings = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  const finetunes = SETTING_NAMES.finetune.some((name) => given[name] !== undefined);
  const method = given.method ?? (finetunes ? 'finetune' : 'img2img');
  const all: Record<string, unknown> = { ...DEFAULTS, ...given, method };
  if (method === 'finetune') {
    const withDefaults: Record<string, unknown> = { ...FINETUNE_DEFAULTS, ...given };
    for (const name of SETTING_NAMES.finetune) all[name] = withDefaults[name];
    if (all.train === 'lora') {
      all.rank ??= 4;
      all.alpha ??= all.rank;
      all.layers ??= ['attention'];
    } else for (const name of ['rank', 'alpha', 'layers']) delete all[name];
    if (all.objective === 'rendering-path') all.start_range ??= [300, 500];
    else delete all.start_range;
  } else for (const name of SETTING_NAMES.finetune) delete all[name];
  if (all.clip_skip === 0) delete all.clip_skip;
  const kept = SETTING_NAMES.all.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]);
  return Object.fromEntries(kept) as PointSettings;
}
