// ControlNet against what PyTorch's diffusers computes from the same weights (../shared/reference/more).

import { describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/onnx/compile.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { controlNet } from '../../src/lib/models/controlnet.js';
import { controlNetConfig } from '../../src/lib/models/controlnet-config.js';
import { readJsonFile } from '../../src/lib/models/json-file.js';
import { createScope } from '../../src/lib/models/scope.js';
import { readSafetensorsHeader } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError } from './pack.js';

describe.skipIf(!hasPack).each(['sd1', 'sd2'])(`ControlNet for %s agrees with PyTorch${packNote}`, (variant) => {
  test('residuals', async () => {
    const folder = packPath('more', variant, 'controlnet0');
    const config = controlNetConfig(readJsonFile(`${folder}/config.json`), folder);
    const e = (await expectedTensors('more', `${variant}/controlnet.safetensors`)) as Record<string, Tensor<'float32'>>;
    const { tensors } = await readSafetensorsHeader(`${folder}/diffusion_pytorch_model.safetensors`);
    const [batch] = e.sample.shape;
    const { skips, middle } = controlNet(
      createScope(),
      config,
      g.input('sample', e.sample.shape),
      g.input('t', [batch]),
      g.input('context', e.context.shape),
      g.input('condition', e.condition0.shape),
    );
    const program = await compile({ ...Object.fromEntries(skips.map((s, i) => [`r${i}`, s])), middle }, tensors, {
      device: 'cpu',
    });
    const out = await program.run({
      sample: e.sample,
      t: tensor('float32', [batch], Float32Array.from(e.timestep.data as any, Number)),
      context: e.context,
      condition: e.condition0,
    });
    for (let i = 0; i < skips.length; i++)
      expect(relativeError(out[`r${i}`].data as any, e[`residual.${i}`].data)).toBeLessThan(2e-5);
    expect(relativeError(out.middle.data as any, e['residual.mid'].data)).toBeLessThan(2e-5);
  });
});
