// Verification: no findings for intact files, and each kind of damage; also of a run's folder as a whole.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Progress } from '../../src/lib/base/progress.js';
import { openJournal } from '../../src/lib/base/record-journal.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import { verify } from '../../src/lib/sweeps/verify.js';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { steadyframe } from '../cli/run-command.js';
import { neonFrame, quick, street } from '../training/tiny-finetune.js';
import { scratchFolder, shot, smallestCheckpoint } from './tiny.js';

const scratch = scratchFolder();
const root = join(scratch, 'runs');
let model: Model;
let compared: string;
const tuned = join(scratch, 'tuned');
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch), { device: 'cpu' });
  const video = await shot(scratch, 'street', { frames: 2 });
  const request = { prompt: 'a street', strengths: [1], steps: 2, size: 32, root };
  compared = (await strengthSweep(model, video, request)).out;
  const options = quick(tuned, [await neonFrame(1)], { iterations: 2, checkpointEvery: 1, previewEvery: 2, root });
  await finetune(model, street(), options);
});
afterAll(() => model.dispose());

/** The findings after a temporary change to a file. */
async function after(path: string, change: (bytes: Buffer) => Buffer | undefined): Promise<string[]> {
  const before = readFileSync(path);
  const changed = change(Buffer.from(before));
  if (changed) writeFileSync(path, changed);
  else rmSync(path);
  try {
    const { damaged } = await verify([], { root });
    return damaged.map(({ reason }) => reason.replace(`${scratch}/`, ''));
  } finally {
    writeFileSync(path, before);
  }
}

const flip = (bytes: Buffer): Buffer => {
  bytes[bytes.length >> 1] ^= 1;
  return bytes;
};

it('finds nothing in what is whole', async () => {
  const found = await verify([], { root });
  expect(found).toMatchObject({ damaged: [], unchecked: [], running: [] });
  expect(found.files).toBeGreaterThan(20);
  const done: number[] = [];
  const onProgress = (progress: Progress): number => done.push(progress.done);
  expect(await verify([compared, tuned], { root, onProgress })).toMatchObject({ damaged: [], unchecked: [] });
  expect(done).toEqual([0, 1, 2]);
});

it.each<[string, () => string, (bytes: Buffer) => Buffer | undefined, RegExp]>([
  [
    'a video of one other bit',
    () => join(compared, 'strength-1.mp4'),
    flip,
    /strength-1\.mp4: is damaged \(its SHA-256 is [0-9a-f]{16}\.\.\., expected [0-9a-f]{16}\.\.\.\)$/,
  ],
  [
    'a video that is cut off',
    () => join(compared, 'grid.mp4'),
    (bytes) => bytes.subarray(0, 99),
    /grid\.mp4: is damaged/,
  ],
  ['curves that are missing', () => join(compared, 'curves.csv'), () => undefined, /curves\.csv: is missing$/],
  [
    'a state of one other bit',
    () => join(tuned, 'checkpoints/000001/state.safetensors'),
    flip,
    /state\.safetensors: is damaged/,
  ],
  [
    'weights of one other bit',
    () => join(tuned, 'checkpoints/000001/lora.safetensors'),
    flip,
    /000001\/lora\.safetensors: is damaged/,
  ],
  ['a preview of one other bit', () => join(tuned, 'previews/000002/sheet.png'), flip, /sheet\.png: is damaged/],
])('names %s', async (_, path, change, sentence) => {
  const found = await after(path(), change);
  expect(found).toEqual([expect.stringMatching(sentence)]);
});

it('names records of unfinished work, and counts what carries no checksum', async () => {
  const folder = join(scratch, 'unfinished', '.partial');
  mkdirSync(folder, { recursive: true });
  const journal = await openJournal(join(folder, 'source.rgb'), 4);
  for (const value of [1, 2]) await journal.append(new Uint8Array(4).fill(value));
  await journal.close();
  writeFileSync(join(folder, 'source.rgb'), Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0));
  writeFileSync(join(folder, 'latents.f32'), Uint8Array.of(1, 2, 3, 4));
  writeFileSync(join(scratch, 'unfinished', 'result.json'), '{"settings":{}}');
  const found = await verify([join(scratch, 'unfinished')]);
  expect(found.damaged.map(({ reason }) => reason)).toEqual([
    `${join(folder, 'source.rgb')}: is damaged (1 of 2 records have another checksum: 1)`,
  ]);
  expect(found.unchecked).toEqual([join(folder, 'latents.f32'), join(scratch, 'unfinished', 'result.json')]);
});

it('leaves out a run that is being written', async () => {
  const run = await startRun({ root: join(scratch, 'living'), experiment: 'now' });
  expect(await verify([], { root: join(scratch, 'living') })).toMatchObject({ damaged: [], running: [run.folder] });
  await run.finish();
});

it('as a command prints what is damaged, and ends with 1', async () => {
  const whole = await steadyframe(['verify', '--root', root]);
  expect([whole.code, whole.out]).toEqual([0, expect.stringMatching(/^\d+ files read back, 0 damaged\n$/)]);
  const path = join(compared, 'grid.mp4');
  const before = readFileSync(path);
  writeFileSync(path, before.subarray(1));
  const broken = await steadyframe(['verify', compared]);
  expect(broken.code).toBe(1);
  expect(broken.out).toMatch(/grid\.mp4: is damaged .*\n\d+ files read back, 1 damaged\n$/);
  expect(broken.err).toMatch(/^steadyframe: 1 file of \d+ damaged or missing\n/m);
  const json = JSON.parse((await steadyframe(['verify', compared, '--json'])).out);
  expect(json.damaged).toEqual([{ path, reason: expect.stringContaining('is damaged') }]);
  writeFileSync(path, before);
  expect((await steadyframe(['verify', join(scratch, 'nowhere')])).code).toBe(2);
});
