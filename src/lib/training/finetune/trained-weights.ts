// The trained weights of a finetuning: low-rank updates of selected layers, the attention layers, or the whole UNet.

import { assertInteger } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import { seedOf } from '../../base/hash.js';
import type { Checkpoint } from '../../models/checkpoint/checkpoint.js';
import { networkWeights } from '../../models/networks/network-weights.js';
import type { LowRankAdapter } from '../../models/networks/scope.js';
import { FINETUNE, LORA_LAYERS } from '../../settings/table.js';
import { toFloat32 } from '../../tensor/half.js';
import { randn } from '../../tensor/randn.js';
import { readTensor } from '../../tensor/safetensors.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { Weights } from '../loop/adamw.js';

/** Groups of layers that can have low-rank updates. */
export type LoraLayers = (typeof LORA_LAYERS)[number];

/**
 * The trained weights: `lora` (Hu et al. 2021) adds alpha / rank * up down to layers, by default of rank 4 to the attention
 * projections as in diffusers, with alpha = rank; `attention` trains the weights of the attention layers, `all` those of the
 * whole UNet.
 */
export type WhatIsTrained =
  | {
      readonly kind: 'lora';
      readonly rank?: number;
      readonly alpha?: number;
      readonly layers?: readonly LoraLayers[];
    }
  | { readonly kind: 'attention' }
  | { readonly kind: 'all' };

/** The trained weights of a checkpoint. */
export interface TrainedWeights {
  readonly names: readonly string[];
  /** Low-rank updates by the path of their layer; empty if the weights themselves are trained. */
  readonly adapters: ReadonlyMap<string, readonly LowRankAdapter[]>;
  /** Their values before the first iteration. */
  initial(): Promise<Weights>;
}

/** Paths of layers by group. `proj_in` and `proj_out` are convolutions in 1.x. */
const LAYER_PATHS: Readonly<Record<LoraLayers, RegExp>> = {
  attention: /\.attn[12]\.to_(q|k|v|out\.0)$/,
  'feed-forward': /\.ff\.net\.(0\.proj|2)$/,
  convolutions: /(^|\.)(conv\w*|proj_in|proj_out)$/,
};
const ATTENTION = /\.attn[12]\./;

/**
 * Selects the trained weights of a checkpoint's UNet.
 *
 * @throws UsageError for an invalid rank or alpha, or unknown layers
 */
export function trainedWeights(checkpoint: Checkpoint, what: WhatIsTrained, seed: number): TrainedWeights {
  const configs = { unet: checkpoint.unet.config, vae: checkpoint.vae.config, text: checkpoint.textEncoder.config };
  const shapes = networkWeights(configs).unet;
  if (what.kind === 'lora') return lowRank(shapes, what, seed);
  const names = [...shapes.keys()].filter((name) => what.kind === 'all' || ATTENTION.test(name));
  return {
    names,
    adapters: new Map(),
    async initial() {
      const weights = new Map<string, Tensor<'float32'>>();
      for (const name of names) weights.set(name, toFloat32(await readTensor(checkpoint.unet.weights.get(name)!)));
      return weights;
    },
  };
}

function lowRank(
  shapes: ReadonlyMap<string, readonly number[]>,
  {
    rank = FINETUNE.rank.default,
    alpha = rank,
    layers = FINETUNE.layers.default,
  }: Extract<WhatIsTrained, { kind: 'lora' }>,
  seed: number,
): TrainedWeights {
  assertInteger('LoRA: the rank', rank, 1);
  if (!(alpha > 0 && alpha < Infinity)) throw new UsageError(`LoRA: alpha is ${alpha}, expected a number above 0`);
  const patterns = layers.map((name) => LAYER_PATHS[name]);
  if (patterns.length === 0 || patterns.includes(undefined as never)) {
    throw new UsageError(`LoRA: the layers are ${layers.join(', ')}, expected some of ${LORA_LAYERS.join(', ')}`);
  }
  const adapters = new Map<string, readonly LowRankAdapter[]>();
  for (const [name, shape] of shapes) {
    const path = name.slice(0, -'.weight'.length);
    // Norms have one axis.
    if (!name.endsWith('.weight') || shape.length < 2 || !patterns.some((pattern) => pattern.test(path))) continue;
    const [outputs, inputs, ...kernel] = shape;
    const ones = kernel.map(() => 1);
    const down = { name: `trained.${path}.down`, shape: [rank, inputs, ...kernel] };
    const up = { name: `trained.${path}.up`, shape: [outputs, rank, ...ones] };
    adapters.set(path, [{ down, up, scale: alpha / rank }]);
  }
  const pairs = [...adapters.values()].flat();
  return {
    names: pairs.flatMap(({ down, up }) => [down.name, up.name]),
    adapters,
    // Down is normal with standard deviation 1 / rank and up is 0, as in diffusers' training scripts: training starts at the
    // base model.
    async initial() {
      const weights = new Map<string, Tensor<'float32'>>();
      for (const { down, up } of pairs) {
        const start = randn(seedOf(`${seed} ${down.name}`), down.shape);
        weights.set(down.name, { ...start, data: start.data.map((value) => value / rank) });
        const size = up.shape.reduce((product, side) => product * side, 1);
        weights.set(up.name, tensor('float32', up.shape, new Float32Array(size)));
      }
      return weights;
    },
  };
}
