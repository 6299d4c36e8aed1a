// Renderings inside a mask: outside it frames are the source's, to the bit, all frames or keyframes only, and wherever a
// rendering is interrupted; inside, the network sees the source around what it paints.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Path } from '../../src/lib/base/hash.js';
import { colourKey, compositeFrame, latentMask, type MaskSettings, maskWeights } from '../../src/lib/diffusion/mask.js';
import { maskedPrediction } from '../../src/lib/diffusion/masked-prediction.js';
import { noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import { predictions } from '../../src/lib/diffusion/prediction.js';
import { type RestyleOptions, restyle } from '../../src/lib/diffusion/restyle.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { samplers } from '../../src/lib/diffusion/samplers/index.js';
import { createDenoiser } from '../../src/lib/diffusion/samplers/sampler.js';
import { squaredDistances } from '../../src/lib/diffusion/squared-distances.js';
import { planForStrength } from '../../src/lib/diffusion/strength.js';
import { editFrame } from '../../src/lib/edits/edit-frame.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { type StrengthSweepOptions, strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import { SAMPLERS } from '../../src/lib/settings/table.js';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { runSweep } from '../../src/lib/sweeps/run-sweep.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { tensor } from '../../src/lib/tensor/tensor.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writePicture } from '../../src/lib/video/still.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const size = { width: 32, height: 32 };
const FRAMES = 4;
const own = { prompt: 'a street', steps: 4, guidanceScale: 1, strength: 1 };
let model: Model;
let video: string;
let source: Frame[];

/** A picture that is white where `isWhite` says so. */
function drawn(width: number, height: number, isWhite: (x: number, y: number) => boolean): Frame {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++)
    data.fill(isWhite(i % width, Math.floor(i / width)) ? 255 : 0, 3 * i, 3 * i + 3);
  return { width, height, data };
}
const rightHalf = (x: number) => x >= 16;
const at = (name: string): string => join(scratch, name);

beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  video = await shot(scratch, 'street', { ...size, frames: FRAMES });
  source = await collect((await openVideo(video, { size })).frames());
  await writePicture(at('right.png'), drawn(32, 32, rightHalf));
  // Twice as large.
  await writePicture(
    at('large.png'),
    drawn(64, 64, (x) => rightHalf(x / 2)),
  );
  const moving = Array.from({ length: FRAMES }, (_, i) => drawn(32, 32, (x) => x >= 8 * i));
  mkdirSync(at('videos'));
  await writeVideo(at('videos/moving/'), moving);
  await writeVideo(at('videos/short/'), moving.slice(1));
});
afterAll(() => model.dispose());

async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}
const rendered = async (options: MaskSettings & Partial<RestyleOptions>): Promise<Frame[]> =>
  collect(restyle(model, await openVideo(video, { size }), { ...own, ...options }));

/** The pixels that differ from the source's, of each frame. */
function changed(frames: readonly Frame[]): boolean[][] {
  return frames.map(({ data }, f) =>
    Array.from({ length: 1024 }, (_, i) => [0, 1, 2].some((c) => data[3 * i + c] !== source[f].data[3 * i + c])),
  );
}
/** Asserts that nothing changed where `isOutside`, and most did elsewhere. */
function expectOutside(frames: readonly Frame[], isOutside: (x: number, y: number, frame: number) => boolean): void {
  expect(frames.length).toBe(FRAMES);
  for (const [f, pixels] of changed(frames).entries()) {
    const outside = (i: number) => isOutside(i % 32, Math.floor(i / 32), f);
    expect(pixels.filter((isChanged, i) => isChanged && outside(i)).length).toBe(0);
    const inside = pixels.filter((_, i) => !outside(i));
    expect(inside.filter(Boolean).length).toBeGreaterThan(0.8 * inside.length);
  }
}

describe('weights', () => {
  const frame = drawn(9, 7, (x, y) => x > 2 && y < 5);
  const maps = new Map([
    ['a', frame],
    ['b', drawn(9, 7, (x) => x === 8)],
  ]);
  test('fade in from the edge inwards, by the exact distance', () => {
    const weights = maskWeights({ frame, maps }, { mask: 'a', feather: 3 });
    const wanted = Array.from({ length: 63 }, (_, i) => {
      let nearest = Infinity;
      for (let k = 0; k < 63; k++) {
        if (frame.data[3 * k] === 0) {
          nearest = Math.min(nearest, Math.hypot((i % 9) - (k % 9), Math.floor(i / 9) - Math.floor(k / 9)));
        }
      }
      return Math.min(1, nearest / 4);
    });
    expect(weights).toEqual(Float32Array.from(wanted));
  });

  test('of distances are those of a search, also where no pixel is 0', () => {
    const values = Float32Array.from({ length: 200 }, (_, i) => Number((i * 7919) % 11 !== 0));
    const distances = squaredDistances(values, { width: 20, height: 10 });
    for (let i = 0; i < 200; i++) {
      const all = [...values.keys()].filter((k) => values[k] === 0);
      const nearest = Math.min(
        ...all.map((k) => ((i % 20) - (k % 20)) ** 2 + (Math.floor(i / 20) - Math.floor(k / 20)) ** 2),
      );
      expect(distances[i]).toBe(nearest);
    }
    const none = new Float32Array(12).fill(1);
    expect([...maskWeights({ frame: drawn(4, 3, () => true) }, { maskKey: '#ffffff', feather: 2 })]).toEqual([...none]);
  });

  test('are those of both masks, of grey pixels, and of a colour', () => {
    const both = maskWeights({ frame, maps }, { mask: 'a', negativeMask: 'b', feather: 0 });
    for (let i = 0; i < 63; i++) expect(both[i]).toBe(Number(frame.data[3 * i] > 0 && i % 9 !== 8));
    const grey = { ...frame, data: new Uint8Array(frame.data.length).fill(51) };
    expect(maskWeights({ frame, maps: new Map([['g', grey]]) }, { mask: 'g', feather: 0 })[0]).toBeCloseTo(0.2, 6);
    const coloured = { width: 3, height: 1, data: Uint8Array.of(0, 255, 0, 30, 230, 10, 33, 255, 0) };
    expect([...maskWeights({ frame: coloured }, { maskKey: '#00ff00', feather: 0 })]).toEqual([1, 1, 0]);
    expect([...maskWeights({ frame: coloured }, { maskKey: 'not 00FF00:20', feather: 0 })]).toEqual([0, 1, 1]);
    for (const bad of ['green', '#00ff0', '#00ff00:256', '#00ff00:x'])
      expect(() => colourKey(bad)).toThrow(/expected a colour/);
  });

  test('leave the source to the bit at 0, and the edit at 1', () => {
    const [a, b] = [drawn(3, 1, () => false), drawn(3, 1, () => true)];
    expect([...compositeFrame(a, b, Float32Array.of(0, 0.5, 1)).data]).toEqual([0, 0, 0, 128, 128, 128, 255, 255, 255]);
  });

  test('free every latent cell that they touch', () => {
    const weights = new Float32Array(64);
    weights[9] = 0.01;
    expect(
      latentMask(
        weights,
        drawn(8, 8, () => true),
        4,
      ),
    ).toEqual(tensor('float32', [1, 1, 2, 2], Float32Array.of(1, 0, 0, 0)));
  });
});

describe('masked predictions', () => {
  const shape = [2, 3, 4, 4];
  const latent = randn(1, shape).data;
  const noise = randn(2, shape).data;
  const cells = Float32Array.from({ length: 32 }, (_, i) => Number(i % 4 > 1));
  const isEdited = (i: number): boolean => cells[Math.floor(i / 48) * 16 + (i % 16)] > 0;

  test.each(SAMPLERS)('%s ends at the source outside of the mask, and sees it with noise there', async (name) => {
    for (const type of ['epsilon', 'v_prediction'] as const) {
      const schedule = noiseSchedule();
      const plan = planForStrength(samplers[name], schedule, { steps: 8, strength: 0.75 });
      const seen: Float32Array[] = [];
      const network = async (x: Float32Array): Promise<Float32Array> => {
        seen.push(x);
        return x.map((value) => 0.5 * value + 0.3);
      };
      const kept = { z0: latent, noise, mask: tensor('float32', [2, 1, 4, 4], cells), plan, shape };
      const denoiser = createDenoiser(type, maskedPrediction(network, type, kept));
      const start = samplers[name].addNoise(latent, noise, plan);
      let result: Float32Array = start;
      const stepNoise = () => noise;
      for await (const step of samplers[name].sample(denoiser, start, plan, { stepNoise })) result = step.latent;
      const outside = [...latent.keys()].filter((i) => !isEdited(i));
      // ddim, pndm and tcd end with noise of the first timestep, a few percent of it.
      const left = /^(ddim|pndm|tcd)$/.test(name) ? 0.05 : 0;
      for (const i of outside) {
        expect(Math.abs(result[i] - latent[i])).toBeLessThan(left * (Math.abs(noise[i]) + Math.abs(latent[i])) + 1e-4);
      }
      const level = {
        signal: 1 / Math.hypot(1, plan.sigmas[0]),
        noise: plan.sigmas[0] / Math.hypot(1, plan.sigmas[0]),
      };
      for (const i of outside) expect(seen[0][i]).toBeCloseTo(level.signal * latent[i] + level.noise * noise[i], 5);
      expect(
        Math.max(...[...latent.keys()].filter(isEdited).map((i) => Math.abs(result[i] - latent[i]))),
      ).toBeGreaterThan(0.1);
    }
  });

  test('inside are the network’s own, to the bit', async () => {
    const plan = planForStrength(samplers.ddim, noiseSchedule(), { steps: 8, strength: 0.5 });
    const x = randn(3, shape).data;
    const mask = tensor('float32', [2, 1, 4, 4], new Float32Array(32).fill(1));
    const network = async (seen: Float32Array) => seen.map((value) => 2 * value);
    const predict = maskedPrediction(network, 'epsilon', { z0: latent, noise, mask, plan, shape });
    expect(await predict(x, plan.timesteps[0])).toEqual(await network(x));
    expect(predictions.epsilon.toEpsilon(x, x, { signal: 1, noise: 1 })).toBe(x);
  });
});

describe('a rendering', () => {
  test('is the source outside of a still, of whatever size', async () => {
    const frames = await rendered({ mask: at('right.png'), feather: 0 });
    expectOutside(frames, (x) => x < 16);
    // Scaling greys its edge.
    expectOutside(await rendered({ mask: at('large.png'), feather: 0 }), (x) => x < 12);
    // A mask that is white everywhere changes nothing.
    await writePicture(
      at('white.png'),
      drawn(32, 32, () => true),
    );
    expect(await rendered({ mask: at('white.png') })).toEqual(await rendered({}));
  });

  test('is the source inside of a negative mask, and where a video moves', async () => {
    expectOutside(await rendered({ negativeMask: at('right.png'), feather: 0, batch: 3 }), (x) => x >= 16);
    expectOutside(await rendered({ mask: at('videos/moving'), feather: 0 }), (x, _, frame) => x < 8 * frame);
    await expect(rendered({ mask: at('videos/short') })).rejects.toThrow(
      /short: has 3 frames in .* give a map of the same length/,
    );
  });

  test('keeps the source in keyframes and in what is carried from them', async () => {
    const keys = { keyEvery: 3, newShare: 1, feather: 0, batch: 2 };
    const steady = await collect(
      restyleKeyframes(model, await openVideo(video, { size }), { ...own, ...keys, mask: at('right.png') }),
    );
    for (const pixels of changed(steady)) expect(pixels.filter((isChanged, i) => isChanged && i % 32 < 16)).toEqual([]);
    const all = await rendered({ mask: at('right.png'), feather: 0, batch: 2 });
    for (const key of [0, 3]) expect(steady[key]).toEqual(all[key]);
  });

  test('with frames tied to each other keeps it too', async () => {
    expectOutside(await rendered({ mask: at('right.png'), feather: 0, anchor: 'first-previous' }), (x) => x < 16);
  });
});

test('edits of a frame keep the source too, and a point of a sweep knows its masks by content', async () => {
  const { edits } = await editFrame(model, video, {
    ...{
      ...own,
      at: 0.1,
      strengths: [1],
      seeds: [1],
      size,
      mask: at('right.png'),
      feather: 0,
      track: false,
      out: at('frame'),
    },
  });
  const { data } = edits[0].picture;
  const pixels = Array.from({ length: 1024 }, (_, i) =>
    [0, 1, 2].some((c) => data[3 * i + c] !== source[1].data[3 * i + c]),
  );
  expect(pixels.filter((isChanged, i) => isChanged && i % 32 < 16)).toEqual([]);
  expect(pixels.filter(Boolean).length).toBeGreaterThan(300);
  const file = {
    ...{ method: 'grid', video, model: model.path, prompt: 'a street', size: '32x32' },
    ...{
      mask: 'right.png',
      negative_mask: 'videos/moving',
      parameters: { steps: { value: 4 }, strength: { value: 0.5 } },
    },
  };
  writeFileSync(at('masked.json'), JSON.stringify(file));
  const read = await readSweepFile(at('masked.json'));
  const { points } = await runSweep(read, { out: at('points'), track: false, executor: localExecutor() });
  expect(points[0]).toMatchObject({
    status: 'done',
    settings: { mask: at('right.png'), negative_mask: at('videos/moving') },
  });
  expect(points[0].metrics.edit_strength_outside).toBe(0);
  const { settings } = JSON.parse(readFileSync(join(points[0].folder, 'result.json'), 'utf8'));
  expect(settings.render).toMatchObject({
    mask: await sha256Path(at('right.png')),
    negative_mask: await sha256Path(at('videos/moving')),
  });
});

test.each([false, true])(
  'a comparison goes on to the same bytes, and knows a mask by its content (steady: %s)',
  async (steady) => {
    const request: StrengthSweepOptions = {
      ...{ ...own, strengths: [0.5], mask: at('right.png'), feather: 2, batch: 2 },
      ...{ size, track: false, steady, keyEvery: 2, newShare: 1, metadata: false },
    };
    const whole = await strengthSweep(model, video, { ...request, out: at(`whole-${steady}`) });
    const stop = new AbortController();
    const out = at(`stopped-${steady}`);
    let steps = 0;
    const stopping = strengthSweep(model, video, {
      ...{ ...request, out, signal: stop.signal },
      onProgress({ phase, done }) {
        if (phase === 'denoising' && done > 0 && ++steps === 3) stop.abort(new Error('stopped'));
      },
    });
    await expect(stopping).rejects.toThrow('stopped');
    // The same mask under another name.
    await writePicture(at('renamed.png'), drawn(32, 32, rightHalf));
    await strengthSweep(model, video, { ...request, mask: at('renamed.png'), out, resume: true });
    expect(hashes(out)).toEqual(hashes(whole.out));
    const other = strengthSweep(model, video, { ...request, mask: at('large.png'), out, resume: true });
    await expect(other).rejects.toThrow(/denoise\.mask/);
  },
);
