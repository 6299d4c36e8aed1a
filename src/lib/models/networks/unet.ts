// The denoising network of Stable Diffusion 1.x and 2.x (Rombach et al. 2022), weight names as in diffusers'
// UNet2DConditionModel.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { UNetConfig } from '../config/config.js';
import { conv, fromTokens, groupNorm, layerNorm, linear, residualBlock, toTokens } from './layers.js';
import type { Scope } from './scope.js';
import { upsampleConv } from './upsample.js';

const TRANSFORMER_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;

/**
 * What a ControlNet adds to the network: a tensor for each skip connection, in the order of their computation, and for the
 * middle.
 */
export interface Residuals {
  readonly skips: readonly Node[];
  readonly middle: Node;
}

/** Keys and values of an attention layer, each [B, T, C]. */
export interface KeysAndValues {
  readonly k: Node;
  readonly v: Node;
}

/** The keys and values that a self-attention layer attends to in place of its own, by the path of the layer's block. */
export type Attended = (own: KeysAndValues, layer: string) => KeysAndValues;

/** What differs from the network alone. */
export interface UNetAdditions {
  /** Added to the skip connections and to the middle (Zhang et al. 2023). */
  readonly residuals?: Residuals;
  /** The keys and values of the up blocks' self-attention; their own by default. */
  readonly attended?: Attended;
  /** The deep feature of an earlier pass: only what comes after it is computed. */
  readonly deep?: Node;
}

/** The network's prediction, and its deep feature. */
export interface UNetGraph {
  readonly output: Node;
  /**
   * What the last layer of the last up block gets from below, [B, C, h, w]. It changes little from one timestep to the next
   * [Ma et al. 2023, DeepCache].
   */
  readonly deep: Node;
}

/** Inputs of the network in a graph: noisy latents [B, C, h, w], timesteps [B], text contexts [B, T, D]. */
export interface UNetNodes {
  readonly sample: Node;
  readonly timesteps: Node;
  readonly context: Node;
  /** Guidance scales [B], for a network that takes them as an input; without them it predicts unguided. */
  readonly guidance?: Node;
}

/**
 * The prediction of the network (epsilon or v) for `sample` at `timesteps` given `context`.
 *
 * Sides that do not halve evenly are upsampled to the size of the skip connection, as in diffusers.
 */
export function unet(scope: Scope, config: UNetConfig, inputs: UNetNodes, additions?: UNetAdditions): Node {
  return unetGraph(scope, config, inputs, additions).output;
}

/** As `unet`, with the deep feature; given that of an earlier pass, it computes the rest. */
export function unetGraph(
  scope: Scope,
  config: UNetConfig,
  inputs: UNetNodes,
  additions: UNetAdditions = {},
): UNetGraph {
  const { residuals, attended } = additions;
  const { blockOutChannels, layersPerBlock, normGroups, normEps } = config;
  const last = blockOutChannels.length - 1;
  const layers = unetLayers(scope, config, inputs);
  const first = conv(scope.at('conv_in'), inputs.sample, blockOutChannels[0], { kernel: 3, padding: 1 });
  const skipOf = (skip: Node, i: number): Node => (residuals ? g.add(skip, residuals.skips[i]) : skip);
  const upLayer = ([up, layer]: readonly [number, number], h: Node, skip: Node): Node => {
    const block = scope.at('up_blocks', up);
    const y = layers.residual(block.at('resnets', layer), g.concat([h, skip], 1), blockOutChannels[last - up]);
    return config.upBlocks[up] === 'cross' ? layers.attend(block.at('attentions', layer), y, last - up, attended) : y;
  };
  const deepFeature = (): Node => {
    const half = downHalf(scope, config, layers, first);
    const skips = half.skips.map(skipOf);
    let h = residuals ? g.add(half.middle, residuals.middle) : half.middle;
    for (let up = 0; up <= last; up++) {
      const count = up < last ? layersPerBlock + 1 : layersPerBlock;
      for (let layer = 0; layer < count; layer++) h = upLayer([up, layer], h, skips.pop()!);
      if (up < last) {
        const [, , height, width] = skips[skips.length - 1].shape;
        h = upsampleConv(scope.at('up_blocks', up).at('upsamplers', 0, 'conv'), h, { height, width });
      }
    }
    return h;
  };
  const deep = additions.deep ?? deepFeature();
  const h = upLayer([last, layersPerBlock], deep, skipOf(first, 0));
  const normed = g.swish(groupNorm(scope.at('conv_norm_out'), h, normGroups, normEps));
  return { output: conv(scope.at('conv_out'), normed, config.outChannels, { kernel: 3, padding: 1 }), deep };
}

/** The two kinds of layers of the network; both read the timestep or the prompt, which are the same for all. */
export interface UNetLayers {
  residual(at: Scope, x: Node, outputs: number): Node;
  attend(at: Scope, x: Node, level: number, attended?: Attended): Node;
}

/** Layers of a network of this configuration at `timesteps` [B] given `context` [B, T, D]. */
export function unetLayers(
  scope: Scope,
  config: UNetConfig,
  { context, ...times }: Pick<UNetNodes, 'timesteps' | 'context' | 'guidance'>,
): UNetLayers {
  const { normGroups: groups, normEps: epsilon, linearProjection } = config;
  const time = timeEmbedding(scope.at('time_embedding'), config, times);
  return {
    residual: (at, x, outputs) => residualBlock(at, x, { outputs, groups, epsilon, time }),
    attend: (at, x, level, attended) =>
      transformer(at, x, { context, heads: config.heads[level], groups, linearProjection, attended }),
  };
}

/**
 * The down blocks and the middle block, applied to the output `h` [B, C0, h, w] of `conv_in`: the half that ControlNet
 * copies.
 *
 * @returns the skip connections in the order of their computation, `h` itself first, and the output of the middle block
 */
export function downHalf(scope: Scope, config: UNetConfig, { residual, attend }: UNetLayers, h: Node): Residuals {
  const { blockOutChannels, layersPerBlock } = config;
  const last = blockOutChannels.length - 1;
  const skips = [h];
  blockOutChannels.forEach((outputs, level) => {
    const block = scope.at('down_blocks', level);
    for (let layer = 0; layer < layersPerBlock; layer++) {
      h = residual(block.at('resnets', layer), h, outputs);
      if (config.downBlocks[level] === 'cross') h = attend(block.at('attentions', layer), h, level);
      skips.push(h);
    }
    if (level < last) {
      h = conv(block.at('downsamplers', 0, 'conv'), h, outputs, { kernel: 3, stride: 2, padding: 1 });
      skips.push(h);
    }
  });
  const middle = scope.at('mid_block');
  h = residual(middle.at('resnets', 0), h, blockOutChannels[last]);
  h = attend(middle.at('attentions', 0), h, last);
  h = residual(middle.at('resnets', 1), h, blockOutChannels[last]);
  return { skips, middle: h };
}

/**
 * Sinusoids of the timestep (Vaswani et al. 2017) through two linear layers: [B] to [B, 4 C]. The guidance scale w, where the
 * network takes it, is added as a linear map of the sinusoids of 1000 (w - 1) (Luo et al. 2023, LCM).
 */
function timeEmbedding(
  scope: Scope,
  config: UNetConfig,
  { timesteps, guidance }: Pick<UNetNodes, 'timesteps' | 'guidance'>,
): Node {
  const [channels] = config.blockOutChannels;
  const half = channels / 2;
  const f = Math.fround;
  // Rounded to float32 at each step as PyTorch does: at t = 999 one rounding is worth 6e-5 of a sine.
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp(f(f(f(-Math.log(10000)) * i) / (half - config.freqShift))),
  );
  const pair = sinusoids(timesteps, frequencies);
  let h = g.concat(config.flipSinToCos ? pair.reverse() : pair, 1);
  if (guidance && config.guidanceDim !== undefined) {
    const scaled = g.multiply(g.subtract(guidance, g.scalar(1)), g.scalar(1000));
    const embedded = g.concat(sinusoids(scaled, guidanceFrequencies(config.guidanceDim)), 1);
    h = g.add(h, linear(scope.at('cond_proj'), embedded, channels, { bias: false }));
  }
  return linear(scope.at('linear_2'), g.swish(linear(scope.at('linear_1'), h, 4 * channels)), 4 * channels);
}

/** Sines and cosines of x [B] times each frequency, [B, F] each. */
function sinusoids(x: Node, frequencies: Float32Array): [sines: Node, cosines: Node] {
  const row = g.constant({ dtype: 'float32', shape: [1, frequencies.length], data: frequencies });
  const angles = g.multiply(g.reshape(x, [x.shape[0], 1]), row);
  return [g.sin(angles), g.cos(angles)];
}

/** 10000^(-i / (F - 1)) for F = `width` / 2, rounded as PyTorch does. */
function guidanceFrequencies(width: number): Float32Array {
  const half = width / 2;
  const exponent = Math.fround(-Math.log(10000) / (half - 1));
  return Float32Array.from({ length: half }, (_, i) => Math.exp(Math.fround(i * exponent)));
}

/** Settings of a transformer layer; `context` [B, T, D] is the prompt. */
interface TransformerOptions {
  readonly context: Node;
  readonly heads: number;
  readonly groups: number;
  /** Whether both projections are linear layers instead of 1x1 convolutions. */
  readonly linearProjection: boolean;
  readonly attended: Attended | undefined;
}

/** Self-attention, attention to the prompt and a gated feed-forward layer over all cells of x [B, C, h, w]. */
function transformer(scope: Scope, x: Node, options: TransformerOptions): Node {
  const { context, heads, groups, linearProjection, attended } = options;
  const [, channels, height, width] = x.shape;
  const normed = groupNorm(scope.at('norm'), x, groups, TRANSFORMER_NORM_EPSILON);
  let h = linearProjection
    ? linear(scope.at('proj_in'), toTokens(normed), channels)
    : toTokens(conv(scope.at('proj_in'), normed, channels, { kernel: 1 }));
  const block = scope.at('transformer_blocks', 0);
  const norm = (name: string): Node => layerNorm(block.at(name), h, LAYER_NORM_EPSILON);
  const own = norm('norm1');
  h = g.add(h, attention(block.at('attn1'), own, { context: own, heads, attended }));
  h = g.add(h, attention(block.at('attn2'), norm('norm2'), { context, heads }));
  h = g.add(h, feedForward(block.at('ff', 'net'), norm('norm3')));
  const y = linearProjection
    ? fromTokens(linear(scope.at('proj_out'), h, channels), height, width)
    : conv(scope.at('proj_out'), fromTokens(h, height, width), channels, { kernel: 1 });
  return g.add(y, x);
}

/** Settings of an attention layer; keys and values are those of `context` [B, S, D], unless `attended` has others. */
interface AttentionOptions {
  readonly context: Node;
  readonly heads: number;
  readonly attended?: Attended | undefined;
}

function attention(scope: Scope, x: Node, { context, heads, attended }: AttentionOptions): Node {
  const channels = x.shape[2];
  const q = linear(scope.at('to_q'), x, channels, { bias: false });
  const own = {
    k: linear(scope.at('to_k'), context, channels, { bias: false }),
    v: linear(scope.at('to_v'), context, channels, { bias: false }),
  };
  const { k, v } = attended ? attended(own, scope.path) : own;
  return linear(scope.at('to_out', 0), g.attention(q, k, v, heads), channels);
}

/** GEGLU (Shazeer 2020): half of the projection gates the other half. */
function feedForward(scope: Scope, x: Node): Node {
  const [batch, tokens, channels] = x.shape;
  const inner = 4 * channels;
  const both = linear(scope.at(0, 'proj'), x, 2 * inner);
  const value = g.slice(both, [0, 0, 0], [batch, tokens, inner]);
  const gate = g.slice(both, [0, 0, inner], [batch, tokens, 2 * inner]);
  return linear(scope.at(2), g.multiply(value, g.gelu(gate)), channels);
}
