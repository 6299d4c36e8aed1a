// Runs of a comparison: its own and a child per rendering, also after an interruption and a resume.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256File } from '../../src/lib/base/hash.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { openRun } from '../../src/lib/tracking/stored/open-run.js';
import { readProgress } from '../../src/lib/tracking/stored/run-stages.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const common = {
  prompt: 'a street at night',
  strengths: [0.5, 1],
  steps: 4,
  size: { width: 32, height: 32 },
  frames: 3,
};
let model: Model;
let video: string;
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  video = await shot(scratch, 'street.mp4');
});
let roots = 0;
const fresh = () => join(scratch, `runs-${roots++}`);

describe('a comparison', () => {
  it('is a run whose artifacts are its folder, with one part a rendering', async () => {
    const root = fresh();
    const result = await strengthSweep(model, video, { ...common, root, command: 'npm run night' });
    const runs = await listRuns({ root, orderBy: 'start_time ASC' });
    const [whole, ...parts] = runs;
    expect(result.out).toBe(join(whole.folder, 'artifacts'));
    expect(whole).toMatchObject({
      ...{ experiment: 'sweep', status: 'finished', command: 'npm run night', device: 'cpu' },
      parameters: {
        ...{
          video: 'street.mp4',
          prompt: 'a street at night',
          steps: 4,
          sampler: 'ddim',
          guidance: 7.5,
          size: '32x32',
        },
        ...{ strength: [0.5, 1], seed: 42, frames_to_render: 6, noise: 'fixed' },
      },
    });
    expect(whole.inputs.map(({ kind, name }) => [kind, name])).toEqual([
      ['video', 'street.mp4'],
      ['model', expect.stringMatching(/^checkpoint-/)],
    ]);
    expect(whole.inputs[0].sha256).toBe(await sha256File(video));
    expect(whole.metrics.frames_rendered.last).toBe(6);
    expect(whole.metrics['source.frame_difference'].last).toBe(result.source.frame_difference);
    const artifacts = await (await openRun(whole.folder)).artifacts();
    expect(artifacts.map(({ name }) => name).sort()).toEqual([
      ...['curves.csv', 'grid.mp4', 'result.json', 'round-trip.mp4'],
    ]);

    // What each part took is what its stage of the whole took.
    const { stages, now } = readProgress(whole.folder)!;
    const denoising = stages.slice(2, 4);
    expect(now).toBeUndefined();
    expect(stages.map(({ name }) => name)).toEqual([
      ...['reading frames', 'encoding', 'denoising strength 0.5', 'denoising strength 1'],
      ...['measuring', 'writing videos'],
    ]);
    const times = (each: { start: number; end?: number }) => [each.start, each.end];
    expect(parts.map(({ start, end = '' }) => [Date.parse(start), Date.parse(end)])).toEqual(denoising.map(times));
    for (const { start, end = 0, seconds } of stages) expect(1000 * seconds).toBeCloseTo(end - start, 3);

    expect(parts.map(({ name, parent, status }) => [name, parent, status])).toEqual([
      ['strength-0.5', whole.id, 'finished'],
      ['strength-1', whole.id, 'finished'],
    ]);
    for (const [i, part] of parts.entries()) {
      const { metrics, video: path, strength } = result.cells[i];
      expect(part.parameters).toMatchObject({ strength, guidance: 7.5, method: 'img2img' });
      for (const [name, value] of Object.entries(metrics)) expect(part.metrics[name]?.last ?? null, name).toBe(value);
      const stored = await openRun(part.folder);
      expect(await stored.artifacts()).toMatchObject([
        { name: `strength-${strength}.mp4`, sha256: await sha256File(path) },
      ]);
      // The curves of curves.csv, by frame.
      const [head, ...lines] = readFileSync(result.curves, 'utf8').split('\n');
      const column = head.split(',').indexOf('edit_strength');
      const rows = lines.filter((row) => row.startsWith(part.name));
      const history = (await stored.metrics()).histories.get('per_frame.edit_strength');
      expect([...history!.steps]).toEqual([0, 1, 2]);
      expect(rows.map((row) => Number(row.split(',')[column]))).toEqual([...history!.values]);
    }
  });

  it('finds its filters', async () => {
    const root = fresh();
    await strengthSweep(model, video, { ...common, root });
    const found = await listRuns({ root, filter: "params.strength = '0.5' and metrics.edit_strength > 0" });
    expect(found.map(({ name }) => name)).toEqual(['strength-0.5']);
  });

  it('lies where it is told to, and its run says where', async () => {
    const root = fresh();
    const out = join(scratch, 'elsewhere');
    const result = await strengthSweep(model, video, { ...common, root, out });
    const [whole] = await listRuns({ root, filter: 'tags.out LIKE "%"' });
    expect(result.out).toBe(out);
    expect(whole.tags.out).toBe(out);
    const artifacts = await (await openRun(whole.folder)).artifacts();
    expect(artifacts.find(({ name }) => name === 'grid.mp4')).toMatchObject({
      path: join(out, 'grid.mp4'),
      sha256: await sha256File(result.grid),
    });
  });

  it('is not remembered with track: false, and logs to a run that is given', async () => {
    const root = fresh();
    const out = join(scratch, 'forgotten');
    await strengthSweep(model, video, { ...common, root, out, track: false });
    const { out: own } = await strengthSweep(model, video, { ...common, root, track: false });
    expect(own).toMatch(/[\\/]sweep[\\/]street-[0-9a-f]{8}$/);
    expect(await listRuns({ root })).toEqual([]);
    const run = await startRun({ experiment: 'mine', root, mlflow: false });
    const result = await strengthSweep(model, video, { ...common, root, track: run });
    expect(result.out).toBe(run.artifacts);
    expect(run.record).toMatchObject({ status: 'running', parameters: { strength: [0.5, 1] } });
    await run.finish();
    expect((await listRuns({ root })).map(({ name }) => name).sort()).toEqual(['mine', 'strength-0.5', 'strength-1']);
  });

  it('that stops is interrupted, and goes on as the same run', async () => {
    const root = fresh();
    const controller = new AbortController();
    const stopped = strengthSweep(model, video, {
      ...common,
      ...{ root, signal: controller.signal },
      onProgress: ({ label, done }) => label === 'denoising strength 1' && done > 8 && controller.abort(),
    });
    await expect(stopped).rejects.toThrow();
    const [before] = await listRuns({ root });
    expect(before).toMatchObject({ status: 'interrupted' });
    const result = await strengthSweep(model, video, { ...common, root, resume: true });
    expect(result.out).toBe(join(before.folder, 'artifacts'));
    const after = await listRuns({ root, orderBy: 'start_time ASC' });
    expect(after.map(({ name, status }) => [name, status])).toEqual([
      [before.name, 'finished'],
      ['strength-0.5', 'finished'],
      ['strength-1', 'finished'],
    ]);
    expect(after[0].id).toBe(before.id);
    // A second call has nothing to do or to add.
    await strengthSweep(model, video, { ...common, root, resume: true });
    expect(await listRuns({ root, orderBy: 'start_time ASC' })).toEqual(after);
    // Without resume, it is a new run.
    await strengthSweep(model, video, { ...common, root });
    expect(readdirSync(join(root, 'sweep'))).toContain(`${before.name}-2`);
  });

  it('that fails says why', async () => {
    const root = fresh();
    const failing = strengthSweep(model, video, {
      ...{ ...common, root },
      onProgress: ({ label }) => {
        if (label === 'measuring') throw new Error('out of paper');
      },
    });
    await expect(failing).rejects.toThrow('out of paper');
    expect(await listRuns({ root })).toMatchObject([{ status: 'failed', error: 'out of paper' }]);
  });

  it('that cannot begin leaves no run', async () => {
    const root = fresh();
    await expect(strengthSweep(model, video, { ...common, root, out: video })).rejects.toThrow('is a file');
    await expect(strengthSweep(model, video, { ...common, root, strengths: [2] })).rejects.toThrow('strength');
    expect(await listRuns({ root })).toEqual([]);
  });
});
