// Every primitive on every backend of TensorFlow.js that is here, over odd shapes, compared with ONNX Runtime.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile as compileOnnx } from '../../src/lib/engine/onnx/compile.js';
import { compile } from '../../src/lib/engine/tfjs/compile.js';
import { primitives } from '../../src/lib/graph/primitives.js';
import type { Node, Op } from '../../src/lib/graph/types.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { relativeError } from '../reference/pack.js';
import { CASES, withGradients } from './primitive-cases.js';
import { BACKENDS } from './tfjs-backends.js';

const BOUND = 1e-5;

test('each primitive has a case', () => {
  const named = new Set(Object.keys(CASES).map((name) => name.split(' ')[0]));
  const sources = ['input', 'weight', 'constant'];
  expect((Object.keys(primitives) as Op[]).filter((op) => !named.has(op) && !sources.includes(op))).toEqual([]);
});

describe.each(BACKENDS.map((backend) => [backend.title, backend] as const))('%s', (_, { name, skipped }) => {
  beforeAll(() => {
    process.env.STEADYFRAME_TEST_TFJS = name;
  });
  afterAll(() => {
    delete process.env.STEADYFRAME_TEST_TFJS;
  });

  test.skipIf(skipped).each(Object.entries(CASES))('%s, and its gradients', async (_, result) => {
    const { outputs, inputs } = withGradients(result);
    const expected = await computed(compileOnnx, outputs, inputs);
    const found = await computed(compile, outputs, inputs);
    for (const [key, { shape, data }] of Object.entries(expected)) {
      expect(found[key].shape, key).toEqual(shape);
      expect(relativeError(found[key].data, data), key).toBeLessThan(BOUND);
    }
  });
});

async function computed(
  compiler: typeof compile,
  outputs: Readonly<Record<string, Node>>,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor<'float32'>>> {
  const program = await compiler(outputs, new Map(), { device: 'cpu' });
  const found = await program.run(inputs);
  await program.dispose();
  return found;
}
