// A program that rests between runs has the same results as one that stays compiled, and is compiled only when it runs.

import { expect, test } from 'vitest';
import { ops as g } from '../../src/lib/graph/ops.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { compileGradients, type GradientProgram } from '../../src/lib/training/loop/gradient-program.js';
import { restingProgram } from '../../src/lib/training/loop/resting-program.js';

test('is compiled when it is run, closed when it rests, and computes the same bits again', async () => {
  let [opened, closed] = [0, 0];
  const program = restingProgram(async (): Promise<GradientProgram> => {
    opened++;
    const scope = createScope();
    const product = g.multiply(scope.weight('w', [3]), g.input('x', [3]));
    const inner = await compileGradients(
      g.mean(g.multiply(product, product)),
      scope,
      { trained: ['w'] },
      {
        device: 'cpu',
      },
    );
    return {
      run: (...run) => inner.run(...run),
      async dispose() {
        closed++;
        await inner.dispose();
      },
    };
  });
  const run = () => program.run({ x: randn(1, [3]) }, new Map([['w', randn(2, [3])]]));
  expect(opened).toBe(0);
  const first = await run();
  expect(await run()).toEqual(first);
  expect([opened, closed]).toEqual([1, 0]);
  await program.rest();
  await program.rest();
  expect([opened, closed]).toEqual([1, 1]);
  expect(await run()).toEqual(first);
  await program.dispose();
  expect([opened, closed]).toEqual([2, 2]);
});
