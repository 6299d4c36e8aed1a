// The shapes of what tfjs-core's functions return. A table.

import { broadcastShape } from '../../graph/shapes.js';
import { type Argument, type Kernel, UNARY_KERNELS } from './api.js';

type Shape = readonly number[];
type ShapeRule = (shapes: readonly Shape[], args: readonly Argument[]) => Shape;

const same: ShapeRule = ([x]) => x;
const given: ShapeRule = (_, [shape]) => shape as Shape;
const broadcast: ShapeRule = ([a, b]) => broadcastShape('tfjs', a, b);
const lists = (args: readonly Argument[]): readonly Shape[] => args as readonly Shape[];

const reduced: ShapeRule = ([x], [axes, keep]) => {
  const gone = axes as Shape;
  return keep ? x.map((side, i) => (gone.includes(i) ? 1 : side)) : x.filter((_, i) => !gone.includes(i));
};

const RULES: Readonly<Record<Kernel, ShapeRule>> = {
  ...(Object.fromEntries(UNARY_KERNELS.map((kernel) => [kernel, same])) as Record<
    (typeof UNARY_KERNELS)[number],
    ShapeRule
  >),
  ...{ softmax: same, reverse: same, cast: same },
  ...{ add: broadcast, sub: broadcast, mul: broadcast, div: broadcast, maximum: broadcast },
  ...{ reshape: given, broadcastTo: given, scatterND: given, conv2dTranspose: given },
  ...{ sum: reduced, mean: reduced },
  matMul: ([a, b], [transposeA, transposeB]) => [
    ...broadcastShape('tfjs', a.slice(0, -2), b.slice(0, -2)),
    a.at(transposeA ? -1 : -2)!,
    b.at(transposeB ? -2 : -1)!,
  ],
  transpose: ([x], [permutation]) => (permutation as Shape).map((axis) => x[axis]),
  concat: (shapes, [axis]) =>
    shapes[0].map((side, i) => (i === axis ? shapes.reduce((sum, shape) => sum + shape[i], 0) : side)),
  slice: (_, args) => lists(args)[1],
  stridedSlice: ([x], args) => {
    const [starts, ends, steps] = lists(args);
    return x.map((_, i) => Math.ceil((ends[i] - starts[i]) / steps[i]));
  },
  pad: ([x], [sides]) =>
    x.map((side, i) => side + (sides as readonly Shape[])[i][0] + (sides as readonly Shape[])[i][1]),
  // Channels last, without padding: x [B, H, W, I] and w [kh, kw, I, O].
  conv2d: ([x, w], [stride]) => [
    x[0],
    ...[1, 2].map((axis) => Math.floor((x[axis] - w[axis - 1]) / (stride as number)) + 1),
    w[3],
  ],
  gather: ([x, indices], [axis]) => [...x.slice(0, axis as number), ...indices, ...x.slice((axis as number) + 1)],
};

/** The shape of what a function returns. */
export function shapeOf(
  kernel: Kernel,
  inputs: readonly { readonly shape: Shape }[],
  args: readonly Argument[],
): Shape {
  return RULES[kernel](
    inputs.map(({ shape }) => shape),
    args,
  );
}
