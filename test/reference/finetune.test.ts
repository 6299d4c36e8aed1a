// A finetuning of all weights compared with PyTorch (live if it is installed, and always with stored numbers), and its files
// compared with diffusers reading them.
//
// fixtures/finetune.safetensors was written by this test with STEADYFRAME_UPDATE_FIXTURES=1: numbers of torch 2.13 and
// diffusers 0.42 for the draws of this test.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamed } from '../../src/lib/base/streamed.js';
import { writeRandomCheckpoint } from '../../src/lib/models/checkpoint/random-checkpoint.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readSafetensors, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { encodeItems, takeFrames } from '../../src/lib/training/finetune/encode-items.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { type FinetuneOptions, finetuneSettings, whatIsTrained } from '../../src/lib/training/finetune/options.js';
import type { FinetuneResult } from '../../src/lib/training/finetune/result.js';
import { trainedModel } from '../../src/lib/training/finetune/trained-model.js';
import { trainedWeights } from '../../src/lib/training/finetune/trained-weights.js';
import { prepareFinetuning } from '../../src/lib/training/finetune/work.js';
import { constantAfterWarmup } from '../../src/lib/training/loop/learning-rate.js';
import type { Draw } from '../../src/lib/training/loss/denoising-batch.js';
import { SMALLEST, scratchFolder } from '../sweeps/tiny.js';
import { neonFrame, quick, street } from '../training/tiny-finetune.js';
import { relativeError } from './pack.js';
import { askPython, hasPython, pythonNote } from './python.js';

type Tensors = Record<string, Tensor<'float32'>>;

const CASES = [
  ['epsilon', 'noised-original'],
  ['v_prediction', 'noised-original'],
  ['v_prediction', 'rendering-path'],
] as const;
const FIXTURE = fileURLToPath(new URL('./fixtures/finetune.safetensors', import.meta.url));
const scratch = scratchFolder();
const probe = { sample: randn(1, [1, 4, 4, 4]), timesteps: randn(0, [1]), context: randn(2, [1, 77, 8]) };
probe.timesteps.data[0] = 301;

interface Trained {
  readonly name: string;
  readonly folder: string;
  readonly options: FinetuneOptions;
  readonly result: FinetuneResult;
  readonly draws: Draw[][][];
  /** All tensors of the trained UNet's file, and the in-memory model's output for the probe. */
  readonly after: Tensors;
  readonly output: Float32Array;
}

const trainings: Trained[] = [];
let expected: Tensors[] = [];
let stored: Tensors;

/** Writes the smallest checkpoint with CLIP's whole vocabulary, to which the stored numbers belong. */
async function checkpointOf(prediction: 'epsilon' | 'v_prediction'): Promise<string> {
  const folder = join(scratch, `checkpoint-${readdirSync(scratch).length}`);
  await writeRandomCheckpoint(folder, { ...SMALLEST, scheduler: { prediction_type: prediction } });
  return folder;
}

/** The UNet's output for the probe with the final weights in a training's state. */
async function outputOf(model: Model, options: FinetuneOptions, out: string, iteration: string): Promise<Float32Array> {
  const state = (await readSafetensors(join(out, `checkpoints/${iteration}/state.safetensors`))) as Tensors;
  const { names, adapters } = trainedWeights(model.checkpoint, whatIsTrained(finetuneSettings(options)), 0);
  const trained = new Map(names.map((name) => [name, state[`weights/${name}`]]));
  const view = trainedModel(model, { frozen: model.checkpoint.unet.weights, adapters, trained });
  try {
    return (await view.predict(probe.sample, probe.timesteps, probe.context)).data;
  } finally {
    await view.dispose();
  }
}

async function train(prediction: 'epsilon' | 'v_prediction', objective: 'noised-original' | 'rendering-path') {
  const folder = await checkpointOf(prediction);
  const model = await loadModel(folder, { device: 'cpu' });
  try {
    const name = `${prediction} ${objective}`;
    const edits = [await neonFrame(2), await neonFrame(4)];
    const options = quick(join(scratch, name), edits, {
      objective,
      train: 'all',
      ...{
        trainingFrames: 2,
        iterations: 2,
        trainingBatch: 2,
        accumulate: 2,
        clipNorm: 0.5,
        warmup: 2,
        learningRate: 2e-3,
      },
      heldAsidePrompts: [],
    });
    const settings = finetuneSettings(options);
    const encoded = await encodeItems(
      model,
      await takeFrames({ frames: () => streamed(street()) }, { trainingFrames: 2, edits, also: () => [] }),
      edits,
    );
    const work = await prepareFinetuning(
      model,
      trainedWeights(model.checkpoint, whatIsTrained(settings), 0),
      encoded,
      settings,
    );
    const draws = [0, 1].map((iteration) => [0, 1].map((micro) => work.draws(iteration, micro)));
    await writeSafetensors(join(scratch, `${name} draws`), handedOver(model, draws, encoded.latentShape));
    // Equal graphs share an open session.
    const result = await finetune(model, street(), options);
    await work.dispose();
    const after = await readSafetensors(join(result.result, 'unet/diffusion_pytorch_model.safetensors'));
    const output = await outputOf(model, options, options.out!, '000002');
    trainings.push({ name, folder, options, result, draws, after: after as Tensors, output });
  } finally {
    await model.dispose();
  }
}

/** Draws for PyTorch, with leading axes [iteration, micro, row]. */
function handedOver(model: Model, draws: Draw[][][], latent: readonly number[]): Record<string, Tensor> {
  const flat = draws.flat(2);
  const axes = [draws.length, draws[0].length, draws[0][0].length];
  const stack = (shape: readonly number[], part: (draw: Draw) => Float32Array): Tensor =>
    tensor('float32', [...axes, ...shape], Float32Array.from(flat.flatMap((draw) => [...part(draw)])));
  return {
    original: stack(latent, ({ item }) => item.original),
    edited: stack(latent, ({ item }) => item.edited ?? item.original),
    noise: stack(latent, ({ noise }) => noise),
    context: stack([77, model.config.unet.crossAttentionDim], ({ item }) => item.context),
    timestep: stack([], ({ timestep }) => Float32Array.of(timestep)),
    start: stack([], ({ start }) => Float32Array.of(start ?? -1)),
    paired: stack([], ({ item }) => Float32Array.of(item.edited ? 1 : 0)),
  };
}

/** The stored part of PyTorch's results: losses, norms of gradients, the probe's output, the norm of each weight. */
function reduced(all: readonly Tensors[]): Tensors {
  const kept: Tensors = {};
  all.forEach(({ losses, norms, output, ...weights }, i) => {
    const lengths = Object.keys(weights)
      .sort()
      .map((name) => Math.hypot(...weights[name].data));
    Object.assign(kept, { [`${i}.losses`]: losses, [`${i}.norms`]: norms, [`${i}.output`]: output });
    kept[`${i}.lengths`] = tensor('float32', [lengths.length], Float32Array.from(lengths));
  });
  return kept;
}

/** LoRA of every group of layers with a scale other than 1, and attention weights alone. */
const exported: { kind: string; lora: string | null; pipeline: string; output: Float32Array; reread: Float32Array }[] =
  [];

async function exportOf(
  what: Pick<FinetuneOptions, 'train' | 'rank' | 'alpha' | 'layers'> & { train: 'lora' | 'attention' },
  prediction: 'epsilon' | 'v_prediction',
) {
  const folder = await checkpointOf(prediction);
  const model = await loadModel(folder, { device: 'cpu' });
  try {
    const options = quick(join(scratch, `export ${what.train}`), [await neonFrame(2)], {
      ...{ ...what, iterations: 2, learningRate: 1e-2, heldAsidePrompts: [] },
    });
    const { result, kind } = await finetune(model, street(), options);
    const output = await outputOf(model, options, options.out!, '000002');
    const lora = kind === 'lora' ? result : null;
    const pipeline = lora ? folder : result;
    const read = await loadModel(pipeline, { device: 'cpu', loras: lora ? [{ file: lora }] : [] });
    const reread = (await read.predict(probe.sample, probe.timesteps, probe.context)).data;
    await read.dispose();
    exported.push({ kind: what.train, lora, pipeline, output, reread });
  } finally {
    await model.dispose();
  }
}

beforeAll(async () => {
  for (const [prediction, objective] of CASES) await train(prediction, objective);
  const layers = ['attention', 'feed-forward', 'convolutions'] as const;
  await exportOf({ train: 'lora', rank: 3, alpha: 1.5, layers }, 'epsilon');
  await exportOf({ train: 'attention' }, 'v_prediction');
  if (hasPython) {
    await writeSafetensors(join(scratch, 'probe'), probe);
    const rates = [0, 1].map(constantAfterWarmup(2e-3, 2));
    askPython('finetune_peer.py', [
      ...trainings.map(({ name, folder, options: { objective } }) => ({
        ...{ mode: 'train', unet: join(folder, 'unet'), scheduler: join(folder, 'scheduler'), objective },
        ...{ clip: 0.5, decay: 0.01, rates },
        ...{
          draws: join(scratch, `${name} draws`),
          probe: join(scratch, 'probe'),
          out: join(scratch, `${name} expected`),
        },
      })),
      ...exported.map(({ kind, lora, pipeline }) => ({
        ...{ mode: 'unet', pipeline, lora, inputs: join(scratch, 'probe'), out: join(scratch, `${kind} output`) },
      })),
    ]);
    for (const { name } of trainings) {
      expected.push((await readSafetensors(join(scratch, `${name} expected`))) as Tensors);
    }
    if (process.env.STEADYFRAME_UPDATE_FIXTURES === '1') await writeSafetensors(FIXTURE, reduced(expected));
  }
  stored = (await readSafetensors(FIXTURE)) as Tensors;
});
afterAll(() => {
  expected = [];
});

test('draws take every item once in a pass', () => {
  for (const { draws } of trainings) {
    const rows = draws.flat(2).map(({ item }) => `${item.frame} ${item.prompt}`);
    for (const pass of [rows.slice(0, 4), rows.slice(4)]) expect(new Set(pass).size).toBe(4);
  }
});

describe('finetuning all weights comes to the numbers of PyTorch', () => {
  test.each(CASES.map((names, i) => [names.join(', '), i] as const))('%s', (_, i) => {
    const { result, after, output } = trainings[i];
    const own = reduced([
      { ...after, losses: list(result.losses), norms: list(result.gradientNorms), output: list(output) },
    ]);
    for (const [key, bound] of [
      ['losses', 1e-5],
      ['norms', 1e-5],
      ['output', 1e-5],
      ['lengths', 1e-5],
    ] as const) {
      expect(relativeError(own[`0.${key}`].data, stored[`${i}.${key}`].data), key).toBeLessThan(bound);
    }
  });
});

describe.skipIf(!hasPython)(`finetuning all weights agrees with PyTorch, weight by weight${pythonNote}`, () => {
  test.each(CASES.map((names, i) => [names.join(', '), i] as const))('%s', (_, i) => {
    const { result, after, output } = trainings[i];
    const { losses, norms, output: theirs, ...weights } = expected[i];
    expect(relativeError(result.losses, losses.data)).toBeLessThan(1e-5);
    expect(relativeError(result.gradientNorms, norms.data)).toBeLessThan(1e-5);
    expect(relativeError(output, theirs.data)).toBeLessThan(1e-5);
    expect(Object.keys(weights).sort()).toEqual(Object.keys(after).sort());
    const join = (tensors: Tensors) =>
      Float32Array.from(Object.keys(weights).flatMap((name) => [...tensors[name].data]));
    const [ours, truth] = [join(after), join(weights)];
    expect(Math.hypot(...ours.map((value, j) => value - truth[j])) / Math.hypot(...truth)).toBeLessThan(1e-5);
    // AdamW divides by the gradient's magnitude: if that is about 1e-8, its rounding determines the step.
    for (const [name, { data }] of Object.entries(weights)) {
      expect(relativeError(after[name].data, data), name).toBeLessThan(2e-4);
    }
  });
});

describe('what a finetuning writes', () => {
  test('gives, read again, the bits of the model that was trained, or nearly', () => {
    for (const { output, reread } of exported) expect(relativeError(reread, output)).toBeLessThan(1e-5);
  });

  test.skipIf(!hasPython)(`is read by diffusers, whose UNet then says the same${pythonNote}`, async () => {
    for (const { kind, output } of exported) {
      const theirs = (await readSafetensors(join(scratch, `${kind} output`))) as Tensors;
      expect(relativeError(output, theirs.output.data), kind).toBeLessThan(1e-5);
    }
  });
});

const list = (values: ArrayLike<number>): Tensor<'float32'> =>
  tensor('float32', [values.length], Float32Array.from(values));
