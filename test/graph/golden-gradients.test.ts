// Gradients of primitives at values with known derivatives in closed form, so that a wrong forward pass cannot hide a wrong
// gradient.

import { expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { gradient } from '../../src/lib/graph/gradient.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node } from '../../src/lib/graph/types.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';

/** Gradients of a loss of inputs at given values. */
async function gradientsAt(build: (...inputs: Node[]) => Node, shapes: number[][], values: number[][]) {
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, shape));
  const outputs = Object.fromEntries(gradient(g.sum(build(...inputs)), inputs).map((node, i) => [`d${i}`, node]));
  const program = await compile(outputs, new Map());
  const feed: Record<string, Tensor<'float32'>> = {};
  for (const [i, shape] of shapes.entries()) {
    feed[`x${i}`] = { dtype: 'float32', shape, data: Float32Array.from(values[i]) };
  }
  const found = await program.run(feed);
  await program.dispose();
  return inputs.map((_, i) => [...found[`d${i}`].data]);
}

test('tanh: 1 / cosh(x)^2', async () => {
  const [dx] = await gradientsAt((x) => g.tanh(x), [[4]], [[0, 0.5, -1, 2]]);
  // python: 1 / math.cosh(x) ** 2
  const expected = [1, 0.7864477329659274, 0.41997434161402614, 0.07065082485316443];
  dx.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 6);
  });
});

test('log: 1 / x', async () => {
  const [dx] = await gradientsAt((x) => g.log(x), [[3]], [[0.25, 1, 8]]);
  expect(dx).toEqual([4, 1, 0.125]);
});

test('sign: a factor that is constant on either side of 0, so that x sign(x) has the derivative sign(x)', async () => {
  const [dx] = await gradientsAt((x) => g.multiply(g.sign(x), x), [[3]], [[-3, 2, 0.5]]);
  expect(dx).toEqual([-1, 1, 1]);
});

test('maximum: the gradient goes to the larger one, and is added where one was broadcast', async () => {
  const build = (a: Node, b: Node): Node => {
    const larger = g.maximum(a, b);
    return g.multiply(larger, larger);
  };
  // max(a, b) = [[3, 5, 2], [7, 4, -2]], and d(m^2) = 2 m.
  const [da, db] = await gradientsAt(
    build,
    [[2, 3], [3]],
    [
      [1, 5, 2, 7, 0, -3],
      [3, 4, -2],
    ],
  );
  expect(da.map((value) => value + 0)).toEqual([0, 10, 4, 14, 0, 0]); // -0 is 0
  expect(db).toEqual([6, 8, -4]);
});

test('scatterRows: rows that are put together share the gradient of their sum', async () => {
  const indices = g.constant({ dtype: 'int32', shape: [3], data: Int32Array.of(2, 0, 2) });
  const build = (values: Node): Node => {
    const rows = g.scatterRows(indices, values, 4);
    return g.multiply(rows, rows);
  };
  // The rows are [3, 4], [0, 0], [1 + 5, 2 + 6], [0, 0], and d(r^2) = 2 r.
  const [dvalues] = await gradientsAt(build, [[3, 2]], [[1, 2, 3, 4, 5, 6]]);
  expect(dvalues).toEqual([12, 16, 6, 8, 12, 16]);
});
