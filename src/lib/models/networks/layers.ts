// Layers that all three networks share, as functions of (weights, x). Weight layouts are PyTorch's.

import { ops as g } from '../../graph/ops.js';
import type { ConvolutionOptions, Node } from '../../graph/types.js';
import { layerWeight } from '../lora/weight-change.js';
import type { Scope } from './scope.js';

/** x W' + b over the last axis: x [.., I] to [.., outputs]. */
export function linear(scope: Scope, x: Node, outputs: number, { bias = true } = {}): Node {
  const inputs = x.shape.at(-1)!;
  let y = g.matmul(x, layerWeight(scope, [outputs, inputs]), { transposeB: true });
  if (bias) y = g.add(y, scope.weight('bias', [outputs]));
  for (const { down, up, scale } of scope.adapters()) {
    const [rank] = down.shape;
    const low = g.matmul(x, g.reshape(down, [rank, inputs]), { transposeB: true });
    const update = g.matmul(low, g.reshape(up, [outputs, rank]), { transposeB: true });
    y = g.add(y, scale === 1 ? update : g.multiply(update, g.scalar(scale)));
  }
  return y;
}

/** A convolution's square kernels: the length of their side, and how they move. */
export interface ConvOptions extends ConvolutionOptions {
  kernel: number;
  /** Whether it has a bias; it has one by default. */
  bias?: boolean;
}

/** Convolution with square kernels: x [B, I, H, W] to [B, outputs, ..]. */
export function conv(scope: Scope, x: Node, outputs: number, { kernel, bias = true, ...options }: ConvOptions): Node {
  const weight = layerWeight(scope, [outputs, x.shape[1], kernel, kernel]);
  let y = g.conv2d(x, weight, bias ? scope.weight('bias', [outputs]) : null, options);
  for (const { down, up, scale } of scope.adapters()) {
    const update = g.conv2d(g.conv2d(x, down, null, options), up, null);
    y = g.add(y, scale === 1 ? update : g.multiply(update, g.scalar(scale)));
  }
  return y;
}

/** max(0, x). */
export const relu = (x: Node): Node => g.maximum(x, g.scalar(0));

/** Group norm with learned scale and bias: x [B, C, H, W]. */
export function groupNorm(scope: Scope, x: Node, groups: number, epsilon: number): Node {
  const channels = [x.shape[1]];
  return g.groupNorm(x, scope.weight('weight', channels), scope.weight('bias', channels), { groups, epsilon });
}

/** Layer norm over the last axis with learned scale and bias. */
export function layerNorm(scope: Scope, x: Node, epsilon: number): Node {
  const width = [x.shape.at(-1)!];
  return g.layerNorm(x, scope.weight('weight', width), scope.weight('bias', width), epsilon);
}

/** Settings of a residual block; `time` is the embedded timestep [B, T], absent in the VAE. */
export interface ResidualOptions {
  outputs: number;
  groups: number;
  epsilon: number;
  time?: Node;
}

/** Residual block: norm, SiLU, conv (+ timestep), norm, SiLU, conv, added to x or to its 1x1 projection. */
export function residualBlock(scope: Scope, x: Node, { outputs, groups, epsilon, time }: ResidualOptions): Node {
  let h = g.swish(groupNorm(scope.at('norm1'), x, groups, epsilon));
  h = conv(scope.at('conv1'), h, outputs, { kernel: 3, padding: 1 });
  if (time) {
    const shift = linear(scope.at('time_emb_proj'), g.swish(time), outputs);
    h = g.add(h, g.reshape(shift, [x.shape[0], outputs, 1, 1]));
  }
  h = g.swish(groupNorm(scope.at('norm2'), h, groups, epsilon));
  h = conv(scope.at('conv2'), h, outputs, { kernel: 3, padding: 1 });
  return g.add(x.shape[1] === outputs ? x : conv(scope.at('conv_shortcut'), x, outputs, { kernel: 1 }), h);
}

/** Pictures [B, C, H, W] as tokens [B, H W, C]. */
export function toTokens(x: Node): Node {
  const [batch, channels, height, width] = x.shape;
  return g.transpose(g.reshape(x, [batch, channels, height * width]), [0, 2, 1]);
}

/** Tokens [B, H W, C] as pictures of the given height and width. */
export function fromTokens(x: Node, height: number, width: number): Node {
  const [batch, , channels] = x.shape;
  return g.reshape(g.transpose(x, [0, 2, 1]), [batch, channels, height, width]);
}
