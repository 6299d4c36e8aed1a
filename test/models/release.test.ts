// A model releases the memory of its sessions and continues to work.

import { afterAll, expect, it } from 'vitest';
import { openSessions } from '../../src/lib/engine/onnx/compile.js';
import { loadModel } from '../../src/lib/models/model.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const model = await loadModel(await smallestCheckpoint(scratch), { device: 'cpu' });
afterAll(() => model.dispose());

it('closes its sessions on request, and opens them again to the same numbers', async () => {
  const others = openSessions();
  const latent = randn(1, [1, 4, 4, 4]);
  const results = async () => [await model.decodeLatent(latent), await model.encodeText(['a street'])];
  const before = await results();
  expect(openSessions()).toBe(others + 2);
  await model.release();
  expect(openSessions()).toBe(others);
  expect(await results()).toEqual(before);
});

it('is disposed of at the end of an `await using` block, and so is what is open by an error', async () => {
  const before = openSessions();
  const path = await smallestCheckpoint(scratch);
  {
    await using own = await loadModel(path, { device: 'cpu' });
    await own.encodeText(['a street']);
    expect(openSessions()).toBe(before + 1);
  }
  expect(openSessions()).toBe(before);
  const failing = async (): Promise<void> => {
    await using own = await loadModel(path, { device: 'cpu' });
    await own.encodeText(['a street']);
    throw new Error('on the way');
  };
  await expect(failing()).rejects.toThrow('on the way');
  expect(openSessions()).toBe(before);
});
