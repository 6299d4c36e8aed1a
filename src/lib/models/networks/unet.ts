// The denoising network of Stable Diffusion 1.x and 2.x (Rombach et al. 2022), weight names as in diffusers' UNet2DConditionModel.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { UNetConfig } from '../config/config.js';
import { conv, fromTokens, groupNorm, layerNorm, linear, residualBlock, toTokens } from './layers.js';
import type { Scope } from './scope.js';
import { upsampleConv } from './upsample.js';

const TRANSFORMER_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;

/** What a ControlNet adds to the network: one tensor for each skip connection, in the order they are made, and the middle's. */
export interface Residuals {
  readonly skips: readonly Node[];
  readonly middle: Node;
}

/**
 * What the network predicts (epsilon or v) for `sample` [B, C, h, w] at `timesteps` [B] given `context` [B, T, D].
 *
 * Sides that do not halve evenly are upsampled to the size of the skip connection, as in diffusers.
 *
 * @param residuals added to the skip connections and to the middle (Zhang et al. 2023)
 */
export function unet(
  scope: Scope,
  config: UNetConfig,
  sample: Node,
  timesteps: Node,
  context: Node,
  residuals?: Residuals,
): Node {
  const { blockOutChannels, layersPerBlock, normGroups, normEps } = config;
  const last = blockOutChannels.length - 1;
  const layers = unetLayers(scope, config, timesteps, context);
  const half = downHalf(
    scope,
    config,
    layers,
    conv(scope.at('conv_in'), sample, blockOutChannels[0], 3, { padding: 1 }),
  );
  const skips = half.skips.map((skip, i) => (residuals ? g.add(skip, residuals.skips[i]) : skip));
  let h = residuals ? g.add(half.middle, residuals.middle) : half.middle;

  for (let up = 0; up <= last; up++) {
    const level = last - up;
    const block = scope.at('up_blocks', up);
    for (let layer = 0; layer <= layersPerBlock; layer++) {
      h = layers.residual(block.at('resnets', layer), g.concat([h, skips.pop()!], 1), blockOutChannels[level]);
      if (config.upBlocks[up] === 'cross') h = layers.attend(block.at('attentions', layer), h, level);
    }
    if (up < last) {
      const [, , height, width] = skips[skips.length - 1].shape;
      h = upsampleConv(block.at('upsamplers', 0, 'conv'), h, height, width);
    }
  }
  h = g.swish(groupNorm(scope.at('conv_norm_out'), h, normGroups, normEps));
  return conv(scope.at('conv_out'), h, config.outChannels, 3, { padding: 1 });
}

/** The two layers that the network is made of, given what all of them see: the timestep and the prompt. */
export interface UNetLayers {
  residual(at: Scope, x: Node, outputs: number): Node;
  attend(at: Scope, x: Node, level: number): Node;
}

/** Layers of a network of this configuration at `timesteps` [B] given `context` [B, T, D]. */
export function unetLayers(scope: Scope, config: UNetConfig, timesteps: Node, context: Node): UNetLayers {
  const time = timeEmbedding(scope.at('time_embedding'), config, timesteps);
  return {
    residual: (at, x, outputs) =>
      residualBlock(at, x, { outputs, groups: config.normGroups, epsilon: config.normEps, time }),
    attend: (at, x, level) => transformer(at, config, x, context, config.heads[level]),
  };
}

/**
 * The way down and the middle of the network, of `h` [B, C0, h, w] that `conv_in` gave: what ControlNet copies.
 *
 * @returns the skip connections in the order they are made, `h` itself first, and what the middle gives
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
      h = conv(block.at('downsamplers', 0, 'conv'), h, outputs, 3, { stride: 2, padding: 1 });
      skips.push(h);
    }
  });
  const middle = scope.at('mid_block');
  h = residual(middle.at('resnets', 0), h, blockOutChannels[last]);
  h = attend(middle.at('attentions', 0), h, last);
  h = residual(middle.at('resnets', 1), h, blockOutChannels[last]);
  return { skips, middle: h };
}

/** Sinusoids of the timestep (Vaswani et al. 2017) through two linear layers: [B] to [B, 4 C]. */
function timeEmbedding(scope: Scope, config: UNetConfig, timesteps: Node): Node {
  const [channels] = config.blockOutChannels;
  const half = channels / 2;
  const f = Math.fround;
  // Rounded to float32 at each step as PyTorch does: at t = 999 one rounding is worth 6e-5 of a sine.
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp(f(f(f(-Math.log(10000)) * i) / (half - config.freqShift))),
  );
  const batch = timesteps.shape[0];
  const row = g.constant({ dtype: 'float32', shape: [1, half], data: frequencies });
  const angles = g.multiply(g.reshape(timesteps, [batch, 1]), row);
  const pair = [g.sin(angles), g.cos(angles)];
  const sinusoids = g.concat(config.flipSinToCos ? pair.reverse() : pair, 1);
  return linear(scope.at('linear_2'), g.swish(linear(scope.at('linear_1'), sinusoids, 4 * channels)), 4 * channels);
}

/** Self-attention, attention to the prompt and a gated feed-forward layer over all cells of x [B, C, h, w]. */
function transformer(scope: Scope, config: UNetConfig, x: Node, context: Node, heads: number): Node {
  const [, channels, height, width] = x.shape;
  const normed = groupNorm(scope.at('norm'), x, config.normGroups, TRANSFORMER_NORM_EPSILON);
  let h = config.linearProjection
    ? linear(scope.at('proj_in'), toTokens(normed), channels)
    : toTokens(conv(scope.at('proj_in'), normed, channels, 1));
  const block = scope.at('transformer_blocks', 0);
  const norm = (name: string): Node => layerNorm(block.at(name), h, LAYER_NORM_EPSILON);
  const own = norm('norm1');
  h = g.add(h, attention(block.at('attn1'), own, own, heads));
  h = g.add(h, attention(block.at('attn2'), norm('norm2'), context, heads));
  h = g.add(h, feedForward(block.at('ff', 'net'), norm('norm3')));
  const y = config.linearProjection
    ? fromTokens(linear(scope.at('proj_out'), h, channels), height, width)
    : conv(scope.at('proj_out'), fromTokens(h, height, width), channels, 1);
  return g.add(y, x);
}

function attention(scope: Scope, x: Node, context: Node, heads: number): Node {
  const channels = x.shape[2];
  const q = linear(scope.at('to_q'), x, channels, { bias: false });
  const k = linear(scope.at('to_k'), context, channels, { bias: false });
  const v = linear(scope.at('to_v'), context, channels, { bias: false });
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
