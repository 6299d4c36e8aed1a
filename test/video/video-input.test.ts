// One video as every kind of input: all readers get the same frames.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256File } from '../../src/lib/base/hash.js';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { editFrame } from '../../src/lib/edits/edit-frame.js';
import { proposeEdits } from '../../src/lib/edits/propose-edits.js';
import { measure } from '../../src/lib/metrics/measure.js';
import { metrics } from '../../src/lib/metrics/metrics.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { recipe } from '../../src/lib/recipe/recipe.js';
import { compareSeeds } from '../../src/lib/renderings/compare-seeds.js';
import { strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { grid } from '../../src/lib/video/layout/write-grid.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import type { VideoInput } from '../../src/lib/video/read/video.js';
import { hashVideo, repeatable } from '../../src/lib/video/read/video-input.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { neonFrame, quick } from '../training/tiny-finetune.js';

const scratch = scratchFolder();
const RATE = 10;
let path: string;
let frames: Frame[];
let model: Model;
beforeAll(async () => {
  // PNG, so that the frames read equal those written.
  path = await shot(scratch, 'street', { frames: 4, width: 32, height: 32, frameRate: RATE });
  frames = await collect(openVideo(path, { exact: true }).then((video) => video.frames()));
  model = await loadModel(await smallestCheckpoint(scratch), { device: 'cpu' });
});
afterAll(() => model.dispose());

async function collect(video: Promise<AsyncIterable<Frame>> | AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const { width, height, data } of await video) all.push({ width, height, data: Uint8Array.from(data) });
  return all;
}

async function* once(all: readonly Frame[]): AsyncGenerator<Frame> {
  yield* all;
}

/** Each kind of input, created at each call, because some can be read only once. */
const WAYS: Readonly<Record<string, () => VideoInput | Promise<VideoInput>>> = {
  'a path': () => path,
  'an opened video': () => openVideo(path),
  'an array': () => frames,
  'a generator': () => once(frames),
  'an iterable': () => ({ [Symbol.asyncIterator]: () => once(frames) }),
};
const ways = Object.entries(WAYS);
/** Those that are read in different ways. */
const others = ways.filter(([name]) => name === 'an opened video' || name === 'a generator');

describe.each(ways)('%s', (name, give) => {
  test('is opened, in whole and in part', async () => {
    const video = await openVideo(await give(), { exact: true });
    expect(await collect(video.frames())).toEqual(frames);
    expect(await collect(video.frames())).toEqual(frames);
    expect(video).toMatchObject({ width: 32, height: 32, frameRate: RATE, expectedFrames: 4, hasAudio: false });
    const part = await openVideo(await give(), { start: 0.1, every: 2, crop: { x: 8, y: 0, width: 16, height: 32 } });
    const shown = await collect(part.frames());
    expect(shown.map(({ width, height }) => [width, height])).toEqual([
      [16, 32],
      [16, 32],
    ]);
    const row = (frame: Frame, from: number) => frame.data.slice(3 * from, 3 * (from + 16));
    expect(row(shown[1], 16 * 5)).toEqual(row(frames[3], 32 * 5 + 8));
    expect(await part.times()).toMatchObject({ times: [0, 0.2], start: 0.1, frameRate: RATE / 2 });
    expect(video.isStored).toBe(/path|opened/.test(name));
  });

  test('is measured, written, laid out and restyled', async () => {
    const expected = await metrics(path, path);
    expect(await metrics(await give(), await give())).toEqual(expected);
    expect((await measure(await give(), { same: await give() })).outputs.same).toEqual(expected.output);
    const copy = join(scratch, `copy of ${name}`);
    expect(await writeVideo(copy, await give())).toEqual({ frames: 4 });
    expect(await collect((await openVideo(copy)).frames())).toEqual(frames);
    const laid = join(scratch, `grid of ${name}`);
    await grid([await give(), path], laid);
    const [first] = await collect((await openVideo(laid, { crop: { x: 0, y: 0, width: 32, height: 32 } })).frames());
    expect(first).toEqual(frames[0]);
    for (const made of [copy, laid]) rmSync(made, { recursive: true });
    const options = { strength: 0.5, steps: 2, prompt: 'a street', guidanceScale: 1 };
    const restyled = await collect(restyle(model, await give(), options));
    expect(restyled).toEqual(await collect(restyle(model, frames, options)));
  });
});

const render = { steps: 2, prompt: 'a street', guidanceScale: 1, size: 32, track: false, onWarning: () => {} };
const quiet = { ...render, strengths: [0.5] };

describe('renderings, edits, finetuning and the recipe', () => {
  const at = (name: string): string => join(scratch, name);

  const edit = { ...quiet, seeds: [1], frame: 2 };
  /** The results of each reader for a video. */
  async function resultsOf(give: () => VideoInput | Promise<VideoInput>, name: string) {
    const { cells, source, video } = await strengthSweep(model, await give(), { ...quiet, out: at(`sweep ${name}`) });
    const seeds = { strength: 0.5, seeds: [1], out: at(`seeds ${name}`) };
    const { frames } = await compareSeeds(model, await give(), { ...render, ...seeds });
    const tried = await editFrame(model, await give(), { ...edit, out: at(`frame ${name}`) });
    const proposed = await proposeEdits(model, await give(), { ...edit, out: at(`edit ${name}`) });
    const training = { ...quick(at(`tuned ${name}`), [await neonFrame(2)], { iterations: 1 }), track: false };
    // A path is read at the model's training size.
    const trained = await give();
    const { result } = await finetune(model, trained === path ? await openVideo(path) : trained, training);
    return {
      ...{ metrics: cells.map((cell) => cell.metrics), source, frames, video, weights: await sha256File(result) },
      pictures: [...tried.edits, ...proposed.edits].map(({ picture }) => picture),
    };
  }
  let expected: Awaited<ReturnType<typeof resultsOf>>;
  beforeAll(async () => {
    expected = await resultsOf(() => path, 'of the path');
  });

  test.each(others)('are the same of %s as of its path', async (name, give) => {
    expect(expected.video).toBe(path);
    expect(expected.pictures).toHaveLength(2);
    const video = name === 'an opened video' ? path : 'frames';
    expect(await resultsOf(give, name)).toEqual({ ...expected, video });
  });

  test('a recipe of frames is judged like that of their file', async () => {
    const run = async (video: VideoInput, out: string) => {
      const training = { iterations: 1, trainingFrames: 2, heldAsidePrompts: [] };
      const options = { ...quiet, prompts: ['a neon street'], strengths: [0.5, 0.75], training, out: at(out) };
      const { result } = await recipe(model, video, { ...options, proposals: { strengths: [0.75], seeds: [1] } });
      return { source: result.source, arms: result.arms.map(({ name, metrics: each }) => [name, each]) };
    };
    expect(await run(frames, 'recipe of frames')).toEqual(await run(path, 'recipe of path'));
  });
});

test('frames are told apart from others by their content', async () => {
  const hashes = await Promise.all(
    [
      frames,
      once(frames),
      frames.slice(1),
      [...frames].reverse(),
      await openVideo(path),
      await openVideo(path, { every: 2 }),
    ].map(async (video) => hashVideo(await repeatable(video))),
  );
  expect(hashes[1]).toBe(hashes[0]);
  expect(hashes[4]).toBe(hashes[0]);
  expect(new Set(hashes).size).toBe(4);
  expect(hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
});

test('frames that are no video are refused in one sentence', async () => {
  const refused = (bad: Frame[], message: string) => expect(openVideo(bad)).rejects.toThrow(message);
  await refused([], "there are no frames for 'frames'; give at least one");
  await refused(
    [frames[0], { width: 8, height: 8, data: new Uint8Array(192) }],
    "frame 1 of 'frames' is 8x8 but frame 0 was 32x32; all frames of a video must be of one size",
  );
  await refused([{ width: 8, height: 8, data: new Uint8Array(3) }], "frame 0 of 'frames' is 8x8 but has 3 bytes");
  await expect(strengthSweep(model, frames, { ...quiet, audio: true, out: join(scratch, 'sound') })).rejects.toThrow(
    'frames: has no sound to copy; leave out audio',
  );
});
