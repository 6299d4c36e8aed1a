// The trainings of the demo model's parts, in a few updates each: runs, bit-identical resumes, and one-line errors.

import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type LatentSetOptions, openLatentSet } from '../../src/experiments/demo-model/latent-set.js';
import type { CaptionedLatents } from '../../src/experiments/demo-model/pretrain-denoiser.js';
import { PRETRAIN_DEFAULTS, type PretrainOptions } from '../../src/experiments/demo-model/pretrain-options.js';
import { type TrainPartOptions, trainPart } from '../../src/experiments/demo-model/train-part.js';
import { readLog } from '../../src/experiments/demo-model/training-log.js';
import { readNetwork } from '../../src/experiments/demo-model/write-network.js';
import { controlNetConfig } from '../../src/lib/models/config/controlnet.js';
import { loadModel } from '../../src/lib/models/model.js';
import { controlNetWeights } from '../../src/lib/models/networks/network-weights.js';
import { framesToImage } from '../../src/lib/tensor/frame.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { trainingSample } from '../../src/lib/world/sampling/training-sample.js';
import { hashes, scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const root = join(scratch, 'runs');

const settings = (name: string, more: Partial<PretrainOptions> = {}): TrainPartOptions => ({
  ...PRETRAIN_DEFAULTS,
  ...{ out: join(scratch, name), work: join(scratch, `${name}-work`), root, resume: false, fromWeights: false },
  ...{ batch: 1, pictures: 2, iterations: 3, saveEvery: 2, heldOut: 1, threads: 1 },
  ...more,
});
const latestRun = async () => (await listRuns({ root, orderBy: 'start_time DESC' }))[0];

test('the autoencoder: logged, written at each save, stopped and resumed to the same bits; its decoder alone', async () => {
  const saved: string[] = [];
  const onSaved = (iteration: number, note: string) => saved.push(`${iteration}: ${note}`);
  const whole = settings('whole');
  await trainPart('vae', { ...whole, onSaved });
  expect(saved).toEqual([
    expect.stringMatching(/^2: loss \d\.\d{4}, held-out PSNR \d+\.\d\d dB$/),
    expect.stringMatching(/^3: loss \d\.\d{4}, held-out PSNR \d+\.\d\d dB$/),
  ]);
  const run = await latestRun();
  expect(run).toMatchObject({
    ...{ experiment: 'pretrain', name: 'vae', status: 'finished', tags: { out: whole.out } },
    parameters: { part: 'vae', iterations: 3, batch: 1, pictures: 2, seed: 0, from_weights: false },
  });
  expect(run.metrics.loss).toMatchObject({ count: 3, step: 3 });
  expect(run.metrics.psnr).toMatchObject({ count: 2, step: 3 });
  const log = await readLog(whole.out, 'vae');
  expect(log.map(({ iteration }) => iteration)).toEqual([2, 3]);
  expect(log[1].psnr).toBe(run.metrics.psnr.last);
  const config = JSON.parse(readFileSync(join(whole.out, 'vae/config.json'), 'utf8'));
  expect(config.scaling_factor).toBe(log[1].scalingFactor);

  const parts = settings('parts');
  const controller = new AbortController();
  const stop = { onSaved: () => controller.abort(new Error('enough')), signal: controller.signal };
  await expect(trainPart('vae', { ...parts, ...stop })).rejects.toThrow('enough');
  expect(await latestRun()).toMatchObject({ status: 'interrupted' });
  await trainPart('vae', { ...parts, resume: true });
  expect(await latestRun()).toMatchObject({ status: 'finished' });
  expect(hashes(join(parts.out, 'vae'))).toEqual(hashes(join(whole.out, 'vae')));

  await trainPart('decoder', settings('parts', { iterations: 1 }));
  const decoder = await readLog(parts.out, 'decoder');
  expect(decoder.map(({ scalingFactor }) => scalingFactor)).toEqual([log[1].scalingFactor]);
});

test('the denoising network on the autoencoder that is there: a model that opens, and goes on from its weights', async () => {
  const { out, ...rest } = settings('unet');
  cpSync('models/demo/vae', join(out, 'vae'), { recursive: true });
  await trainPart('unet', { ...rest, out, iterations: 2 });
  const run = await latestRun();
  expect(run.metrics.loss).toMatchObject({ count: 2, step: 2 });
  const [line] = await readLog(out, 'unet');
  expect(line).toMatchObject({ iteration: 2, heldOutLoss: run.metrics.held_out_loss.last });
  const model = await loadModel(out, { device: 'cpu' });
  expect((await model.encodeText(['a street'])).shape).toEqual([1, 32, 128]);
  await model.dispose();
  const first = hashes(join(out, 'unet'));
  await trainPart('unet', { ...rest, out, iterations: 1, fromWeights: true });
  expect(hashes(join(out, 'unet'))).not.toEqual(first);
  expect(await readLog(out, 'unet')).toHaveLength(2);
});

test('the ControlNet: starts without effect, leaves the other networks as they are, and goes on after its end', async () => {
  const { out, ...rest } = settings('controlnet', { learningRate: 1e-2 });
  // The model as it is before it has a ControlNet.
  cpSync('models/demo', out, { recursive: true, filter: (path) => !path.includes('controlnet') });
  const before = hashes(join(out, 'unet'));
  await trainPart('controlnet', { ...rest, out, iterations: 1, saveEvery: 1 });
  const start = await readNetwork(join(out, 'controlnet-edges'));
  await trainPart('controlnet', { ...rest, out, iterations: 2, saveEvery: 9, resume: true });
  const log = await readLog(out, 'controlnet');
  expect(log.map(({ iteration }) => iteration)).toEqual([1, 2]);
  expect(hashes(join(out, 'unet'))).toEqual(before);

  const names = [...controlNetWeights(controlNetConfig(start.config, out)).keys()];
  expect([...start.weights.keys()].sort()).toEqual(names.sort());
  const { weights: base } = await readNetwork(join(out, 'unet'));
  const { weights } = await readNetwork(join(out, 'controlnet-edges'));
  const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));
  const shared = 'down_blocks.1.resnets.0.conv1.weight';
  const { data } = start.weights.get(shared)!;
  expect(largest(data.map((value, i) => value - base.get(shared)!.data[i]))).toBeLessThan(1e-3);
  const zero = 'controlnet_mid_block.weight';
  expect(largest(start.weights.get(zero)!.data)).toBeLessThan(1e-3);
  expect(largest(weights.get(zero)!.data)).toBeGreaterThan(largest(start.weights.get(zero)!.data));
});

test('latents with edges: a map of the photograph for each picture, from the disk too', async () => {
  const set = openLatentSet({ ...options, edges: true });
  expect(set.identity).toMatch(/, edges$/);
  const [{ edges }, [held]] = [await set.samples(0), await set.heldOut(1)];
  expect([edges, held.edges].map((maps) => maps?.map(({ length }) => length))).toEqual([
    [128 * 128, 128 * 128],
    [128 * 128, 128 * 128],
  ]);
  const share = edges!.map((map) => map.reduce((sum, value) => sum + value, 0) / map.length);
  for (const part of share) expect(part).toBeGreaterThan(0.02);
  for (const part of share) expect(part).toBeLessThan(0.5);
  expect((await openLatentSet({ ...options, edges: true }).samples(0)).edges).toEqual(edges);
});

test.each([
  ['no iterations', { iterations: 0 }, 'iterations: the number is 0'],
  ['half a picture', { batch: 0.5 }, 'batch: the number of pictures is 0.5'],
  ['no network to start from', { fromWeights: true }, 'refused'],
])('%s is refused, and nothing is written', async (_, more, sentence) => {
  await expect(trainPart('vae', settings('refused', more))).rejects.toThrow(sentence);
  expect(existsSync(join(scratch, 'refused'))).toBe(false);
});

test('the denoising network without its autoencoder is refused', async () => {
  await expect(trainPart('unet', settings('bare'))).rejects.toThrow(join('bare', 'vae'));
});

let options: LatentSetOptions;
beforeAll(async () => {
  const model = await loadModel(await smallestCheckpoint(scratch), { device: 'cpu' });
  const folder = join(scratch, 'latents');
  options = { model, folder, seed: 5, pictures: 7, shard: 4, batch: 2, encoder: '0123456789abcdef' };
  return () => model.dispose();
});

/** The rows of some batches, each as text. */
const rows = (batches: readonly CaptionedLatents[]): string[] =>
  batches.flatMap(({ latents, ids }) => latents.map((latent, i) => `${latent.join()} ${ids[i].join()}`));

test('latents: every picture once a pass, each pass in another order, the same from the disk', async () => {
  const set = openLatentSet(options);
  expect(set.identity).toBe('world, seed 5, 8 pictures, encoder 0123456789abcdef');
  const passes = [];
  for (const first of [0, 4]) passes.push(rows(await Promise.all([0, 1, 2, 3].map((i) => set.samples(first + i)))));
  expect(new Set(passes[0]).size).toBe(8);
  expect(passes[1].toSorted()).toEqual(passes[0].toSorted());
  expect(passes[1]).not.toEqual(passes[0]);
  const again = openLatentSet(options);
  expect(rows([await again.samples(6)])).toEqual(passes[1].slice(4, 6));

  // Each is the scaled mean of the encoder's posterior, as float16, with the tokens of its caption.
  const { model, seed } = options;
  const { frame, caption } = trainingSample(seed, 6);
  const { mean } = await model.encodeImage(framesToImage([frame]));
  const all = await Promise.all([0, 1, 2, 3].map((i) => set.samples(i)));
  const ids = [...model.tokenize(caption)].join();
  const errors = all.flatMap(({ latents, ids: own }) =>
    latents
      .filter((_, i) => own[i].join() === ids)
      .map((latent) =>
        Math.max(...latent.map((value, i) => Math.abs(value - mean.data[i] * model.config.vae.scalingFactor))),
      ),
  );
  expect(Math.min(...errors)).toBeLessThan(2e-3);
});

test('latents: held-out pictures are none of those that are learned; a batch that divides no shard is refused', async () => {
  const set = openLatentSet(options);
  const learned = rows(await Promise.all([0, 1, 2, 3].map((i) => set.samples(i))));
  const held = await set.heldOut(2);
  expect(held.map(({ latents, ids }) => [latents.length, ids.length])).toEqual([
    [2, 2],
    [2, 2],
  ]);
  expect(rows(held).filter((row) => learned.includes(row))).toEqual([]);
  expect(() => openLatentSet({ ...options, batch: 3 })).toThrow('batch: 3 does not divide the 4 pictures of a shard');
});
