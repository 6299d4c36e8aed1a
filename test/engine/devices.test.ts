// Devices other than the CPU: what cannot start says so, and what starts agrees with the reference within 1e-2.
// A machine without a GPU tries WebGPU on SwiftShader, Chromium's software Vulkan driver:
//   VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json VK_ICD_FILENAMES=$VK_DRIVER_FILES npm test -- test/engine/devices.test.ts

import { describe, expect, test } from 'vitest';
import { DEVICES, type Device, resolveDevice } from '../../src/lib/engine/devices.js';
import { compile } from '../../src/lib/engine/onnx/compile.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { loadModel } from '../../src/lib/models/model.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packPath, relativeError } from '../reference/pack.js';

const BOUND = 1e-2;

/** Why a device cannot be tried here, or null where it starts. */
async function reasonNotToStart(device: Device): Promise<string | null> {
  const x = g.input('x', [2, 2]);
  try {
    const program = await compile({ y: g.add(x, x) }, new Map(), { device });
    await program.run({ x: tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)) });
    await program.dispose();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each(DEVICES)('device %s', (device) => {
  test('starts and agrees with the reference, or says in one sentence why it does not start', async (context) => {
    const reason = await reasonNotToStart(device);
    if (reason !== null) {
      expect(reason).toMatch(new RegExp(`^device ${device} did not start: it needs .*; choose another device`));
      context.skip(`${device} is not here: ${reason}`);
    }
    if (!hasPack) context.skip('../shared/reference is not there');
    const model = await loadModel(packPath('sd1'), { device });
    const expected = (await expectedTensors('sd1')) as Record<string, Tensor<'float32'>>;
    const { 'unet.sample': sample, 'unet.timestep': timesteps, 'text.last_hidden_state': context77 } = expected;
    const output = await model.predict(sample, timesteps, context77);
    expect(relativeError(output.data, expected['unet.out'].data)).toBeLessThan(BOUND);
    const image = await model.decodeLatent(expected['vae.latent']);
    expect(relativeError(image.data, expected['vae.decoded'].data)).toBeLessThan(BOUND);
    const { mean } = await model.encodeImage(expected['vae.image']);
    expect(relativeError(mean.data, expected['vae.mean'].data)).toBeLessThan(BOUND);
    if (device === 'cpu') expect(model.placements()).toEqual([]);
    else {
      const placements = model.placements();
      expect(placements).toHaveLength(3);
      for (const { nodes } of placements) expect(nodes).toBeGreaterThan(0);
      expect(placements.map(({ onCpu }) => onCpu)).toEqual([{}, {}, {}]);
    }
    await model.dispose();
    const strict = await loadModel(packPath('sd1'), { device, strict: true });
    await strict.predict(sample, timesteps, context77);
    await strict.dispose();
  });
});

test('the device comes from the option, else the environment, else it is the CPU', () => {
  const before = process.env.STEADYFRAME_DEVICE;
  try {
    delete process.env.STEADYFRAME_DEVICE;
    expect(resolveDevice()).toBe('cpu');
    process.env.STEADYFRAME_DEVICE = 'webgpu';
    expect(resolveDevice()).toBe('webgpu');
    expect(resolveDevice('cpu')).toBe('cpu');
    process.env.STEADYFRAME_DEVICE = 'tpu';
    expect(() => resolveDevice()).toThrow("STEADYFRAME_DEVICE: 'tpu' is not a device; choose one of cpu, webgpu");
  } finally {
    if (before === undefined) delete process.env.STEADYFRAME_DEVICE;
    else process.env.STEADYFRAME_DEVICE = before;
  }
});
