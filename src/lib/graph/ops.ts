// Builds nodes: each function checks its inputs through the table of primitives and returns the new value.

import { sizeOf } from '../tensor/tensor.js';
import { primitives } from './primitives.js';
import { sameShape } from './shapes.js';
import type { Attributes, Node, Op, Ops, Padding, Primitive } from './types.js';

function node<O extends Op>(op: O, inputs: readonly Node[], attributes: Attributes[O]): Node {
  const rule = primitives[op] as unknown as Primitive<O>;
  const { shape, dtype } = rule.type(inputs, attributes);
  return { op, inputs, attributes, shape, dtype } as unknown as Node;
}

const none = {};
const sidesOf = (padding: Padding | number): Padding =>
  typeof padding === 'number' ? [padding, padding, padding, padding] : padding;
const axesOf = (x: Node): number[] => x.shape.map((_, i) => i);

export const ops: Ops = {
  input: (name, shape, dtype = 'float32') => node('input', [], { name, shape, dtype }),
  weight: (name, shape) => node('weight', [], { name, shape }),
  constant: (value) => node('constant', [], { value }),
  scalar: (value) => ops.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) }),
  negate: (x) => node('negate', [x], none),
  abs: (x) => node('abs', [x], none),
  sign: (x) => node('sign', [x], none),
  heaviside: (x) => node('heaviside', [x], none),
  exp: (x) => node('exp', [x], none),
  log: (x) => node('log', [x], none),
  sqrt: (x) => node('sqrt', [x], none),
  sin: (x) => node('sin', [x], none),
  cos: (x) => node('cos', [x], none),
  tanh: (x) => node('tanh', [x], none),
  erf: (x) => node('erf', [x], none),
  sigmoid: (x) => node('sigmoid', [x], none),
  gelu: (x) => node('gelu', [x], none),
  swish: (x, beta = 1) => node('swish', [x], { beta }),
  stopGradient: (x) => node('stopGradient', [x], none),
  add: (a, b) => node('add', [a, b], none),
  subtract: (a, b) => node('subtract', [a, b], none),
  multiply: (a, b) => node('multiply', [a, b], none),
  divide: (a, b) => node('divide', [a, b], none),
  maximum: (a, b) => node('maximum', [a, b], none),
  sum: (x, axes = axesOf(x), keepDims = false) => node('sum', [x], { axes, keepDims }),
  mean: (x, axes = axesOf(x), keepDims = false) => {
    const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
    return ops.multiply(ops.sum(x, axes, keepDims), ops.scalar(1 / count));
  },
  matmul: (a, b, { transposeA = false, transposeB = false } = {}) => node('matmul', [a, b], { transposeA, transposeB }),
  softmax: (x) => node('softmax', [x], none),
  attention: (q, k, v, heads) => node('attention', [q, k, v], { heads }),
  standardize: (x, epsilon) => node('standardize', [x], { epsilon }),
  inverseDeviation: (x, epsilon) => node('inverseDeviation', [x], { epsilon }),
  layerNorm: (x, scale, bias, epsilon) => node('layerNorm', [x, scale, bias], { epsilon }),
  groupNorm: (x, scale, bias, { groups, epsilon }) => node('groupNorm', [x, scale, bias], { groups, epsilon }),
  reshape: (x, shape) => {
    const from = x.op === 'reshape' ? x.inputs[0] : x;
    return sameShape(from.shape, shape) ? from : node('reshape', [from], { shape });
  },
  transpose: (x, permutation) => node('transpose', [x], { permutation }),
  broadcast: (x, shape) => (sameShape(x.shape, shape) ? x : node('broadcast', [x], { shape })),
  concat: (parts, axis) => node('concat', parts, { axis }),
  slice: (x, starts, ends, steps = starts.map(() => 1)) => {
    const whole = starts.every((start, i) => start === 0 && ends[i] === x.shape[i] && steps[i] === 1);
    return whole ? x : node('slice', [x], { starts, ends, steps });
  },
  flip: (x, axes) =>
    ops.slice(
      x,
      x.shape.map(() => 0),
      x.shape,
      x.shape.map((_, i) => (axes.includes(i) ? -1 : 1)),
    ),
  pad: (x, before, after) =>
    sizeOf([...before, ...after].map((n) => n + 1)) === 1 ? x : node('pad', [x], { before, after }),
  conv2d: (x, w, bias, { stride = 1, padding = 0 } = {}) =>
    node('conv2d', bias ? [x, w, bias] : [x, w], { stride, padding: sidesOf(padding) }),
  convTranspose2d: (x, w, { height, width, stride = 1, padding = 0 }) =>
    node('convTranspose2d', [x, w], { stride, padding: sidesOf(padding), height, width }),
  resizeNearest: (x, height, width) => node('resizeNearest', [x], { height, width }),
  gatherRows: (table, indices) => node('gatherRows', [table, indices], none),
  scatterRows: (indices, values, rows) => node('scatterRows', [indices, values], { rows }),
  toFloat: (x) => node('toFloat', [x], none),
};
