// Finetuning on a tiny checkpoint: it learns, resumes bit-identically, renders previews, and reports errors.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NonFiniteError } from '../../src/lib/base/errors.js';
import { unseal } from '../../src/lib/base/sealed-json.js';
import type { Correspondence, SourceFrame } from '../../src/lib/consistency/motion.js';
import { decodeFrame, encodeFrame, restyleLatents } from '../../src/lib/diffusion/restyle.js';
import type { EditedFrame } from '../../src/lib/edits/edited-frame.js';
import { openSessions } from '../../src/lib/engine/onnx/compile.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { type FinetuneOptions, isCheckpoint } from '../../src/lib/training/finetune/options.js';
import type { FinetuneResult } from '../../src/lib/training/finetune/result.js';
import type { FinetuneStep } from '../../src/lib/training/finetune/step.js';
import { warnOfMovedEdits } from '../../src/lib/training/finetune/warn-of-moved-edits.js';
import { estimateFlow } from '../../src/lib/video/flow/estimate-flow.js';
import { readPicture } from '../../src/lib/video/still.js';
import { hashes, scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';
import { framesOf, neonFrame, quick, street } from './tiny-finetune.js';

const scratch = scratchFolder();
let folder: string;
let model: Model;
let edit: EditedFrame;
let video: readonly Frame[];
/** Sessions that are open while no model is. */
let idle: number;

beforeAll(async () => {
  video = await framesOf(street());
  // The network of motions, which moving noise needs, stays open for all.
  await estimateFlow(video[0], video[1], 'network');
  idle = openSessions();
  folder = await smallestCheckpoint(scratch);
  model = await loadModel(folder, { device: 'cpu' });
  edit = await neonFrame(2);
});
afterAll(() => model.dispose());

interface Outcome {
  readonly steps: FinetuneStep[];
  /** The result of a finished training. */
  readonly result: FinetuneResult;
}

/** Runs a finetuning to its end, or until `stop` returns true after a step. */
async function run(options: FinetuneOptions, stop: (step: FinetuneStep) => boolean = () => false): Promise<Outcome> {
  const steps: FinetuneStep[] = [];
  const running = finetune(model, video, options);
  for await (const step of running) {
    steps.push(step);
    if (stop(step)) return { steps, result: undefined as never };
  }
  return { steps, result: await running };
}

/** Hashes of states and results, without durations. */
const bits = (out: string) =>
  Object.fromEntries(Object.entries(hashes(out)).filter(([name]) => !/(record|result)\.json$/.test(name)));

test('checkpoints come at 100, 200, 400 and every 200 after that', () => {
  const planned = Array.from({ length: 1000 }, (_, i) => i + 1).filter((iteration) => isCheckpoint(iteration, 200));
  expect(planned).toEqual([100, 200, 400, 600, 800, 1000]);
});

describe('resuming', () => {
  const options = (name: string, more: Partial<FinetuneOptions> = {}): FinetuneOptions =>
    quick(join(scratch, name), [edit], {
      ...{ iterations: 8, checkpointEvery: 4, previewEvery: 4, averageDecay: 0.9, accumulate: 2, ...more },
    });
  let whole: Outcome;
  beforeAll(async () => {
    whole = await run(options('whole'));
  });

  test('the uninterrupted training keeps its checkpoints and says what it did', () => {
    expect(readdirSync(join(scratch, 'whole')).sort()).toEqual(
      ['checkpoints', 'lora.safetensors', 'previews', 'result.json', 'settings.json'].sort(),
    );
    expect(whole.result).toMatchObject({ kind: 'lora', iterations: 8, checkpoints: [2, 4, 8] });
    expect(whole.steps.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(whole.result.losses).toEqual(whole.steps.map(({ loss }) => loss));
    expect(whole.result.gradientNorms).toEqual(whole.steps.map(({ gradientNorm }) => gradientNorm));
    expect(whole.result.forgetting.map(({ iteration }) => iteration)).toEqual([0, 2, 4, 8]);
    expect(whole.result.items).toEqual([
      ...[1, 3, 5].map((frame) => ({ frame, prompt: '', edited: false })),
      { frame: 2, prompt: edit.prompt, edited: true },
    ]);
    const told = unseal<{ files: Record<string, string> }>(
      'result',
      readFileSync(join(scratch, 'whole/result.json'), 'utf8'),
    );
    expect(told.isChecked).toBe(true);
    const { files, ...value } = told.value;
    expect(Object.keys(files)).toContain('lora.safetensors');
    const { out, model: _, ...rest } = whole.result;
    expect(out).toBe(join(scratch, 'whole'));
    expect(value).toEqual({ ...rest, result: 'lora.safetensors' });
    expect(JSON.stringify(told)).not.toContain(scratch);
  });

  test('stopped by a signal it keeps its state, and ends with the same bits', async () => {
    const controller = new AbortController();
    const stopping = run({ ...options('stopped'), signal: controller.signal }, ({ iteration }) => {
      if (iteration === 3) controller.abort(new Error('enough'));
      return false;
    });
    await expect(stopping).rejects.toThrow('enough');
    const checkpoints = () => readdirSync(join(scratch, 'stopped/checkpoints'));
    expect(checkpoints()).toEqual(['000002', '000003']);
    const rest = await run(options('stopped', { resume: true }));
    expect(rest.steps[0].iteration).toBe(4);
    expect(checkpoints()).toEqual(['000002', '000004', '000008']);
    expect(bits(join(scratch, 'stopped'))).toEqual(bits(join(scratch, 'whole')));
    expect(rest.result.losses).toEqual(whole.result.losses);
    expect(rest.result.forgetting).toEqual(whole.result.forgetting);
  });

  test('left without a word it goes on from the last checkpoint, and ends with the same bits', async () => {
    await run(options('left'), ({ iteration }) => iteration === 7);
    const rest = await run(options('left', { resume: true }));
    expect(rest.steps[0].iteration).toBe(5);
    expect(rest.steps[0].before?.iteration).toBe(4);
    expect(bits(join(scratch, 'left'))).toEqual(bits(join(scratch, 'whole')));
    expect(rest.result.losses).toEqual(whole.result.losses);
  });

  test('a damaged checkpoint is not gone on from, but made again, to the same bits', async () => {
    const out = join(scratch, 'rot');
    await run(options('rot'), ({ iteration }) => iteration === 7);
    for (const file of ['state.safetensors', 'record.json']) {
      const path = join(out, 'checkpoints/000004', file);
      const bytes = readFileSync(path);
      bytes[bytes.length - 40] ^= 1;
      writeFileSync(path, bytes);
      const warnings: string[] = [];
      const onWarning = (message: string) => warnings.push(message);
      const rest = await run(options('rot', { resume: true, onWarning }), (step) => step.iteration === 4);
      expect(rest.steps[0].iteration).toBe(3);
      expect(warnings.filter((message) => message.includes('is damaged'))).toEqual([
        expect.stringContaining(`000004/${file}: is damaged`),
      ]);
    }
    const rest = await run(options('rot', { resume: true }));
    expect(rest.steps[0].iteration).toBe(5);
    expect(bits(out)).toEqual(bits(join(scratch, 'whole')));
  });

  test('another number of iterations trains on from the nearest checkpoint that is not past it', async () => {
    expect(existsSync(join(scratch, 'left/checkpoints/000002'))).toBe(true);
    const fewer = await run(options('left', { resume: true, iterations: 3 }));
    expect(fewer.steps.map(({ iteration }) => iteration)).toEqual([3]);
    expect(fewer.result.losses).toEqual(whole.result.losses.slice(0, 3));
    const more = await run(options('left', { resume: true, iterations: 9, checkpointEvery: 3, previewEvery: 0 }));
    expect(more.steps.map(({ iteration }) => iteration)).toEqual([9]);
    expect(more.result.losses.slice(0, 8)).toEqual(whole.result.losses);
    // Without remaining work, the result is written again.
    const same = await run(options('left', { resume: true }));
    expect(same.steps).toEqual([]);
    expect(readFileSync(same.result.result)).toEqual(readFileSync(whole.result.result));
  });

  test('a cosine falls to 0 at the last iteration, and cannot end elsewhere', async () => {
    const cosine = (more: Partial<FinetuneOptions> = {}) =>
      options('cosine', { schedule: 'cosine', iterations: 4, warmup: 1, previewEvery: 0, accumulate: 1, ...more });
    const { steps } = await run(cosine());
    const falling = [0, 1, 2].map((i) => 1e-3 * 0.5 * (1 + Math.cos((Math.PI * i) / 3)));
    for (const [i, { learningRate }] of steps.entries()) {
      expect(learningRate).toBeCloseTo(i === 0 ? 1e-3 : falling[i - 1], 12);
    }
    await expect(run(cosine({ resume: true, iterations: 6 }))).rejects.toThrow('(cosineOver: 4 before, 6 now)');
  });

  test('with warped noise it learns other draws, resumes to the same bits, and depends on every frame', async () => {
    const warped = (name: string, more: Partial<FinetuneOptions> = {}) =>
      options(name, { trainingNoise: 'warped', iterations: 3, checkpointEvery: 2, previewEvery: 0, ...more });
    const all = await run(warped('warped'));
    expect(all.result.losses[0]).not.toBe(whole.result.losses[0]);
    expect(all.result.settings.warpedNoise).toMatchObject({ estimated: true });
    expect(whole.result.settings).not.toHaveProperty('warpedNoise');
    await run(warped('warped-left'), ({ iteration }) => iteration === 2);
    await run(warped('warped-left', { resume: true }));
    expect(bits(join(scratch, 'warped-left'))).toEqual(bits(join(scratch, 'warped')));
    const still = ({ frame: { width, height } }: SourceFrame): Correspondence => ({
      flow: { width, height, data: new Float32Array(2 * width * height) },
      visible: new Uint8Array(width * height).fill(1),
    });
    await expect(run(warped('warped', { resume: true, motion: still }))).rejects.toThrow('warpedNoise.estimated');
  });

  test('other settings are refused with their differences, as is a folder that is not asked to be continued', async () => {
    const other = options('whole', { resume: true, learningRate: 2e-3, timestepRange: [250, 500] });
    await expect(run(other)).rejects.toThrow(
      /cannot be continued with other settings \(learningRate: 0.001 before, 0.002 now; timestepRange.0: 0 before, 250 now\)/,
    );
    const another = { ...edit, prompt: 'a sketch' };
    await expect(run({ ...options('whole', { resume: true }), edits: [another] })).rejects.toThrow(
      /edits.0.prompt: "a neon city at night" before, "a sketch" now/,
    );
    await expect(run(options('whole'))).rejects.toThrow(
      /holds a training already; resume it, or choose another folder/,
    );
    mkdirSync(join(scratch, 'foreign'));
    writeFileSync(join(scratch, 'foreign/notes.txt'), '');
    await expect(run(options('foreign', { resume: true }))).rejects.toThrow(/holds other files \(notes.txt\)/);
  });

  test('previews show what the result renders, and no session stays open', async () => {
    expect(whole.steps[0].before?.iteration).toBe(0);
    expect(whole.steps.filter(({ preview }) => preview).map(({ iteration }) => iteration)).toEqual([4, 8]);
    const { preview } = whole.steps[7];
    expect(preview).toMatchObject({ iteration: 8, prompt: edit.prompt, strength: 0.45, from: 2, firstTimestep: 251 });
    expect(preview!.metrics.edit_strength).toBeGreaterThan(0);
    const before = openSessions();
    const trained = await loadModel(folder, { device: 'cpu', loras: [{ file: whole.result.result }] });
    const frames = await framesOf(video);
    for (const [i, path] of preview!.pictures.entries()) {
      const latent = await encodeFrame(trained, frames[2 + i]);
      const [edited] = await restyleLatents(trained, [latent], 2 + i, {
        ...{ prompt: edit.prompt, strength: 0.45, steps: 8, guidanceScale: 1 },
      });
      const [shown, rendered] = [await readPicture(path), await decodeFrame(trained, edited)];
      expect(Math.max(...rendered.data.map((value, j) => Math.abs(value - shown.data[j])))).toBeLessThanOrEqual(1);
    }
    await trained.dispose();
    expect(openSessions()).toBe(before);
    await model.dispose();
    expect(openSessions()).toBe(idle);
    model = await loadModel(folder, { device: 'cpu' });
  });
});

describe('what is learned', () => {
  const learning = (name: string, more: Partial<FinetuneOptions>): FinetuneOptions =>
    quick(join(scratch, name), [edit], {
      ...{ iterations: 100, learningRate: 3e-3, trainingFrames: 0, timestepRange: [300, 310], train: 'all' },
      ...more,
    });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  let plain: Outcome;

  test('the loss falls, and more is forgotten as training goes on', async () => {
    plain = await run(learning('plain', { checkpointEvery: 50 }));
    const { losses, forgetting } = plain.result;
    expect(mean(losses.slice(-20))).toBeLessThan(0.75 * mean(losses.slice(0, 10)));
    const values = forgetting.map(({ value }) => value);
    expect(forgetting.map(({ iteration }) => iteration)).toEqual([25, 50, 100]);
    expect(values[0]).toBeGreaterThan(0);
    expect(values[2]).toBeGreaterThan(values[0]);
  });

  test('prior preservation begins at no loss of its own, and less is forgotten', async () => {
    const kept = await run(learning('kept', { priorPreservation: 3, checkpointEvery: 100 }));
    expect(kept.result.losses[0]).toBeCloseTo(plain.result.losses[0], 5);
    expect(kept.result.forgetting.at(-1)!.value).toBeLessThan(0.7 * plain.result.forgetting.at(-1)!.value);
  });

  test('on a model that has a LoRA already, that stays, and a second one comes beside it', async () => {
    const one = await run(quick(join(scratch, 'first'), [edit], { iterations: 2, heldAsidePrompts: [] }));
    const first = { file: one.result.result, scale: 200 };
    const both = await loadModel(folder, { device: 'cpu', loras: [first] });
    const out = join(scratch, 'second');
    let last: FinetuneStep | undefined;
    const onStep = (step: FinetuneStep) => {
      last = step;
    };
    const again = { iterations: 2, previewEvery: 2, learningRate: 1e-2, onStep };
    const tuned = await finetune(both, video, quick(out, [edit], again));
    await both.dispose();
    const shown = await readPicture(last!.preview!.pictures[0]);
    const second = { file: join(out, 'lora.safetensors') };
    const differences: number[] = [];
    for (const open of [() => tuned.model(), () => loadModel(folder, { device: 'cpu', loras: [second] })]) {
      const applied = await open();
      const latent = await encodeFrame(applied, (await framesOf(video))[2]);
      const render = { prompt: edit.prompt, strength: 0.45, steps: 8, guidanceScale: 1 };
      const rendered = await decodeFrame(applied, (await restyleLatents(applied, [latent], 2, render))[0]);
      differences.push(Math.max(...rendered.data.map((value, j) => Math.abs(value - shown.data[j]))));
      await applied.dispose();
    }
    expect(differences[0]).toBeLessThanOrEqual(1);
    expect(differences[1]).toBeGreaterThan(1);
    const { loras } = await tuned.model();
    expect(loras).toEqual([first, second]);
  });
});

describe('bad input', () => {
  const attempt = (more: Partial<FinetuneOptions>) => run(quick(join(scratch, 'bad'), [edit], more));

  test.each([
    [
      'an edit of a frame that is not there',
      () => ({ edits: [{ ...edit, frame: 6 }] }),
      /edit 1: it is of frame 6, which is not in the video \(its frames are 0 to 5\)/,
    ],
    ['no items', () => ({ edits: [], trainingFrames: 0 }), /the training set has 0 items/],
    ['no iterations', () => ({ iterations: 0 }), /iterations: the number is 0/],
    ['a learning rate of 0', () => ({ learningRate: 0 }), /learning rate: 0 is not possible/],
    ['a rank of 0', () => ({ rank: 0 }), /LoRA: the rank is 0/],
    ['unknown layers', () => ({ layers: ['all' as never] }), /LoRA: the layers are all, expected/],
    ['an empty range', () => ({ timestepRange: [500, 0] as const }), /timestep range: 500 to 0/],
    [
      'a strength of no step',
      () => ({ preview: { strength: 0.01 }, previewEvery: 1 }),
      /strength: 0.01 runs none of 50 steps/,
    ],
    ['no prior prompts', () => ({ priorPreservation: 1, priorPrompts: [] }), /prior preservation: there is no prompt/],
  ])('%s is refused before anything is written', async (_, more, sentence) => {
    await expect(attempt(more())).rejects.toThrow(sentence);
    expect(existsSync(join(scratch, 'bad/checkpoints'))).toBe(false);
  });

  test('an edit of another size is refused', async () => {
    const large = await neonFrame(2, 64);
    await expect(attempt({ edits: [edit, large] })).rejects.toThrow(
      "edit 2: the picture is 64x64 but the video's frames are 32x32; use an edit of the frame at that size",
    );
  });

  test('a video without frames is refused', async () => {
    const none: Frame[] = [];
    await expect(finetune(model, none, quick(join(scratch, 'bad'), [edit]))).rejects.toThrow(
      "there are no frames for 'frames'; give at least one",
    );
  });

  test('a loss that is not finite stops it, says at which item, and keeps the last checkpoint', async () => {
    const out = join(scratch, 'nan');
    const options = quick(out, [edit], { learningRate: 1e-3, checkpointEvery: 2, iterations: 2, heldAsidePrompts: [] });
    await run(options);
    const kept = hashes(join(out, 'checkpoints'));
    // The third state with NaN on disk, as after a failed run in memory.
    const { readSafetensors, writeSafetensors, readSafetensorsHeader } = await import(
      '../../src/lib/tensor/safetensors.js'
    );
    const state = join(out, 'checkpoints/000002/state.safetensors');
    const [tensors, { metadata }] = [await readSafetensors(state), await readSafetensorsHeader(state)];
    const { checksum: _, ...rest } = metadata; // as in versions without checksums
    const [name] = Object.keys(tensors).filter((key) => key.startsWith('weights/') && key.endsWith('.up'));
    tensors[name].data[0] = Number.NaN;
    await writeSafetensors(state, tensors, rest);
    const failure = await run({ ...options, iterations: 6, resume: true }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NonFiniteError);
    expect(String(failure)).toMatch(
      /training: the loss is NaN at iteration 3, with (edited frame 2 \("a neon city at night"\)|frame \d) at timestep \d+; the last checkpoint in .*nan is kept: lower the learning rate/,
    );
    expect(readdirSync(join(out, 'checkpoints'))).toEqual(['000001', '000002']);
    expect(hashes(join(out, 'checkpoints'))).toMatchObject({
      '000001/state.safetensors': kept['000001/state.safetensors'],
    });
  });

  test('an edit whose composition moved too far is warned of, with the measure', async () => {
    const [first] = await framesOf(street(6, 'photo', 128));
    const turned = { ...first, data: first.data.slice().reverse() };
    const warnings: string[] = [];
    const originals = new Map([[0, first]]);
    await warnOfMovedEdits([{ picture: turned, frame: 0, prompt: 'x' }], originals, (text) => warnings.push(text));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^the edit of frame 0 keeps 0\.\d\d of its composition, less than 0\.\d+ \(outlines agree 0/,
    );
    await warnOfMovedEdits([{ picture: first, frame: 0, prompt: 'x' }], originals, (text) => warnings.push(text));
    expect(warnings).toHaveLength(1);
  });
});
