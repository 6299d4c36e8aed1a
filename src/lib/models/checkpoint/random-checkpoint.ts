// Writes checkpoints of random weights, for tests, benchmarks and first steps: complete in form, meaningless in content.

import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createFolderAtomically, makeFolder } from '../../base/atomic-folder.js';
import { UsageError } from '../../base/errors.js';
import { seedOf } from '../../base/hash.js';
import { packageFile } from '../../base/package-file.js';
import type { OnProgress } from '../../base/progress.js';
import { createGenerator } from '../../base/random.js';
import { float32ToBfloat16, float32ToFloat16 } from '../../tensor/half.js';
import { type TensorSource, writeSafetensors } from '../../tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.js';
import { textConfig, vaeConfig } from '../config/components.js';
import type { Json } from '../config/fields.js';
import { unetConfig } from '../config/unet.js';
import { networkWeights, type WeightShapes } from '../networks/network-weights.js';
import type { Vocabulary } from '../text/clip-bpe.js';
import { clipVocabulary } from '../text/tokenizer.js';
import { PART_FOLDER, PART_WEIGHTS } from './diffusers-folder.js';
import type { Part } from './weight-table.js';
import { type CheckpointConfigs, tokenIds, writeConfigurations, writeTokenizer } from './write-checkpoint.js';

/** Options of a random checkpoint. */
export interface RandomCheckpointOptions {
  /** Determines every weight; 0 by default. */
  readonly seed?: number;
  /** `tiny` (the default; 4 MB) for tests, `full` for Stable Diffusion 1.x as published (1.07 billion weights). */
  readonly size?: 'tiny' | 'full';
  /** Element type of the weights in the files; `float16` by default. */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16';
  /** Keys of each `config.json` that differ from the chosen size, named and valued as diffusers and transformers do. */
  readonly unet?: Json;
  /** Changes to the configuration of the autoencoder. */
  readonly vae?: Json;
  /** Changes to the configuration of the text encoder. */
  readonly text?: Json;
  /** Changes to the configuration of the noise schedule. */
  readonly scheduler?: Json;
  /** Vocabulary of the tokenizer, for which the text encoder gets as many rows; CLIP's by default. */
  readonly vocabulary?: Vocabulary;
  /** Called with the number of weights written. */
  readonly onProgress?: OnProgress;
}

const TINY: Readonly<Record<Part, Json>> = {
  unet: {
    sample_size: 16,
    block_out_channels: [32, 64, 64],
    layers_per_block: 1,
    down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
    cross_attention_dim: 32,
    attention_head_dim: 4,
    norm_num_groups: 8,
  },
  vae: { sample_size: 128, block_out_channels: [8, 16, 16, 16], layers_per_block: 1, norm_num_groups: 4 },
  text: {
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    projection_dim: 32,
  },
};

const SIZES: Readonly<Record<'tiny' | 'full', Readonly<Partial<Record<Part, Json>>>>> = { tiny: TINY, full: {} };

/**
 * Writes a diffusers folder with random weights: UNet, VAE, CLIP text encoder, CLIP's tokenizer and noise schedule.
 *
 * Matrices are normal with variance 1 / (number of inputs), so that activations stay of the order of 1. Each weight is
 * `torch.randn` of its own seed, made from `seed` and its name: equal options give equal files. One weight at a time is in
 * memory. The folder appears under its name when it is complete.
 *
 * @throws UsageError when the folder is not empty, or a configuration is not supported; FailureError when the disk is full
 */
export async function writeRandomCheckpoint(folder: string, options: RandomCheckpointOptions = {}): Promise<void> {
  const final = resolve(folder);
  const configs = await configurations(options);
  const shapes = weightShapes(configs);
  await makeFolder(dirname(final), final);
  await createFolderAtomically(final, async (temporary) => {
    await writeConfigurations(temporary, configs);
    await writeTokenizer(join(temporary, 'tokenizer'), options.vocabulary ?? clipVocabulary(), 77);
    await writeWeights(temporary, shapes, options);
  });
}

/**
 * Shapes of all weights of such a checkpoint by their names in its files, without writing it.
 *
 * @throws UsageError when a configuration is not supported
 */
export async function checkpointShapes(options: RandomCheckpointOptions = {}): Promise<WeightShapes> {
  return weightShapes(await configurations(options));
}

async function configurations({
  size = 'tiny',
  vocabulary,
  ...changes
}: RandomCheckpointOptions): Promise<CheckpointConfigs> {
  const stock: Record<string, Json> = JSON.parse(await readFile(packageFile('assets/stable-diffusion-1.json'), 'utf8'));
  const chosen = SIZES[size];
  if (!chosen) throw new UsageError(`writeRandomCheckpoint: size is '${size}'; expected tiny or full`);
  return {
    unet: { ...stock.unet, ...chosen.unet, ...changes.unet },
    vae: { ...stock.vae, ...chosen.vae, ...changes.vae },
    text: { ...stock.text_encoder, ...chosen.text, ...(vocabulary && tokenIds(vocabulary)), ...changes.text },
    scheduler: { ...stock.scheduler, ...changes.scheduler },
  };
}

/** Shapes of all weights by their names in the files: published text encoders have a prefix. */
function weightShapes(configs: CheckpointConfigs): WeightShapes {
  const shapes = networkWeights({
    unet: unetConfig(configs.unet, 'unet'),
    vae: vaeConfig(configs.vae, 'vae'),
    text: textConfig(configs.text, 'text'),
  });
  return { ...shapes, text: new Map([...shapes.text].map(([name, shape]) => [`text_model.${name}`, shape])) };
}

async function writeWeights(folder: string, shapes: WeightShapes, options: RandomCheckpointOptions): Promise<void> {
  const { seed = 0, dtype = 'float16', onProgress } = options;
  const parts = Object.keys(shapes) as Part[];
  const total = parts.flatMap((part) => [...shapes[part].values()].map(sizeOf)).reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const part of parts) {
    const sources: Record<string, TensorSource> = {};
    for (const [name, shape] of shapes[part]) {
      sources[name] = {
        dtype,
        shape,
        load: () => {
          const values = randomWeight(`${seed} ${part} ${name}`, name, shape);
          done += values.length;
          onProgress?.({ done, total, label: 'random weights' });
          return stored(dtype, shape, values);
        },
      };
    }
    await writeSafetensors(join(folder, PART_FOLDER[part], PART_WEIGHTS[part]), sources);
  }
}

/** Matrices and kernels N(0, 1 / inputs), embeddings N(0, 1/4), scales of norms 1 + N(0, 0.01), biases N(0, 0.01). */
function randomWeight(key: string, name: string, shape: readonly number[]): Float32Array {
  const values = createGenerator(seedOf(key)).randn(sizeOf(shape));
  const isTable = /(token|position)_embedding\.weight$/.test(name);
  const isScale = shape.length === 1 && name.endsWith('.weight');
  const deviation = isTable ? 0.5 : shape.length > 1 ? sizeOf(shape.slice(1)) ** -0.5 : 0.1;
  const mean = isScale ? 1 : 0;
  for (let i = 0; i < values.length; i++) values[i] = mean + deviation * values[i];
  return values;
}

function stored(dtype: 'float32' | 'float16' | 'bfloat16', shape: readonly number[], values: Float32Array): Tensor {
  if (dtype === 'float16') return tensor('float16', shape, float32ToFloat16(values));
  if (dtype === 'bfloat16') return tensor('bfloat16', shape, float32ToBfloat16(values));
  return tensor('float32', shape, values);
}
