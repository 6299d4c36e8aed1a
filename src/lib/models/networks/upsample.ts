// Nearest-neighbour upsampling followed by a 3x3 convolution, without computing the large picture where that is exact.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import { layerWeight } from '../lora/weight-change.js';
import { conv } from './layers.js';
import type { Scope } from './scope.js';

/**
 * Sums of a 3-tap kernel for one output row (or column) of a doubled picture over the small one: an even row i = 2r reads
 * rows r - 1 and r, the latter twice; an odd one reads r twice and r + 1. Row [parity][tap of 2] over taps of 3.
 */
const TAPS = [
  [
    [1, 0, 0],
    [0, 1, 1],
  ],
  [
    [1, 1, 0],
    [0, 0, 1],
  ],
];

/** The size of the result, and whether the convolution has a bias; it has one by default. */
export interface UpsampleOptions {
  readonly height: number;
  readonly width: number;
  readonly bias?: boolean;
}

/**
 * Resizes x [B, C, h, w] to height x width by nearest neighbour, then convolves to C channels.
 *
 * If both sides double, each parity of row and column is a 2x2 convolution of x itself, with 4 of every 9 products.
 * Measured on the CPU: 0.93 of the time of the whole 12.6 M UNet.
 */
export function upsampleConv(scope: Scope, x: Node, { height, width, bias = true }: UpsampleOptions): Node {
  const [batch, channels, h, w] = x.shape;
  if (height !== 2 * h || width !== 2 * w || scope.adapters().length > 0) {
    return conv(scope, g.resizeNearest(x, height, width), channels, { kernel: 3, padding: 1, bias });
  }
  const weight = layerWeight(scope, [channels, channels, 3, 3]);
  const added = bias ? scope.weight('bias', [channels]) : null;
  const kernels = parityKernels(weight);
  const rows = [0, 1].map((a) => {
    const columns = [0, 1].map((b) => {
      const y = g.conv2d(x, kernels[a][b], added, { padding: [1 - a, 1 - b, a, b] });
      return g.reshape(y, [batch, channels, h, w, 1]);
    });
    return g.reshape(g.concat(columns, 4), [batch, channels, h, 1, width]);
  });
  return g.reshape(g.concat(rows, 3), [batch, channels, height, width]);
}

/** The 2x2 kernels [O, I, 2, 2] of each parity, from a 3x3 one. */
function parityKernels(weight: Node): Node[][] {
  const [outputs, inputs] = weight.shape;
  const flat = g.reshape(weight, [outputs * inputs, 9]);
  return TAPS.map((rowTaps) =>
    TAPS.map((columnTaps) => {
      // 9 taps to 4 sums: entry (3 u + v, 2 k + l) is rowTaps[k][u] columnTaps[l][v].
      const data = Float32Array.from({ length: 36 }, (_, i) => {
        const [u, v, k, l] = [Math.floor(i / 12), Math.floor(i / 4) % 3, Math.floor(i / 2) % 2, i % 2];
        return rowTaps[k][u] * columnTaps[l][v];
      });
      const sums = g.constant({ dtype: 'float32', shape: [9, 4], data });
      return g.reshape(g.matmul(flat, sums), [outputs, inputs, 2, 2]);
    }),
  );
}
