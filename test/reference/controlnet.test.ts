// ControlNet compared with PyTorch's diffusers for the same weights (../shared/reference/more).

import { describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node } from '../../src/lib/graph/types.js';
import { controlNetConfig } from '../../src/lib/models/config/controlnet.js';
import { readJsonFile } from '../../src/lib/models/config/json-file.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { conditionFactor, controlNet } from '../../src/lib/models/networks/controlnet.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { unet } from '../../src/lib/models/networks/unet.js';
import { readSafetensorsHeader, type TensorEntry } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError } from './pack.js';

const BOUND = 2e-5;
const headerOf = async (...parts: string[]): Promise<ReadonlyMap<string, TensorEntry>> =>
  (await readSafetensorsHeader(packPath(...parts, 'diffusion_pytorch_model.safetensors'))).tensors;

describe.skipIf(!hasPack).each(['sd1', 'sd2'])(`ControlNet for %s agrees with PyTorch${packNote}`, (variant) => {
  test('residuals, and the network that they are added to, at two scales', async () => {
    const folder = packPath('more', variant, 'controlnet0');
    const config = controlNetConfig(readJsonFile(`${folder}/config.json`), folder);
    expect(conditionFactor(config)).toBe(8);
    const expected = (await expectedTensors('more', `${variant}/controlnet.safetensors`)) as Record<
      string,
      Tensor<'float32'>
    >;
    const { sample, context, condition0: condition } = expected;
    const [batch] = sample.shape;
    const timesteps = tensor('float32', [batch], Float32Array.from(expected.timestep.data, Number));
    const inputs = {
      sample: g.input('sample', sample.shape),
      timesteps: g.input('timesteps', [batch]),
      context: g.input('context', context.shape),
    };
    const residuals = controlNet(createScope(), config, inputs, g.input('condition', condition.shape));
    const named = Object.fromEntries(residuals.skips.map((skip, i): [string, Node] => [`residual.${i}`, skip]));
    const outputs = { ...named, 'residual.mid': residuals.middle };
    const program = await compile(outputs, await headerOf('more', variant, 'controlnet0'), { device: 'cpu' });
    const found = await program.run({ sample, timesteps, context, condition });
    for (const name of Object.keys(outputs)) {
      expect(found[name].shape, name).toEqual(expected[name].shape);
      expect(relativeError(found[name].data, expected[name].data), name).toBeLessThan(BOUND);
    }
    await program.dispose();

    const where = packPath(variant, 'unet/config.json');
    const given = residuals.skips.map((skip, i) => g.input(`residual.${i}`, skip.shape));
    const middle = g.input('residual.mid', residuals.middle.shape);
    const output = unet(createScope(), unetConfig(readJsonFile(where), where), inputs, {
      residuals: { skips: given, middle },
    });
    const controlled = await compile({ output }, await headerOf(variant, 'unet'), { device: 'cpu' });
    for (const [scale, name] of [
      [1, 'out.1'],
      [0.6, 'out.0.6'],
    ] as const) {
      const scaled = Object.fromEntries(
        Object.entries(found).map(([key, { shape, data }]) => [
          key,
          tensor(
            'float32',
            shape,
            data.map((value) => scale * value),
          ),
        ]),
      );
      const { output: out } = await controlled.run({ sample, timesteps, context, ...scaled });
      expect(relativeError(out.data, expected[name].data), name).toBeLessThan(BOUND);
    }
    await controlled.dispose();
  });
});
