// A graph for every primitive, over odd shapes, with its gradients: what engines and devices are compared by.

import { gradient } from '../../src/lib/graph/gradient.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { topologicalOrder } from '../../src/lib/graph/traverse.js';
import type { Node } from '../../src/lib/graph/types.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';

/** An input with stored normal numbers. */
const x = (...shape: number[]): Node => g.input(`x ${shape}`, shape);
const y = (...shape: number[]): Node => g.input(`y ${shape}`, shape);
const z = (...shape: number[]): Node => g.input(`z ${shape}`, shape);
const positive = (...shape: number[]): Node => g.add(g.abs(x(...shape)), g.scalar(0.1));
const indices = g.constant(tensor('int32', [2, 3], Int32Array.of(4, 0, 2, 4, 1, 4)));
const longs = g.constant(tensor('int64', [2], BigInt64Array.of(3n, 0n)));

const unary = ['negate', 'abs', 'sign', 'heaviside', 'exp', 'sin', 'cos', 'tanh', 'erf', 'sigmoid', 'gelu'] as const;
const binary = ['add', 'subtract', 'multiply', 'maximum'] as const;

/** Graphs by a name that begins with their primitive. */
export const CASES: Readonly<Record<string, Node>> = {
  ...Object.fromEntries(unary.map((op) => [op, g[op](x(3, 5))])),
  ...Object.fromEntries(binary.map((op) => [op, g[op](x(3, 1, 5), y(7, 1))])),
  ...Object.fromEntries(binary.map((op) => [`${op} a scalar`, g[op](x(3, 5), g.scalar(0.3))])),
  'sin of many turns': g.sin(g.multiply(x(3, 5), g.scalar(400))),
  'cos of many turns': g.cos(g.multiply(x(3, 5), g.scalar(400))),
  divide: g.divide(x(2, 3, 5), positive(3, 1)),
  log: g.log(positive(3, 5)),
  sqrt: g.sqrt(positive(3, 5)),
  swish: g.swish(x(3, 5)),
  'swish 1.702': g.swish(x(3, 5), 1.702),
  stopGradient: g.stopGradient(x(3)),
  toFloat: g.toFloat(indices),
  'toFloat of 64 bits': g.toFloat(longs),
  sum: g.sum(x(3, 4, 5)),
  'sum of inner axes': g.sum(x(3, 4, 5), [1, 2], true),
  'sum of outer axes': g.sum(x(3, 4, 5), [0, 1]),
  'sum of axes between': g.sum(x(2, 3, 4, 5, 2, 3), [3, 5]),
  'sum over all but one': g.sum(x(2, 3, 4, 5), [0, 2, 3]),
  matmul: g.matmul(x(7, 5), y(5, 3)),
  'matmul a transposed': g.matmul(x(5, 7), y(5, 3), { transposeA: true }),
  'matmul b transposed': g.matmul(x(7, 5), y(3, 5), { transposeB: true }),
  'matmul both transposed': g.matmul(x(5, 7), y(3, 5), { transposeA: true, transposeB: true }),
  'matmul rank 3 by 2': g.matmul(x(2, 7, 5), y(5, 3)),
  'matmul rank 3 by 2, a transposed': g.matmul(x(2, 5, 7), y(5, 3), { transposeA: true }),
  'matmul rank 4': g.matmul(x(2, 3, 7, 5), y(2, 3, 4, 5), { transposeB: true }),
  'matmul rank 2 by 4': g.matmul(x(7, 5), y(2, 3, 5, 4)),
  'matmul of broadcast axes': g.matmul(x(2, 1, 7, 5), y(3, 5, 4)),
  softmax: g.softmax(x(2, 3, 7)),
  attention: g.attention(x(2, 5, 12), y(2, 7, 12), z(2, 7, 12), 3),
  standardize: g.standardize(x(3, 7), 1e-5),
  inverseDeviation: g.inverseDeviation(x(3, 7), 1e-5),
  layerNorm: g.layerNorm(x(2, 3, 7), y(7), z(7), 1e-5),
  groupNorm: g.groupNorm(x(2, 6, 3, 5), y(6), z(6), { groups: 3, epsilon: 1e-5 }),
  'groupNorm of rows': g.groupNorm(x(2, 6, 5), y(6), z(6), { groups: 2, epsilon: 1e-5 }),
  reshape: g.add(g.reshape(x(2, 6), [3, 4]), g.scalar(0)),
  transpose: g.transpose(x(2, 3, 4, 5), [3, 1, 0, 2]),
  'transpose of rank 6': g.transpose(x(2, 3, 1, 4, 2, 3), [5, 0, 3, 1, 4, 2]),
  broadcast: g.broadcast(x(3, 1), [2, 3, 5]),
  'broadcast of rank 6': g.broadcast(x(2, 3, 1, 2, 1), [1, 2, 3, 4, 2, 3]),
  concat: g.concat([x(2, 3), y(2, 4), z(2, 1)], 1),
  slice: g.slice(x(4, 5), [1, 0], [3, 4]),
  'slice with steps': g.slice(x(4, 7, 3), [1, 0, 0], [4, 7, 3], [2, 3, -1]),
  pad: g.pad(x(2, 3), [1, 0], [0, 2]),
  'pad of rank 5': g.pad(x(2, 3, 1, 2, 1), [0, 0, 0, 0, 0], [0, 0, 1, 0, 1]),
  conv2d: g.conv2d(x(2, 3, 5, 7), y(4, 3, 3, 3), z(4), { padding: 1 }),
  'conv2d of one tap': g.conv2d(x(2, 3, 5, 7), y(4, 3, 1, 1), null),
  'conv2d with stride and odd padding': g.conv2d(x(2, 3, 5, 7), y(4, 3, 3, 2), z(4), {
    stride: 2,
    padding: [0, 1, 1, 0],
  }),
  'conv2d of few cells and many channels': g.conv2d(x(1, 16, 2, 2), y(16, 16, 3, 3), z(16), { padding: 1 }),
  'conv2d of channels by fours': g.conv2d(x(1, 8, 8, 8), y(12, 8, 3, 3), z(12), { padding: 1 }),
  'conv2d by a kernel as large as the picture': g.conv2d(x(1, 4, 2, 2), y(8, 4, 2, 2), null, { padding: [0, 0, 1, 1] }),
  'conv2d by such a kernel without padding': g.conv2d(x(2, 4, 3, 3), y(8, 4, 3, 3), z(8)),
  convTranspose2d: g.convTranspose2d(x(2, 3, 3, 4), y(3, 4, 3, 3), { stride: 2, padding: 1, height: 6, width: 8 }),
  'convTranspose2d with odd padding': g.convTranspose2d(x(2, 3, 3, 4), y(3, 4, 3, 2), {
    stride: 2,
    padding: [0, 1, 1, 0],
    height: 6,
    width: 7,
  }),
  resizeNearest: g.resizeNearest(x(2, 3, 4, 5), 8, 10),
  'resizeNearest to odd sides': g.resizeNearest(x(2, 3, 4, 5), 7, 3),
  gatherRows: g.gatherRows(x(5, 3), indices),
  'gatherRows by 64 bits': g.gatherRows(x(5, 3), longs),
  scatterRows: g.scatterRows(indices, x(2, 3, 4), 5),
};

function inputsOf(nodes: readonly Node[]): Record<string, Tensor> {
  const inputs = topologicalOrder(nodes).filter((node): node is Node<'input'> & Node => node.op === 'input');
  return Object.fromEntries(inputs.map(({ attributes, shape }, i) => [attributes.name, randn(i + 1, shape)]));
}

/** The result of a case with the gradients of its inputs, and random inputs. */
export function withGradients(result: Node): { outputs: Record<string, Node>; inputs: Record<string, Tensor> } {
  // A weighted sum, so that the gradient of each element differs.
  const loss = g.sum(g.multiply(result, g.constant(randn(99, result.shape))));
  const wrt = topologicalOrder([result]).filter(({ op }) => op === 'input');
  const constantGradient = ['sign', 'heaviside', 'stopGradient', 'toFloat'].includes(result.op);
  const gradients = constantGradient ? [] : gradient(loss, wrt);
  return {
    outputs: { result, ...Object.fromEntries(gradients.map((node, i) => [`d${i}`, node])) },
    inputs: inputsOf([result]),
  };
}
