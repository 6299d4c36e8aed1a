// The run of a finetuning that is finished, stopped, resumed or prolonged.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256File } from '../../src/lib/base/hash.js';
import type { Progress } from '../../src/lib/base/progress.js';
import type { EditedFrame } from '../../src/lib/edits/edited-frame.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { openRun } from '../../src/lib/tracking/stored/open-run.js';
import { readProgress } from '../../src/lib/tracking/stored/run-stages.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import type { FinetuneOptions } from '../../src/lib/training/finetune/options.js';
import type { FinetuneResult } from '../../src/lib/training/finetune/result.js';
import type { FinetuneStep } from '../../src/lib/training/finetune/step.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';
import { neonFrame, quick, street } from './tiny-finetune.js';

const scratch = scratchFolder();
const root = join(scratch, 'runs');
let model: Model;
let edit: EditedFrame;
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch), { device: 'cpu' });
  edit = await neonFrame(2);
});
afterAll(() => model.dispose());

/** Trains to the end, or until `stop` returns true after a step. */
async function trained(
  more: Partial<FinetuneOptions>,
  stop: (step: FinetuneStep) => boolean = () => false,
): Promise<FinetuneResult | undefined> {
  const { out: _, ...options } = quick('', [edit], {
    iterations: 4,
    checkpointEvery: 2,
    name: 'street',
    root,
    ...more,
  });
  const running = finetune(model, street(), options);
  for await (const step of running) if (stop(step)) return undefined;
  return running;
}

const runs = () => listRuns({ root, orderBy: 'start_time ASC' });
const historyOf = async (folder: string, key: string) => {
  const { histories } = await (await openRun(folder)).metrics();
  const { steps, values } = histories.get(key)!;
  return [...steps].map((step, i) => [step, values[i]]);
};

describe('a finetuning', () => {
  it('is a run with its settings, its course and its result', async () => {
    const told: Progress[] = [];
    const result = (await trained({ previewEvery: 2, onProgress: (progress) => told.push(progress) }))!;
    const [run] = await runs();
    const pictured = told.filter(({ picture }) => picture?.startsWith('data:image/jpeg;base64,'));
    expect(pictured.map(({ done }) => done)).toEqual([1, 2, 4]);
    expect(readProgress(run.folder)?.stages.map(({ name }) => name)).toEqual(expect.arrayContaining(['training']));
    expect(run).toMatchObject({
      ...{ experiment: 'finetune', name: 'street', status: 'finished', device: 'cpu' },
      parameters: {
        ...{ iterations: 4, training_frames: 3, learning_rate: 1e-3, train: 'lora', rank: 4, training_batch: 1 },
        ...{ edited_frames: [2], prompts: [edit.prompt], 'preview.strength': 0.45, video: 'street' },
      },
    });
    expect(result.out).toBe(join(run.folder, 'artifacts'));
    expect(await historyOf(run.folder, 'loss')).toEqual(result.losses.map((loss, i) => [i + 1, loss]));
    expect(await historyOf(run.folder, 'gradient_norm')).toEqual(result.gradientNorms.map((norm, i) => [i + 1, norm]));
    expect((await historyOf(run.folder, 'preview.edit_strength')).map(([step]) => step)).toEqual([0, 2, 4]);
    const artifacts = await (await openRun(run.folder)).artifacts();
    expect(artifacts.filter(({ image }) => image).map(({ image }) => image)).toEqual([
      { key: 'preview', step: 0 },
      { key: 'preview', step: 2 },
      { key: 'preview', step: 4 },
    ]);
    const lora = artifacts.find(({ name }) => name === 'lora.safetensors')!;
    expect(lora).toMatchObject({ path: result.result, sha256: await sha256File(result.result) });
  });

  it('that is left is interrupted, goes on as the same run, and has every iteration once', async () => {
    await trained({ trainingSeed: 1 }, ({ iteration }) => iteration === 3);
    const [, before] = await runs();
    expect(before).toMatchObject({ status: 'interrupted', parameters: { training_seed: 1 } });
    const result = (await trained({ trainingSeed: 1, resume: true }))!;
    expect(result.out).toBe(join(before.folder, 'artifacts'));
    const [, after, ...more] = await runs();
    expect(more).toEqual([]);
    expect(after).toMatchObject({ id: before.id, status: 'finished' });
    expect(await historyOf(after.folder, 'loss')).toEqual(result.losses.map((loss, i) => [i + 1, loss]));
  });

  it('that is prolonged is another run in the same folder, with the whole course', async () => {
    const [, before] = await runs();
    const result = (await trained({ trainingSeed: 1, resume: true, iterations: 6 }))!;
    const out = join(before.folder, 'artifacts');
    expect(result.out).toBe(out);
    const [, first, second, ...more] = await runs();
    expect(more).toEqual([]);
    expect(first).toEqual(before);
    expect(second).toMatchObject({ status: 'finished', parameters: { iterations: 6 }, tags: { out } });
    expect(await historyOf(second.folder, 'loss')).toEqual(result.losses.map((loss, i) => [i + 1, loss]));
  });

  it('is refused with other settings under the name of one that stopped', async () => {
    await trained({ trainingSeed: 2 }, ({ iteration }) => iteration === 3);
    await expect(trained({ trainingSeed: 2, learningRate: 1e-2, resume: true })).rejects.toThrow(
      'cannot be continued with other settings (learningRate: 0.001 before, 0.01 now)',
    );
    expect(await runs()).toHaveLength(4);
  });

  it('is not remembered with track: false', async () => {
    const before = await runs();
    const result = (await trained({ trainingSeed: 3, track: false }))!;
    expect(result.out).toBe(join(root, 'finetune', 'street-5'));
    expect(existsSync(result.result)).toBe(true);
    expect(await runs()).toEqual(before);
  });
});
