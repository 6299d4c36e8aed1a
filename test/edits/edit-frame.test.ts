// Edits of one frame: the selected frame, pictures equal to those of a sweep, files and runs.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { editFrame } from '../../src/lib/edits/edit-frame.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { openRun } from '../../src/lib/tracking/stored/open-run.js';
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
  ...{ track: false, root: join(scratch, 'untracked') },
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
    for await (const frame of rendering) if (index++ === 2) expect(same(frame, edits[4].picture)).toBe(true);
    expect(index).toBe(5);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(editFrame(model, video, { ...request, at: 0, signal })).rejects.toThrow('enough');
  });

  it('says which edits are ready, while the others are still being rendered', async () => {
    const ready: [number, string][] = [];
    let done = 0;
    const { edits } = await editFrame(model, video, {
      ...{ ...request, at: 0, seeds: [7, 8], strengths: [0.5] },
      onProgress: (progress) => {
        if (progress.label === 'denoising') done = progress.done;
      },
      onEdit: ({ name }) => ready.push([done, name]),
    });
    // Two evaluations each.
    expect(ready).toEqual([
      [2, 'strength-0.5-seed-7'],
      [4, 'strength-0.5-seed-8'],
    ]);
    expect(edits.map(({ name }) => name)).toEqual(ready.map(([, name]) => name));
  });
});

describe('what editFrame writes', () => {
  it('is the sheet, its pictures and the result', async () => {
    const out = join(scratch, 'sheet');
    const edited = await editFrame(model, video, { ...request, at: 0.2, out });
    expect(edited).toMatchObject({ out, frame: 2, at: 0.2 });
    const names = edited.edits.map(({ name }) => `${name}.png`);
    expect(readdirSync(out).sort()).toEqual([...names, 'original.png', 'result.json', 'sheet.png'].sort());
    for (const { file, picture } of edited.edits) expect(same(await readPicture(file), picture)).toBe(true);
    expect(same(await readPicture(join(out, 'original.png')), frames[2])).toBe(true);
    const sheet = await readPicture(join(out, 'sheet.png'));
    expect(same(sheet, edited.sheet)).toBe(true);
    // Four pictures per row and two rows, with names.
    expect(sheet.width).toBeGreaterThan(4 * 32);
    expect(sheet.height).toBeGreaterThan(2 * 32);
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual({
      ...{ sheet: 'sheet.png', original: 'original.png', at: 0.2 },
      edits: edited.edits.map(({ strength, seed, firstTimestep, name }) => ({
        ...{ strength, seed, firstTimestep },
        picture: `${name}.png`,
      })),
      settings: {
        ...{ prompt: 'a street', negativePrompt: '', steps: 4, sampler: 'ddim', guidanceScale: 7.5, noiseDraw: 1 },
        ...{ video, model: model.path, size: { width: 32, height: 32 } },
      },
    });
  });

  it('does not go into a folder that holds something', async () => {
    const taken = join(scratch, 'taken');
    mkdirSync(taken);
    writeFileSync(join(taken, 'note.txt'), '');
    await expect(editFrame(model, video, { ...request, at: 0, out: taken })).rejects.toThrow(/is not empty/);
    expect(readdirSync(taken)).toEqual(['note.txt']);
  });
});

describe('the run of editFrame', () => {
  const root = join(scratch, 'runs');
  const one = { prompt: 'a street', strengths: [0.5], seeds: [7], steps: 4, size: { width: 32, height: 32 }, root };

  it('holds the pictures', async () => {
    const edited = await editFrame(model, video, { ...one, at: 0.2, command: 'a notebook' });
    const [run, ...others] = await listRuns({ root });
    expect(others).toEqual([]);
    expect(run).toMatchObject({
      ...{ experiment: 'frame', name: 'street-at-0.2s', status: 'finished', command: 'a notebook', device: 'cpu' },
      parameters: { at: 0.2, strength: [0.5], seed: [7], prompt: 'a street', guidance: 7.5, steps: 4, size: '32x32' },
    });
    expect(run.inputs.map(({ kind }) => kind)).toEqual(['video', 'model']);
    expect(edited.out).toBe(join(run.folder, 'artifacts'));
    const artifacts = await (await openRun(run.folder)).artifacts();
    expect(artifacts.map(({ name }) => name).sort()).toEqual([
      ...['original.png', 'result.json', 'sheet.png', 'strength-0.5-seed-7.png'],
    ]);
  });

  it('has the number of the frame where no time was given, and is interrupted by the signal', async () => {
    const stop = new AbortController();
    const onProgress = ({ label }: { label: string }) => {
      if (label === 'denoising') stop.abort(new Error('enough'));
    };
    const stopped = editFrame(model, video, { ...one, frame: 3, seeds: [8], onProgress, signal: stop.signal });
    await expect(stopped).rejects.toThrow('enough');
    const [run] = await listRuns({ root });
    expect(run).toMatchObject({ name: 'street-frame-3', status: 'interrupted', parameters: { frame: 3 } });
  });

  it('is not there with `track: false`', async () => {
    const before = await listRuns({ root });
    const { out, edits } = await editFrame(model, video, { ...one, frame: 1, track: false });
    expect(await listRuns({ root })).toEqual(before);
    expect(out).toBe(join(root, 'frame/street-frame-1'));
    expect(existsSync(edits[0].file)).toBe(true);
  });

  it('is not there where a frame or a strength cannot be', async () => {
    const before = await listRuns({ root });
    await expect(editFrame(model, video, { ...one, frame: 9 })).rejects.toThrow(/there is no frame 9/);
    await expect(editFrame(model, video, { ...one, strengths: [2] })).rejects.toThrow(/outside \(0, 1\]/);
    expect(await listRuns({ root })).toEqual(before);
  });
});
