// Convolutions of pictures with few cells as single matrix products: what each output cell sees, laid out as a matrix, by a
// product with a 0-1 matrix. No primitive itself.

import { sizeOf } from '../../tensor/tensor.js';
import type { Node, Ops, Padding } from '../types.js';

/** The geometry of a convolution: sizes of its input, output and kernels. */
export interface Geometry {
  /** Height and width of the input and of the output. */
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** Sides of the kernels. */
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: Padding;
}

/**
 * So many times more output channels than input cells: the products with a 0-1 matrix then cost a quarter of the main one.
 */
const CHANNELS_PER_CELL = 4;

/**
 * Whether unfolding pays. The copies are `taps` times the input's size, while products of single taps must be brought in
 * order over all weights; measured: half the time at 4 x 4 cells and 256 channels, as much at 8 x 8 cells and 128 channels.
 */
export function unfoldingPays({ from, kernel }: Geometry, outputs: number): boolean {
  return sizeOf(kernel) > 1 && outputs >= CHANNELS_PER_CELL * sizeOf(from);
}

/** What each output cell sees of x [B, I, H, W], zeros beyond its sides: [I taps, B h w]. */
export function unfold(g: Ops, x: Node, geometry: Geometry): Node {
  const [batch, inputs] = x.shape;
  const { from, to, kernel } = geometry;
  const [cells, taps] = [sizeOf(to), sizeOf(kernel)];
  const rows = g.reshape(g.transpose(x, [1, 0, 2, 3]), [inputs * batch, sizeOf(from)]);
  const seen = g.reshape(g.matmul(rows, selection(g, geometry)), [inputs, batch, taps, cells]);
  return g.reshape(g.transpose(seen, [0, 2, 1, 3]), [inputs * taps, batch * cells]);
}

/** The adjoint of `unfold`: adds up what was seen [I taps, B h w] where it came from, [B, I, H, W]. */
export function fold(g: Ops, seen: Node, batch: number, geometry: Geometry): Node {
  const { from, to, kernel } = geometry;
  const [cells, taps] = [sizeOf(to), sizeOf(kernel)];
  const inputs = seen.shape[0] / taps;
  const byPicture = g.transpose(g.reshape(seen, [inputs, taps, batch, cells]), [0, 2, 1, 3]);
  const rows = g.reshape(byPicture, [inputs * batch, taps * cells]);
  const sums = g.matmul(rows, selection(g, geometry), { transposeB: true });
  return g.transpose(g.reshape(sums, [inputs, batch, ...from]), [1, 0, 2, 3]);
}

/** One node for equal geometries, so that a graph holds their matrix once. */
const selections = new Map<string, Node>();

/** The 0-1 matrix [H W, taps h w] with a 1 where an output cell sees an input cell at a tap. */
function selection(g: Ops, { from, to, kernel, stride, padding: [top, left, ...ends] }: Geometry): Node {
  const key = `${[from, to, kernel, stride, top, left, ends]}`;
  const known = selections.get(key);
  if (known) return known;
  const columns = sizeOf(kernel) * sizeOf(to);
  const data = new Float32Array(sizeOf(from) * columns);
  for (let column = 0; column < columns; column++) {
    const [tap, cell] = [Math.floor(column / sizeOf(to)), column % sizeOf(to)];
    const row = Math.floor(cell / to[1]) * stride + Math.floor(tap / kernel[1]) - top;
    const across = (cell % to[1]) * stride + (tap % kernel[1]) - left;
    if (row < 0 || row >= from[0] || across < 0 || across >= from[1]) continue;
    data[(row * from[1] + across) * columns + column] = 1;
  }
  const node = g.constant({ dtype: 'float32', shape: [sizeOf(from), columns], data });
  selections.set(key, node);
  return node;
}
