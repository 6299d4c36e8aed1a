// Every primitive's gradient against central differences of its own forward pass, on the CPU engine.

import { describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { gradient } from '../../src/lib/graph/gradient.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node, Op } from '../../src/lib/graph/types.js';
import { sizeOf, type Tensor } from '../../src/lib/tensor/tensor.js';

type Case = { shapes: number[][]; build: (...inputs: Node[]) => Node; positive?: boolean };

const unary = (build: (x: Node) => Node, positive = false): Case[] => [{ shapes: [[2, 5]], build, positive }];
const indices = g.constant({ dtype: 'int32', shape: [3], data: Int32Array.of(2, 0, 2) });

/** Exhaustive by type: a primitive without a case does not compile. `[]` is a source or an integer operation. */
const cases: { [O in Op]: Case[] } = {
  input: [],
  weight: [],
  constant: [],
  toFloat: [],
  stopGradient: [],
  negate: unary(g.negate),
  abs: unary(g.abs),
  sign: [],
  heaviside: [],
  exp: unary(g.exp),
  log: unary(g.log, true),
  sqrt: unary(g.sqrt, true),
  sin: unary(g.sin),
  cos: unary(g.cos),
  tanh: unary(g.tanh),
  erf: unary(g.erf),
  sigmoid: unary(g.sigmoid),
  gelu: unary(g.gelu),
  swish: [...unary((x) => g.swish(x)), ...unary((x) => g.swish(x, 1.702))],
  add: [{ shapes: [[2, 3], [3]], build: g.add }],
  subtract: [
    {
      shapes: [
        [2, 1],
        [2, 4],
      ],
      build: g.subtract,
    },
  ],
  multiply: [
    {
      shapes: [
        [2, 3, 2],
        [3, 1],
      ],
      build: g.multiply,
    },
  ],
  divide: [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
      build: g.divide,
      positive: true,
    },
  ],
  maximum: [{ shapes: [[2, 3], [3]], build: g.maximum }],
  sum: [
    { shapes: [[2, 3, 2]], build: (x) => g.sum(x, [1]) },
    { shapes: [[2, 3]], build: (x) => g.mean(x, [0], true) },
  ],
  matmul: [
    {
      shapes: [
        [2, 3, 4],
        [4, 2],
      ],
      build: (a, b) => g.matmul(a, b),
    },
    {
      shapes: [
        [2, 3, 4],
        [5, 4],
      ],
      build: (a, b) => g.matmul(a, b, { transposeB: true }),
    },
    {
      shapes: [
        [2, 4, 3],
        [2, 4, 2],
      ],
      build: (a, b) => g.matmul(a, b, { transposeA: true }),
    },
    {
      shapes: [
        [4, 3],
        [2, 5, 4],
      ],
      build: (a, b) => g.matmul(a, b, { transposeA: true, transposeB: true }),
    },
  ],
  softmax: unary((x) => g.softmax(x)),
  attention: [
    {
      shapes: [
        [2, 3, 4],
        [2, 5, 4],
        [2, 5, 4],
      ],
      build: (q, k, v) => g.attention(q, k, v, 2),
    },
  ],
  standardize: [{ shapes: [[2, 3, 6]], build: (x) => g.standardize(x, 1e-5) }],
  inverseDeviation: [{ shapes: [[2, 3, 6]], build: (x) => g.inverseDeviation(x, 1e-2) }],
  layerNorm: [{ shapes: [[2, 3, 6], [6], [6]], build: (x, s, b) => g.layerNorm(x, s, b, 1e-5) }],
  groupNorm: [
    { shapes: [[2, 4, 3, 2], [4], [4]], build: (x, s, b) => g.groupNorm(x, s, b, { groups: 2, epsilon: 1e-5 }) },
  ],
  reshape: [{ shapes: [[2, 6]], build: (x) => g.reshape(x, [3, 4]) }],
  transpose: [{ shapes: [[2, 3, 4]], build: (x) => g.transpose(x, [2, 0, 1]) }],
  broadcast: [{ shapes: [[3, 1]], build: (x) => g.broadcast(x, [2, 3, 4]) }],
  concat: [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
      build: (a, b) => g.concat([a, b], 1),
    },
  ],
  slice: [
    { shapes: [[4, 7]], build: (x) => g.slice(x, [1, 0], [3, 6], [1, 2]) },
    { shapes: [[4, 7]], build: (x) => g.slice(x, [1, 1], [4, 7], [2, 3]) },
    { shapes: [[2, 3]], build: (x) => g.flip(x, [1]) },
  ],
  pad: [{ shapes: [[2, 3]], build: (x) => g.pad(x, [1, 0], [0, 2]) }],
  conv2d: [
    { shapes: [[2, 3, 5, 4], [2, 3, 3, 3], [2]], build: (x, w, b) => g.conv2d(x, w, b, { padding: 1 }) },
    { shapes: [[1, 2, 6, 5], [3, 2, 3, 3], [3]], build: (x, w, b) => g.conv2d(x, w, b, { stride: 2, padding: 1 }) },
    {
      shapes: [
        [1, 2, 6, 6],
        [3, 2, 3, 3],
      ],
      build: (x, w) => g.conv2d(x, w, null, { stride: 2, padding: [0, 0, 1, 1] }),
    },
    { shapes: [[2, 2, 3, 3], [4, 2, 1, 1], [4]], build: (x, w, b) => g.conv2d(x, w, b) },
    // Few cells and many channels: the gradients by unfolding.
    { shapes: [[2, 2, 1, 2], [8, 2, 3, 3], [8]], build: (x, w, b) => g.conv2d(x, w, b, { padding: 1 }) },
    {
      shapes: [
        [2, 1, 2, 3],
        [24, 1, 2, 3],
      ],
      build: (x, w) => g.conv2d(x, w, null, { stride: 2, padding: [1, 0, 0, 2] }),
    },
    {
      shapes: [
        [1, 1, 4, 4],
        [1, 1, 2, 2],
      ],
      build: (x, w) => g.conv2d(x, w, null, { padding: 2 }),
    },
  ],
  convTranspose2d: [
    {
      shapes: [
        [2, 3, 3, 4],
        [3, 2, 3, 3],
      ],
      build: (x, w) => g.convTranspose2d(x, w, { height: 5, width: 8, stride: 2, padding: 1 }),
    },
    {
      shapes: [
        [1, 4, 2, 2],
        [4, 2, 2, 2],
      ],
      build: (x, w) => g.convTranspose2d(x, w, { height: 2, width: 2, padding: [1, 0, 0, 1] }),
    },
  ],
  resizeNearest: [
    { shapes: [[1, 2, 2, 3]], build: (x) => g.resizeNearest(x, 4, 6) },
    { shapes: [[1, 2, 2, 3]], build: (x) => g.resizeNearest(x, 3, 5) },
  ],
  gatherRows: [{ shapes: [[4, 2]], build: (table) => g.gatherRows(table, indices) }],
  scatterRows: [{ shapes: [[3, 2]], build: (values) => g.scatterRows(indices, values, 4) }],
};

/** Reproducible numbers in [-1, 1], kept away from 0 where |x|, max and 1 / x have kinks. */
function numbers(count: number, seed: number, positive: boolean): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
    const unit = 2 * (x - Math.floor(x)) - 1;
    return positive ? 0.5 + Math.abs(unit) : unit + 0.1 * Math.sign(unit);
  });
}

describe('gradients agree with central differences', () => {
  const flat = Object.entries(cases).flatMap(([op, list]) =>
    list.map((entry, i) => ({ name: `${op} ${i}`, ...entry })),
  );
  test.each(flat)('$name', async ({ shapes, build, positive = false }) => {
    const inputs = shapes.map((shape, i) => g.input(`x${i}`, shape));
    const result = build(...inputs);
    const probe = g.constant({ dtype: 'float32', shape: result.shape, data: numbers(sizeOf(result.shape), 99, false) });
    const loss = g.sum(g.multiply(result, probe));
    const gradients = Object.fromEntries(gradient(loss, inputs).map((node, i) => [`d${i}`, node]));
    const program = await compile({ loss, ...gradients }, new Map());
    const feed: Record<string, Tensor<'float32'>> = {};
    shapes.forEach((shape, i) => {
      feed[`x${i}`] = { dtype: 'float32', shape, data: numbers(sizeOf(shape), i, positive) };
    });
    const exact = await program.run(feed);
    const step = 1e-2;
    for (const [i, shape] of shapes.entries()) {
      const { data } = feed[`x${i}`];
      const largest = Math.max(...exact[`d${i}`].data.map(Math.abs));
      expect(exact[`d${i}`].shape).toEqual(shape);
      for (let j = 0; j < data.length; j++) {
        const at = async (value: number): Promise<number> => {
          const moved = data.slice();
          moved[j] = value;
          return (await program.run({ ...feed, [`x${i}`]: { ...feed[`x${i}`], data: moved } })).loss.data[0];
        };
        const estimate = ((await at(data[j] + step)) - (await at(data[j] - step))) / (2 * step);
        expect(Math.abs(estimate - exact[`d${i}`].data[j])).toBeLessThan(5e-3 * Math.max(1, largest));
      }
    }
    await program.dispose();
  });
});

test('gradients of the two halves of a value are joined, those of overlapping parts added', async () => {
  const x = g.input('x', [2, 4]);
  const part = (from: number, to: number) => g.slice(x, [0, from], [2, to]);
  const [halves] = gradient(g.sum(g.subtract(g.multiply(part(2, 4), g.scalar(3)), part(0, 2))), [x]);
  const [overlap] = gradient(g.sum(g.add(g.multiply(part(0, 3), g.scalar(3)), part(1, 4))), [x]);
  expect(halves.op).toBe('concat');
  const program = await compile({ halves, overlap }, new Map());
  const found = await program.run({ x: { dtype: 'float32', shape: [2, 4], data: new Float32Array(8) } });
  expect([...found.halves.data]).toEqual([-1, -1, 3, 3, -1, -1, 3, 3]);
  expect([...found.overlap.data]).toEqual([3, 4, 4, 1, 3, 4, 4, 1]);
  await program.dispose();
});

test('a gradient is a graph and can be differentiated again', async () => {
  const x = g.input('x', [3]);
  const [first] = gradient(g.sum(g.multiply(x, g.multiply(x, x))), [x]);
  const [second] = gradient(g.sum(first), [x]);
  const program = await compile({ second }, new Map());
  const { second: value } = await program.run({
    x: { dtype: 'float32', shape: [3], data: Float32Array.of(1, -2, 0.5) },
  });
  expect([...value.data]).toEqual([6, -12, 3]); // d2(x^3) = 6 x
  await program.dispose();
});

test('a loss that is not a scalar, or does not depend on a weight, is refused', () => {
  const x = g.input('x', [3]);
  const w = g.weight('unused', [2]);
  expect(() => gradient(x, [x])).toThrow(/scalar, not \[3\]/);
  expect(() => gradient(g.sum(x), [w])).toThrow(/does not depend on 'unused'/);
});
