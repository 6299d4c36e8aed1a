// Renderings under controls: conditions are made from the source's own frames, wherever frames are rendered.

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { conditionOf, conditionTensor } from '../../src/lib/conditions/condition.js';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { decodeFrame, encodeFrame, restyle } from '../../src/lib/diffusion/restyle.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { editFrame } from '../../src/lib/edits/edit-frame.js';
import { findProposals, proposeEdits } from '../../src/lib/edits/propose-edits.js';
import { measure } from '../../src/lib/metrics/measure.js';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import { hashModel } from '../../src/lib/models/checkpoint/hash-model.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readSafetensorsHeader, readTensor, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { readPreview } from '../../src/lib/training/finetune/preview.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { readPicture, writePicture } from '../../src/lib/video/still.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { tinyControl } from '../models/tiny-control.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { neonFrame, quick, street } from '../training/tiny-finetune.js';
import { collect } from '../video/shots.js';

const scratch = scratchFolder();
const settings = { prompt: 'a city', strength: 1, steps: 2, guidanceScale: 2, seed: 3 };
let checkpoint: string;
let control: string;
let video: string;
let model: Model;
let frames: Frame[];
beforeAll(async () => {
  checkpoint = await smallestCheckpoint(scratch);
  control = await tinyControl(checkpoint, join(scratch, 'control'));
  const street = await shot(scratch, 'street', { frames: 3, width: 32, height: 32 });
  // The second frame is the negative of one, so that conditions differ.
  const [first, next, last] = await collect((await openVideo(street, { frameRate: 10 })).frames());
  video = join(scratch, 'shot');
  await writeVideo(video, [first, { ...next, data: next.data.map((value) => 255 - value) }, last]);
  model = await loadModel(checkpoint, { device: 'cpu', controls: [{ kind: 'tile', path: control, scale: 6 }] });
  frames = await collect((await openVideo(video, { frameRate: 10 })).frames());
});

/** A frame rendered by hand under a condition. */
async function rendered(frame: Frame, condition: Frame): Promise<Frame> {
  let latent = await encodeFrame(model, frame);
  const noise = randn(settings.seed, latent.shape);
  for await (const step of img2img(model, { ...settings, latent, noise, conditions: [conditionTensor([condition])] })) {
    latent = step.latent;
  }
  return decodeFrame(model, latent);
}

const largest = (a: Frame, b: Frame): number => Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i])));

test('each frame follows its own condition: alone, in batches, together, by keyframes', async () => {
  const expected = await Promise.all(frames.map((frame) => rendered(frame, conditionOf('tile', frame))));
  const [, second] = frames;
  expect(largest(await rendered(frames[0], second), expected[0])).toBeGreaterThan(1);
  for (const batch of [1, 2]) {
    const found = await collect(restyle(model, frames, { ...settings, batch }));
    for (const [i, frame] of found.entries())
      expect(largest(frame, expected[i]), `${batch} ${i}`).toBeLessThanOrEqual(1);
  }
  const together = await collect(restyle(model, frames, { ...settings, anchor: 'first-previous' }));
  expect(largest(together[0], expected[0])).toBeLessThanOrEqual(1);
  const keyed = await collect(restyleKeyframes(model, frames, { ...settings, keyEvery: 1 }));
  for (const [i, frame] of keyed.entries()) expect(largest(frame, expected[i])).toBeLessThanOrEqual(1);
});

test('one frame and a sweep give the same pictures; the control is part of what identifies a result', async () => {
  const { strength, seed, ...options } = settings;
  const expected = await rendered(frames[1], conditionOf('tile', frames[1]));
  const own = { ...options, size: 32, track: false } as const;
  const { edits } = await editFrame(model, video, {
    ...{ ...own, at: 0.1, strengths: [strength], seeds: [seed], out: join(scratch, 'frame') },
  });
  expect(largest(edits[0].picture, expected)).toBeLessThanOrEqual(1);
  const { settings: stored } = JSON.parse(readFileSync(join(scratch, 'frame/result.json'), 'utf8'));
  expect(stored.controls).toEqual([{ kind: 'tile', path: control, scale: 6, start: 0, end: 1 }]);
  const sweep = { ...own, strengths: [strength], seed };
  const { cells } = await strengthSweep(model, video, { ...sweep, out: join(scratch, 'sweep') });
  const found = (await collect((await openVideo(cells[0].video)).frames()))[1];
  // The sweep's video is compressed.
  const other = await rendered(frames[1], conditionOf('tile', frames[0]));
  const error = (of: Frame): number => compareFrames(found, of).absolute;
  expect(error(expected)).toBeLessThan(0.9 * error(other));

  const plain = await loadModel(checkpoint, { device: 'cpu' });
  const { controls, ...hashes } = await hashModel(model);
  expect(await hashModel(plain)).toEqual(hashes);
  expect(controls).toEqual([
    { kind: 'tile', scale: 6, start: 0, end: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
});

test('a map is seen in place of what is made of the frame, in videos and single frames; its content identifies a result', async () => {
  const map = join(scratch, 'map');
  const pictures = frames.map((frame) => ({ ...frame, data: frame.data.toReversed() }));
  await writeVideo(map, pictures);
  const controls = [{ kind: 'depth' as const, path: control, scale: 6, map }];
  const mapped = await loadModel(checkpoint, { device: 'cpu', controls });
  const expected = await Promise.all(frames.map((frame, i) => rendered(frame, pictures[i])));
  const found = await collect(restyle(mapped, frames, { ...settings, batch: 2 }));
  for (const [i, frame] of found.entries()) expect(largest(frame, expected[i])).toBeLessThanOrEqual(1);
  const keyed = await collect(restyleKeyframes(mapped, video, { ...settings, keyEvery: 1 }));
  for (const [i, frame] of keyed.entries()) expect(largest(frame, expected[i])).toBeLessThanOrEqual(1);

  const { strength, seed, ...options } = settings;
  const own = { ...options, size: 32, track: false } as const;
  const edit = { ...own, strengths: [strength], seeds: [seed], frame: 1 };
  const { edits } = await proposeEdits(mapped, video, { ...edit, out: join(scratch, 'edits'), auto: true });
  expect(largest(edits[0].picture, expected[1])).toBeLessThanOrEqual(1);
  const sidecar = JSON.parse(readFileSync(join(scratch, 'edits/edit.json'), 'utf8'));
  expect(sidecar.controls).toEqual([{ ...controls[0], start: 0, end: 1 }]);
  await expect(findProposals(model, video, { ...edit, out: join(scratch, 'edits') })).rejects.toThrow('controls');
  const sweep = await strengthSweep(mapped, video, {
    ...own,
    strengths: [strength],
    seed,
    out: join(scratch, 'mapped'),
  });
  const { outputs } = await measure(await openVideo(video), { one: found });
  expect(sweep.cells[0].metrics).toEqual(outputs.one.means);

  const { controls: [before] = [] } = await hashModel(mapped);
  await writePicture(join(map, 'frame-00001.png'), frames[0]);
  const { controls: [after] = [] } = await hashModel(mapped);
  expect(after).toEqual({ ...before, map: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(after.map).not.toBe(before.map);
});

test('proposals under a control go up to full noise', async () => {
  const request = { prompt: 'a city', steps: 4, seeds: [1], size: 32, track: false };
  const { edits } = await proposeEdits(model, video, { ...request, out: join(scratch, 'strengths') });
  expect(edits.map(({ strength }) => strength).sort()).toEqual([0.75, 0.9, 1]);
});

test('a low-rank update counts for the UNet alone: merged into its weights, the control gives the same', async () => {
  const name = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
  const plain = await smallestCheckpoint(scratch, { dtype: 'float32' });
  const file = 'unet/diffusion_pytorch_model.safetensors';
  const { tensors } = await readSafetensorsHeader(join(plain, file));
  const weights: Record<string, Tensor> = {};
  for (const [key, entry] of tensors) weights[key] = await readTensor(entry);
  const [down, up] = [randn(1, [2, 8]), randn(2, [8, 2])];
  const lora = join(scratch, 'lora.safetensors');
  await writeSafetensors(lora, { [`unet.${name}.lora_A.weight`]: down, [`unet.${name}.lora_B.weight`]: up });
  const merged = join(scratch, 'merged');
  cpSync(plain, merged, { recursive: true });
  const query = weights[`${name}.weight`] as Tensor<'float32'>;
  const data = query.data.map((value, i) => {
    const [row, column] = [Math.floor(i / 8), i % 8];
    return value + 0.7 * (up.data[2 * row] * down.data[column] + up.data[2 * row + 1] * down.data[8 + column]);
  });
  await writeSafetensors(join(merged, file), { ...weights, [`${name}.weight`]: { ...query, data } });
  const latent = randn(7, [1, 4, 4, 4]);
  const noise = randn(8, latent.shape);
  const conditions = [conditionTensor([frames[1]])];
  const controls = [{ kind: 'tile' as const, path: control, scale: 2 }];
  const last = async (path: string, loras: readonly { file: string; scale: number }[] = []): Promise<number[]> => {
    const opened = await loadModel(path, { device: 'cpu', controls, loras });
    let result = latent;
    for await (const step of img2img(opened, { ...settings, latent, noise, conditions })) result = step.latent;
    return [...result.data];
  };
  const expected = await last(merged);
  const found = await last(plain, [{ file: lora, scale: 0.7 }]);
  const without = await last(plain);
  const off = (a: number[]): number => Math.max(...a.map((value, i) => Math.abs(value - expected[i])));
  expect(off(found)).toBeLessThan(1e-5);
  expect(off(without)).toBeGreaterThan(1e-3);
});

test('a finetuning measures without controls, and its previews follow them', async () => {
  const edits = [await neonFrame(1)];
  const out = join(scratch, 'tuned');
  const more = { iterations: 1, previewEvery: 1, objective: 'rendering-path' as const, track: false as const };
  const result = await finetune(model, street(3), { ...quick(out, edits, more) });
  expect(result.forgetting).toHaveLength(2);
  const { pictures, from, strength } = (await readPreview(out, 1))!;
  const tuned = await result.model();
  const shown = (await collect(street(3))).slice(from, from + 2);
  const previewed = { prompt: edits[0].prompt, steps: 8, guidanceScale: 1, strength };
  const found = await collect(restyle(tuned, shown, previewed));
  for (const [i, file] of pictures.entries()) expect(largest(await readPicture(file), found[i])).toBeLessThanOrEqual(1);
});

test('a control without a kind is refused where conditions would be made', async () => {
  const bare = await loadModel(checkpoint, { device: 'cpu', controls: [{ path: control }] });
  await expect(collect(restyle(bare, frames, settings))).rejects.toThrow(`${control}: this control has no kind`);
});
