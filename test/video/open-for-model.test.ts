// The default size of a video for a model, and warnings about unsuitable sizes.

import { expect, it } from 'vitest';
import { loadModel } from '../../src/lib/models/model.js';
import { openForModel } from '../../src/lib/video/read/open-for-model.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const folder = scratchFolder();

it('is what the model was trained at, in the shape of the video', async () => {
  const video = await shot(folder, 'wide', { frames: 1, width: 96, height: 48 });
  const model = await loadModel(await smallestCheckpoint(folder));
  const heard: string[] = [];
  const open = (size?: number | { width: number; height: number }) =>
    openForModel(model, video, { onWarning: (line) => heard.push(line), ...(size !== undefined && { size }) });
  expect(model.config.trainedSide).toBe(32);
  expect(await open()).toMatchObject({ width: 64, height: 32 });
  expect(await open(40)).toMatchObject({ width: 80, height: 40 });
  expect(heard).toEqual([]);
  expect(await open({ width: 32, height: 32 })).toMatchObject({ region: { x: 24, y: 0, width: 48, height: 48 } });
  expect(heard.splice(0)).toEqual([expect.stringMatching(/frames of 32x32 show the middle 48x48 of 96x48 \(50 %\)/)]);
  for (const [size, effect] of [
    [16, /a size of 16 is far from the 32 pixels that this model was trained at, where pictures fall apart/],
    [48, /a size of 48 is far from the 32 pixels that this model was trained at, where things appear several times/],
  ] as const) {
    await open(size);
    expect(heard.splice(0)).toEqual([expect.stringMatching(effect)]);
  }
  await model.dispose();
});
