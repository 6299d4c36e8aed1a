// Edits of one frame: which frame it is, and that the pictures are those of a sweep.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { editFrame, writeFrameEdits } from '../../src/lib/edits/edit-frame.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { readPicture } from '../../src/lib/video/still.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const request = {
  prompt: 'a street',
  seeds: [7, 8, 9],
  strengths: [0.5, 1],
  steps: 4,
  size: { width: 32, height: 32 },
};
const same = (a: Frame, b: Frame) => Buffer.compare(a.data, b.data) === 0;
let model: Model;
let video: string;
let frames: Frame[];
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  video = await shot(scratch, 'street.mp4', { frames: 5 });
  frames = [];
  for await (const frame of (await openVideo(video, { size: { width: 32, height: 32 } })).frames()) frames.push(frame);
});
afterAll(() => model.dispose());

describe('editFrame', () => {
  // 10 frames a second: frame i is shown from i / 10 s on.
  it.each([
    [0, 0],
    [0.09, 0],
    [0.1, 1],
    [0.3, 3],
    [0.39, 3],
    [0.4, 4],
    [0.49, 4],
  ])('takes the frame that is shown at %d s', async (at, index) => {
    const { original } = await editFrame(model, video, { ...request, at, seeds: [7], strengths: [0.25] });
    expect(frames.findIndex((frame) => same(frame, original))).toBe(index);
  });

  it.each([0.6, 100, -1, Number.NaN])('refuses %d s', async (at) => {
    await expect(editFrame(model, video, { ...request, at })).rejects.toThrow(/street.mp4: there is no frame at .* s/);
  });

  it('gives the pictures that a rendering of the whole video has there', async () => {
    const { edits } = await editFrame(model, video, { ...request, at: 0.2 });
    expect(edits.map(({ strength, seed, firstTimestep }) => [strength, seed, firstTimestep])).toEqual([
      [0.5, 7, 251],
      [0.5, 8, 251],
      [0.5, 9, 251],
      [1, 7, 751],
      [1, 8, 751],
      [1, 9, 751],
    ]);
    let index = 0;
    const rendering = restyle(model, (await openVideo(video, { size: { width: 32, height: 32 } })).frames(), {
      ...request,
      strength: 1,
      seed: 8,
    });
    for await (const frame of rendering) if (index++ === 2) expect(same(frame, edits[4].frame)).toBe(true);
    expect(index).toBe(5);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(editFrame(model, video, { ...request, at: 0, signal })).rejects.toThrow('enough');
  });
});

describe('writeFrameEdits', () => {
  it('writes the sheet, its pictures and the result', async () => {
    const edited = await editFrame(model, video, { ...request, at: 0.2 });
    const written = await writeFrameEdits(join(scratch, 'new/sheet'), edited, { prompt: 'a street' });
    expect(readdirSync(written.out)).toHaveLength(6 + 3);
    expect(same(await readPicture(written.edits[4].picture), edited.edits[4].frame)).toBe(true);
    expect(same(await readPicture(written.original), frames[2])).toBe(true);
    const { width, height } = await readPicture(written.sheet);
    // Four pictures in a row and two rows, with names around them.
    expect(width).toBeGreaterThan(4 * 32);
    expect(height).toBeGreaterThan(2 * 32);
  });

  it('does not write into a folder that holds something', async () => {
    const edited = await editFrame(model, video, { ...request, at: 0, seeds: [7], strengths: [0.25] });
    const taken = join(scratch, 'taken');
    mkdirSync(taken);
    writeFileSync(join(taken, 'note.txt'), '');
    await expect(writeFrameEdits(taken, edited)).rejects.toThrow(/is not empty/);
    expect(existsSync(join(taken, 'sheet.png'))).toBe(false);
  });
});
