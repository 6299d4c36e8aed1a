// Devices other than the CPU: those that cannot start throw an error, the others agree with the reference within 1e-2.
// ../gpu has what needs WebGPU.

import { describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { DEVICES, type Device, resolveDevice, resolveThreads } from '../../src/lib/engine/devices.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { loadModel } from '../../src/lib/models/model.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packPath, relativeError } from '../reference/pack.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const BOUND = 1e-2;
const scratch = scratchFolder();

/** The reason why a device does not start here, or null if it does. */
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

/** Runs a check with an environment variable set, or removed if undefined, and restores it. */
function withVariable(name: string, check: (set: (value: string | undefined) => void) => void): void {
  const before = process.env[name];
  const set = (value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  try {
    check(set);
  } finally {
    set(before);
  }
}

test('the device comes from the option, else the environment, else it is the CPU', () => {
  withVariable('STEADYFRAME_DEVICE', (set) => {
    set(undefined);
    expect(resolveDevice()).toBe('cpu');
    set('webgpu');
    expect(resolveDevice()).toBe('webgpu');
    expect(resolveDevice('cpu')).toBe('cpu');
    set('tpu');
    expect(() => resolveDevice()).toThrow("STEADYFRAME_DEVICE: 'tpu' is not a device; choose one of cpu, webgpu");
  });
});

test('threads come from the option, else the environment, else there is one for each core', () => {
  withVariable('STEADYFRAME_THREADS', (set) => {
    set(undefined);
    expect(resolveThreads()).toBeUndefined();
    set('3');
    expect(resolveThreads()).toBe(3);
    expect(resolveThreads(2)).toBe(2);
    expect(() => resolveThreads(0)).toThrow("threads: '0' is no number of threads; give 1 or more");
    for (const text of ['0', '-1', '1.5', 'all']) {
      set(text);
      expect(() => resolveThreads()).toThrow(`STEADYFRAME_THREADS: '${text}' is no number of threads; give 1 or more`);
    }
  });
});

test('how many threads a model takes changes no bit of what it predicts', async () => {
  const folder = await smallestCheckpoint(scratch);
  const wave = (...shape: number[]) =>
    tensor(
      'float32',
      shape,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i)),
    );
  const results: Uint8Array[] = [];
  for (const threads of [1, 2, 4]) {
    await using model = await loadModel(folder, { device: 'cpu', threads });
    const context = wave(2, 8, model.config.unet.crossAttentionDim);
    const { data } = await model.predict(wave(2, 4, 32, 32), tensor('int32', [2], Int32Array.of(500, 20)), context);
    results.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
