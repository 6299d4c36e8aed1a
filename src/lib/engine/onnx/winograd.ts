// Convolutions with 3 x 3 kernels as products of transformed tiles (Winograd 1980; Lavin and Gray 2016, Fast algorithms for
// convolutional neural networks), which ONNX Runtime does not have: on the CPU 0.45 to 0.8 of the time of its own.

import { ops as g } from '../../graph/ops.js';
import { rewrite, topologicalOrder } from '../../graph/traverse.js';
import type { Node } from '../../graph/types.js';
import type { WeightSource } from '../program.js';
import { type KernelTransform, type TransformedKernels, transformedKernels } from './winograd-kernels.js';
import { MATRICES, type TileSide } from './winograd-matrices.js';

/**
 * Time as a share of the direct convolution's: that of the products, of transforming each input and each output channel, and of
 * reading the transformed weights once for all tiles. Fitted to convolutions of 128 to 2560 channels and 4 to 64 cells a side
 * (AVX2, one thread), within 0.1.
 */
const COSTS: Readonly<Record<TileSide, { products: number; channels: number; tiles: number }>> = {
  2: { products: 0.55, channels: 38, tiles: 1.8 },
  4: { products: 0.29, channels: 45, tiles: 3.3 },
};

/** What saves less than this is not worth its memory. */
const WORTH_IT = 0.87;

/**
 * Fewest tiles of a picture: tiles of 4 x 4 take 4 times the weights' memory, those of 2 x 2 1.8 times, and the lowest levels of
 * a UNet, with half of the weights and few cells, would save 2 % of its time by them.
 */
const FEWEST_TILES = 64;

/** Bytes of transformed tiles beyond which pictures are convolved directly. */
const MOST_BYTES = 320e6;

/**
 * The tiles by which a convolution is quickest, or null where ONNX Runtime's own is.
 *
 * @param x shape of the input [B, I, H, W]
 * @param outputs number of output channels
 */
export function quickestTiles([batch, inputs, height, width]: readonly number[], outputs: number): TileSide | null {
  const costOf = (side: TileSide): number => {
    const { products, channels, tiles } = COSTS[side];
    return products + channels * (1 / inputs + 1 / outputs) + tiles / tileCount(batch, height, width, side);
  };
  const side = tileCount(batch, height, width, 4) >= FEWEST_TILES && costOf(4) < costOf(2) ? 4 : 2;
  const tiles = tileCount(batch, height, width, side);
  const bytes = 4 * (side + 2) ** 2 * tiles * Math.max(inputs, outputs);
  return tiles >= FEWEST_TILES && costOf(side) < WORTH_IT && bytes <= MOST_BYTES ? side : null;
}

const tileCount = (batch: number, height: number, width: number, side: TileSide): number =>
  batch * Math.ceil(height / side) * Math.ceil(width / side);

/** A graph with the weights that it uses. */
export interface WeightedGraph {
  readonly results: Readonly<Record<string, Node>>;
  readonly weights: WeightSource;
}

/**
 * The same graph with those convolutions by tiles that are quicker so; `everywhere`, for tests, with all that can be. Only
 * weights from files are transformed. The results differ by rounding: single convolutions by at most 3e-6 of the largest
 * value.
 *
 * @param transform computes a transformed kernel
 */
export async function withWinograd(
  { results, weights }: WeightedGraph,
  transform: KernelTransform,
  everywhere = false,
): Promise<WeightedGraph> {
  const sideOf = (node: Node): TileSide | null => {
    if (!isPlainConvolution(node)) return null;
    const [x, w] = node.inputs;
    const stored = w.op === 'weight' ? weights.get(nameOf(w)) : undefined;
    if (!stored || 'data' in stored) return null;
    return everywhere ? (w.shape[0] % 4 ? 2 : 4) : quickestTiles(x.shape, w.shape[0]);
  };
  const wanted = new Map<Node, TileSide>();
  for (const node of topologicalOrder(Object.values(results))) {
    const side = sideOf(node);
    if (side) wanted.set(node, side);
  }
  if (wanted.size === 0) return { results, weights };
  const kernels = await transformedKernels(
    [...wanted].map(
      ([
        {
          inputs: [, w],
        },
        side,
      ]) => ({ name: nameOf(w), side, shape: w.shape }),
    ),
    weights,
    transform,
  );
  if (!kernels) return { results, weights };
  const graph = rewrite(results, (node, original) => {
    const side = wanted.get(original);
    return side ? byTiles(node, side, kernels) : node;
  });
  return { results: graph, weights: new Map([...weights, ...kernels.entries]) };
}

const nameOf = (weight: Node): string => (weight as Node<'weight'>).attributes.name;

/** Whether a convolution keeps the size of its picture, with a kernel of 3 x 3. */
function isPlainConvolution(node: Node): boolean {
  if (node.op !== 'conv2d') return false;
  const { stride, padding } = (node as Node<'conv2d'>).attributes;
  const [, , height, width] = node.inputs[1].shape;
  return stride === 1 && height === 3 && width === 3 && padding.every((side) => side === 1);
}

/** The convolution of x [B, I, H, W] as inverse(kernel * forward(tile)) over its tiles. */
function byTiles({ inputs: [x, w, bias] }: Node, side: TileSide, kernels: TransformedKernels): Node {
  const [batch, inputs, height, width] = x.shape;
  const [outputs] = w.shape;
  const [rows, columns] = [Math.ceil(height / side), Math.ceil(width / side)];
  const [reach, tiles] = [side + 2, rows * columns];
  const cells = reach * reach;
  const { forward, inverse } = MATRICES[side];
  const seen = g.conv2d(
    g.reshape(x, [batch * inputs, 1, height, width]),
    g.reshape(constant(forward), [cells, 1, reach, reach]),
    null,
    { stride: side, padding: [1, 1, side * rows + 1 - height, side * columns + 1 - width] },
  );
  const byCell =
    batch === 1
      ? g.transpose(g.reshape(seen, [inputs, cells, tiles]), [1, 0, 2])
      : g.transpose(g.reshape(seen, [batch, inputs, cells, tiles]), [2, 1, 0, 3]);
  const products = g.matmul(
    g.weight(kernels.nameOf(nameOf(w), side), [cells, outputs, inputs]),
    g.reshape(byCell, [cells, inputs, batch * tiles]),
  );
  const pixels = g.matmul(constant(inverse), g.reshape(products, [cells, outputs * batch * tiles]));
  // One axis at a time, which ONNX Runtime moves in blocks: a fifth of the time of one permutation of all six.
  const lines = g.transpose(g.reshape(pixels, [side, side, outputs * batch * tiles]), [0, 2, 1]);
  const planes = g.transpose(g.reshape(lines, [side, outputs * batch * rows, columns * side]), [1, 0, 2]);
  const size = rows * side * columns * side;
  const ordered = batch === 1 ? planes : g.transpose(g.reshape(planes, [outputs, batch, size]), [1, 0, 2]);
  const picture = g.reshape(ordered, [batch, outputs, rows * side, columns * side]);
  const whole =
    rows * side === height && columns * side === width
      ? picture
      : g.slice(picture, [0, 0, 0, 0], [batch, outputs, height, width]);
  return bias ? g.add(whole, g.reshape(bias, [1, outputs, 1, 1])) : whole;
}

const constant = (matrix: readonly (readonly number[])[]): Node =>
  g.constant({
    dtype: 'float32',
    shape: [matrix.length, matrix[0].length],
    data: Float32Array.from(matrix.flat()),
  });
