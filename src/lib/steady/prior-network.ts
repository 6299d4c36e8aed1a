// The network of the deep video prior as a graph: a U-Net of five levels from a source frame to a styled one.

import { seedOf } from '../base/hash.js';
import { createGenerator } from '../base/random.js';
import { ops as g } from '../graph/ops.js';
import type { Node } from '../graph/types.js';
import { conv } from '../models/networks/layers.js';
import type { RootScope, Scope } from '../models/networks/scope.js';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.js';

/** Channels of the levels, as published: 8.6 M weights. */
export const PRIOR_CHANNELS: readonly number[] = [32, 64, 128, 256, 512];

/** What the sides of a picture must be multiples of. */
export const priorMultiple = (channels: readonly number[]): number => 2 ** (channels.length - 1);

/**
 * x [B, 3, H, W] to [B, 3, H, W]. Two convolutions a level, 3x3 but the very first, each with a leaky ReLU; down by the
 * maximum of 2x2 cells; up bilinearly with a 3x3 convolution, beside the same level's result on the way down; a linear 3x3
 * convolution at the end. No normalization.
 */
export function priorNetwork(scope: Scope, x: Node, channels: readonly number[] = PRIOR_CHANNELS): Node {
  const level = (at: Scope, input: Node, outputs: number, first = 3): Node => {
    const h = leaky(conv(at.at('conv1'), input, outputs, { kernel: first, padding: (first - 1) / 2 }));
    return leaky(conv(at.at('conv2'), h, outputs, { kernel: 3, padding: 1 }));
  };
  const skips: Node[] = [];
  let h = x;
  channels.forEach((outputs, i) => {
    h = level(scope.at('down', i), i > 0 ? maxPool(h) : h, outputs, i > 0 ? 3 : 1);
    skips.push(h);
  });
  for (let i = channels.length - 2; i >= 0; i--) {
    const up = conv(scope.at('up', i, 'resize'), doubled(h), channels[i], { kernel: 3, padding: 1 });
    h = level(scope.at('up', i), g.concat([up, skips[i]], 1), channels[i]);
  }
  return conv(scope.at('out'), h, x.shape[1], { kernel: 3, padding: 1 });
}

/** Initial weights: uniform within sqrt(6 / (inputs + outputs)) of 0 [Glorot and Bengio 2010], biases 0. */
export function initialPrior(scope: RootScope, seed: number): Map<string, Tensor<'float32'>> {
  const weights = new Map<string, Tensor<'float32'>>();
  for (const [name, { shape }] of scope.weights) {
    const data = new Float32Array(sizeOf(shape));
    if (shape.length === 4) {
      const [outputs, inputs, kh, kw] = shape;
      const bound = Math.sqrt(6 / ((outputs + inputs) * kh * kw));
      const random = createGenerator(seedOf(`${seed} ${name}`));
      for (let i = 0; i < data.length; i++) data[i] = bound * (2 * random.uniform() - 1);
    }
    weights.set(name, tensor('float32', shape, data));
  }
  return weights;
}

/** Leaky ReLU: x, or 0.2 x below 0. */
const leaky = (x: Node): Node => g.maximum(x, g.multiply(x, g.scalar(0.2)));

/** The maximum of each 2x2 cells of [B, C, H, W]. */
export function maxPool(x: Node): Node {
  const [batch, channels, height, width] = x.shape;
  const rows = pairs(g.reshape(x, [batch, channels, height / 2, 2, width]), 3);
  const higher = g.reshape(g.maximum(...rows), [batch, channels, height / 2, width / 2, 2]);
  return g.reshape(g.maximum(...pairs(higher, 4)), [batch, channels, height / 2, width / 2]);
}

/**
 * [B, C, H, W] at twice the size, bilinear: PyTorch's `interpolate(scale_factor=2, mode='bilinear')`. Along each axis the
 * values at 2i and 2i + 1 are 3/4 of value i and 1/4 of the one before and after it; the border's are repeated outwards.
 * Differs from the published code in that the picture is not shifted by half a cell.
 */
export function doubled(x: Node): Node {
  return [2, 3].reduce(doubledAlong, x);
}

function doubledAlong(x: Node, axis: number): Node {
  const side = x.shape[axis];
  const part = (from: number, to: number): Node =>
    g.slice(
      x,
      x.shape.map((_, i) => (i === axis ? from : 0)),
      x.shape.map((whole, i) => (i === axis ? to : whole)),
    );
  const near = g.multiply(x, g.scalar(0.75));
  const [before, after] = [
    side > 1 ? g.concat([part(0, 1), part(0, side - 1)], axis) : x,
    side > 1 ? g.concat([part(1, side), part(side - 1, side)], axis) : x,
  ].map((far) => g.add(near, g.multiply(far, g.scalar(0.25))));
  const split = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const joined = g.concat([g.reshape(before, split), g.reshape(after, split)], axis + 1);
  return g.reshape(
    joined,
    x.shape.map((whole, i) => (i === axis ? 2 * whole : whole)),
  );
}

/** The first and the second half of an axis of length 2. */
function pairs(x: Node, axis: number): [Node, Node] {
  const half = (at: number): Node =>
    g.slice(
      x,
      x.shape.map((_, i) => (i === axis ? at : 0)),
      x.shape.map((whole, i) => (i === axis ? at + 1 : whole)),
    );
  return [half(0), half(1)];
}
