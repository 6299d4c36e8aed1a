// Whole sweeps in this process with a tiny checkpoint: files, shared work, changed sweep files, failures, and that halving
// compares all candidates of a rung together.

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/lib/base/errors.js';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { measure } from '../../src/lib/metrics/measure.js';
import { loadModel } from '../../src/lib/models/model.js';
import { readCurves } from '../../src/lib/renderings/curves.js';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import type { Executor } from '../../src/lib/sweeps/jobs/executor.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { planSweep, type RunSweepOptions, runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { secondsLeft } from '../../src/lib/sweeps/seconds-left.js';
import { sortedPoints } from '../../src/lib/sweeps/sweep-outcome.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { readProgress } from '../../src/lib/tracking/stored/run-stages.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writePicture } from '../../src/lib/video/still.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from './tiny.js';

const scratch = scratchFolder();
let head: string;
let model: string;
let video: string;

beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  // Pictures, so that no point has to start ffmpeg.
  video = await shot(scratch, 'street', { frames: 3 });
  head = `video: ${video}\nmodel: ${model}\nprompt: a street\nsize: 32x32\n`;
});

/** Writes a sweep file and reads it. */
async function sweep(name: string, text: string) {
  const path = join(scratch, `${name}.yaml`);
  writeFileSync(path, head + text);
  return readSweepFile(path);
}

/** An executor that records its jobs. */
function noting(inner: Executor = localExecutor()): Executor & { jobs: string[] } {
  const jobs: string[] = [];
  return {
    ...inner,
    jobs,
    run(job, hooks) {
      jobs.push(job.kind === 'training' ? `training ${job.iterations}` : job.kind);
      return inner.run(job, hooks);
    },
  };
}

const quiet = (options: RunSweepOptions): RunSweepOptions => ({ track: false, ...options });

const STRENGTHS = `method: grid
metric: {name: edit_strength, goal: maximize}
parameters:
  steps: {value: 4}
  strength: {values: [0.5, 1]}
  guidance: {values: [1, 7.5]}
`;

describe('a sweep of renderings', () => {
  it('renders each point as the library does, encodes frames once, and sorts by the metric', async () => {
    const out = join(scratch, 'strengths');
    const executor = noting();
    const outcome = await runSweep(await sweep('strengths', STRENGTHS), quiet({ out, executor }));
    expect(executor.jobs).toEqual(['source', 'point', 'point', 'point', 'point']);
    expect(outcome.varying).toEqual(['strength', 'guidance']);
    expect(outcome.points.map(({ label, status }) => `${label} ${status}`)).toEqual([
      'strength 0.5, guidance 1 done',
      'strength 0.5, guidance 7.5 done',
      'strength 1, guidance 1 done',
      'strength 1, guidance 7.5 done',
    ]);
    const opened = await loadModel(model);
    try {
      const source = await openVideo(video, { size: { width: 32, height: 32 } });
      const settings = { prompt: 'a street', steps: 4, strength: 0.5, guidanceScale: 7.5 };
      const { outputs } = await measure(source.frames(), { only: restyle(opened, source.frames(), settings) });
      expect(outcome.points[1].metrics).toEqual(outputs.only.means);
    } finally {
      await opened.dispose();
    }
    const values = sortedPoints(outcome).map(({ metrics }) => metrics.edit_strength!);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(outcome.best!.metrics.edit_strength).toBe(values[0]);
    expect(readdirSync(outcome.points[0].folder).sort()).toEqual([
      'comparison.mp4',
      'curves.csv',
      'output.mp4',
      'result.json',
    ]);
    expect(readdirSync(out).sort()).toEqual([
      'inputs.json',
      'jobs.jsonl',
      'points',
      'points.csv',
      'result.json',
      'sources',
      'sweep.json',
    ]);
    const [sourceId] = readdirSync(join(out, 'sources'));
    // Shared work is deleted when all points are done.
    expect(readdirSync(join(out, 'sources', sourceId)).sort()).toEqual(['result.json', 'round-trip.mp4']);
    const stored = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
    expect(stored.points[3]).toEqual({
      point: outcome.points[3].point,
      folder: `points/${outcome.points[3].point.slice(0, 16)}`,
      label: 'strength 1, guidance 7.5',
      status: 'done',
      settings: { strength: 1, guidance: 7.5 },
      metrics: outcome.points[3].metrics,
    });
    expect(JSON.stringify(stored)).not.toContain(scratch);
    expect(readFileSync(join(out, 'points.csv'), 'utf8').split('\n')).toHaveLength(6);
  });

  it('is planned without touching anything', async () => {
    const plan = await planSweep(await sweep('planned', STRENGTHS), quiet({ out: join(scratch, 'planned') }));
    // 3 frames; 2 and 4 of 4 steps.
    expect(plan.points.map(({ passes, done }) => [passes, done])).toEqual([6, 6, 12, 12].map((n) => [n, false]));
    expect(plan.jobs.map(({ kind }) => kind)).toEqual(['source', 'point', 'point', 'point', 'point']);
    expect(await secondsLeft(plan.jobs, {})).toBeGreaterThan(0);
    expect(await secondsLeft([], {})).toBe(0);
    expect(readdirSync(scratch)).not.toContain('planned');
  });

  it('goes on with a file that has more points: what is done stays', async () => {
    const out = join(scratch, 'strengths');
    const before = hashes(join(out, 'points'));
    const times = Object.keys(before).map((path) => statSync(join(out, 'points', path)).mtimeMs);
    const executor = noting();
    const more = await sweep('strengths', STRENGTHS.replace('[0.5, 1]', '[0.75, 0.5]'));
    await expect(runSweep(more, quiet({ out }))).rejects.toThrow(/holds a sweep already; resume it, or choose another/);
    const plan = await planSweep(more, quiet({ out, resume: true }));
    expect(plan.points.map(({ done }) => done)).toEqual([false, false, true, true]);
    const outcome = await runSweep(more, quiet({ out, executor, resume: true }));
    expect(executor.jobs).toEqual(['source', 'point', 'point']);
    expect(outcome.points.map(({ settings }) => settings.strength)).toEqual([0.75, 0.75, 0.5, 0.5]);
    expect(hashes(join(out, 'points'))).toMatchObject(before);
    expect(Object.keys(before).map((path) => statSync(join(out, 'points', path)).mtimeMs)).toEqual(times);
    const again = noting();
    expect(await runSweep(more, quiet({ out, executor: again, resume: true }))).toEqual(outcome);
    expect(again.jobs).toEqual([]);
  });

  it('does a point anew when its video has changed under its name', async () => {
    const out = join(scratch, 'changed');
    const file = async () => {
      const path = join(scratch, 'changed.yaml');
      const parameters = 'parameters: {steps: {value: 2}, strength: {value: 1}}';
      writeFileSync(path, `video: moving\nmodel: ${model}\nsize: 32x32\nmethod: grid\n${parameters}\n`);
      return readSweepFile(path);
    };
    await shot(scratch, 'moving', { frames: 3 });
    const one = await runSweep(await file(), quiet({ out, executor: localExecutor() }));
    rmSync(join(scratch, 'moving', readdirSync(join(scratch, 'moving')).at(-1)!));
    const two = await runSweep(await file(), quiet({ out, executor: localExecutor(), resume: true }));
    expect(two.points[0].point).not.toBe(one.points[0].point);
    expect(readdirSync(join(out, 'points'))).toHaveLength(2);
  });
});

describe('a sweep of finetunes', () => {
  const TRAININGS = `method: grid
metric: {name: training_loss}
parameters:
  steps: {value: 2}
  iterations: {values: [2, 4]}
  training_frames: {value: 1}
  strength: {values: [0.5, 1]}
`;

  it('trains once for all strengths, and goes on from the shorter training', async () => {
    const out = join(scratch, 'trainings');
    const executor = noting();
    const outcome = await runSweep(await sweep('trainings', TRAININGS), quiet({ out, executor }));
    expect(executor.jobs).toEqual(['training 2', 'training 4', 'source', ...Array(4).fill('point')]);
    expect(outcome.points.map(({ status }) => status)).toEqual(Array(4).fill('done'));
    const { training_loss, forgetting } = outcome.points[0].metrics;
    expect(training_loss).toBeGreaterThan(0);
    expect(forgetting).toBeGreaterThanOrEqual(0);
    // The long training alone has the same results.
    const alone = join(scratch, 'alone');
    const long = await sweep('alone', TRAININGS.replace('[2, 4]', '[4]'));
    await runSweep(long, quiet({ out: alone, executor: localExecutor() }));
    const expected = hashes(join(alone, 'points'));
    expect(hashes(join(out, 'points'))).toMatchObject(expected);
    expect(Object.keys(expected)).toHaveLength(8);
  });

  it('trains weights themselves, at an edit, beside a method that trains nothing', async () => {
    const frame = { width: 32, height: 32, data: new Uint8Array(3 * 32 * 32).fill(90) };
    await writePicture(join(scratch, 'night.png'), frame);
    const out = join(scratch, 'weights');
    const text = `method: grid
edits: [{file: night.png, frame: 1, prompt: night}]
parameters:
  steps: {value: 2}
  strength: {value: 1}
  method: {values: [img2img, finetune]}
  train: {values: [attention]}
  iterations: {values: [1, 2]}
  learning_rate: {value: 0.01}
  training_frames: {value: 1}
`;
    const executor = noting();
    const { points } = await runSweep(await sweep('weights', text), quiet({ out, executor }));
    expect(executor.jobs).toEqual(['training 1', 'training 2', 'source', 'point', 'point', 'point']);
    expect(points.map(({ status, reason }) => reason ?? status)).toEqual(['done', 'done', 'done']);
    expect(new Set(points.map(({ metrics }) => metrics.edit_strength)).size).toBe(3);
  });

  it('stops the worse half at each rung', async () => {
    const out = join(scratch, 'halving');
    const text = `method: grid
metric: {name: edit_strength, goal: minimize}
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
parameters:
  steps: {value: 2}
  strength: {value: 1}
  training_frames: {value: 1}
  iterations: {value: 4}
  learning_rate: {values: [0.1, 0.03, 0.01, 0.003]}
`;
    const file = await sweep('halving', text);
    const plan = await planSweep(file, quiet({ out }));
    expect(plan.rungs).toEqual([
      { iterations: 1, points: 4 },
      { iterations: 2, points: 2 },
    ]);
    const executor = noting();
    const outcome = await runSweep(file, quiet({ out, executor }));
    expect(executor.jobs.filter((job) => job.startsWith('training')).sort()).toEqual([
      ...Array(4).fill('training 1'),
      ...Array(2).fill('training 2'),
      'training 4',
    ]);
    const { points } = outcome;
    expect(points.map(({ status }) => status).sort()).toEqual(['done', 'stopped', 'stopped', 'stopped']);
    expect(points.map(({ settings }) => settings.iterations).sort()).toEqual([1, 1, 2, 4]);
    // Those that continued were not worse at the first rung than those that stopped there.
    const judged = (iterations: number) => points.filter(({ settings }) => settings.iterations === iterations);
    expect(outcome.best).toBe(judged(4)[0]);
    const again = noting();
    expect(await runSweep(file, quiet({ out, executor: again, resume: true }))).toEqual(outcome);
    expect(again.jobs).toEqual([]);
  });
});

describe('a point that fails', () => {
  /** Fails at the point with strength 1, the first `times` times. */
  const failing = (times: number): Executor & { jobs: string[] } => {
    const inner = localExecutor();
    let left = times;
    return noting({
      ...inner,
      async run(job, hooks) {
        if (job.kind === 'point' && job.settings.strength === 1 && left-- > 0) throw new FailureError('out of luck');
        await inner.run(job, hooks);
      },
    });
  };
  const TWO = 'method: grid\nmetric: {name: psnr}\nparameters: {steps: {value: 2}, strength: {values: [1, 0.5]}}';

  it('once is tried again', async () => {
    const warnings: string[] = [];
    const options = { out: join(scratch, 'once'), onWarning: (message: string) => warnings.push(message) };
    const { points } = await runSweep(await sweep('once', TWO), quiet({ ...options, executor: failing(1) }));
    expect(points.map(({ status }) => status)).toEqual(['done', 'done']);
    expect(warnings.filter((line) => /failed/.test(line))).toEqual([
      'strength 1 failed and is tried again: out of luck',
    ]);
  });

  it('again is reported, the other one goes on, and a resume does what is missing', async () => {
    const out = join(scratch, 'twice');
    const executor = failing(2);
    const file = await sweep('twice', TWO);
    const outcome = await runSweep(file, quiet({ out, executor }));
    expect(executor.jobs).toEqual(['source', 'point', 'point', 'point']);
    expect(outcome.points.map(({ status, reason }) => [status, reason])).toEqual([
      ['failed', 'out of luck'],
      ['done', undefined],
    ]);
    expect(outcome.best!.label).toBe('strength 0.5');
    const rest = noting();
    const resumed = await runSweep(file, quiet({ out, executor: rest, resume: true }));
    expect(rest.jobs).toEqual(['source', 'point']);
    expect(resumed.points.map(({ status }) => status)).toEqual(['done', 'done']);
  });
});

describe('what is asked for in vain', () => {
  const refused = async (name: string, text: string) =>
    runSweep(await sweep(name, text), quiet({ out: join(scratch, name) }));

  it('is refused before any work', async () => {
    const one = 'method: grid\nparameters: {strength: {values: [0.5, 0.01]}, steps: {value: 10}}';
    await expect(refused('none', one)).rejects.toThrow(/^strength 0.01: strength: 0.01 runs none of 10 steps/);
    const missing = `method: grid\nparameters: {loras: {values: [[none.safetensors]]}}`;
    await expect(refused('none', missing)).rejects.toThrow(/none.safetensors/);
    const edit = 'method: grid\nedits: [{file: street.yaml}]\nparameters: {}';
    await expect(refused('none', edit)).rejects.toThrow(/street.yaml/);
    expect(readdirSync(scratch)).not.toContain('none');
  });

  it('names a video that is missing', async () => {
    const path = join(scratch, 'lost.yaml');
    writeFileSync(path, `video: lost.mp4\nmodel: ${model}\nmethod: grid\nparameters: {}\n`);
    await expect(runSweep(await readSweepFile(path), quiet({ out: join(scratch, 'lost') }))).rejects.toThrow(
      /lost.mp4: no such file/,
    );
  });

  it('leaves a folder with other files alone', async () => {
    const file = await sweep('foreign', STRENGTHS);
    await expect(runSweep(file, quiet({ out: scratch }))).rejects.toThrow(/holds other files/);
  });
});

describe('a sweep that is remembered', () => {
  it('is a run whose parts are the points and trainings, and is found again by its name', async () => {
    const root = join(scratch, 'runs');
    const text = `method: grid
metric: {name: edit_strength}
parameters: {steps: {value: 2}, iterations: {value: 2}, training_frames: {value: 1}, strength: {values: [0.5, 1]}}`;
    const file = await sweep('remembered', text);
    const outcome = await runSweep(file, { root, mlflow: false, executor: localExecutor() });
    const runs = await listRuns({ root });
    const whole = runs.find(({ parent }) => parent === undefined)!;
    expect(outcome.out).toBe(join(whole.folder, 'artifacts'));
    expect(whole).toMatchObject({ experiment: 'remembered', name: 'sweep', status: 'finished' });
    expect(whole.tags).toMatchObject({ 'sweep.points': '2', 'sweep.metric': 'edit_strength minimize' });
    expect(readProgress(whole.folder)?.stages.map(({ name }) => name)).toEqual(['points']);
    const parts = runs.filter(({ parent }) => parent === whole.id);
    expect(parts.map(({ name }) => name).sort()).toEqual(['strength 0.5', 'strength 1', 'training 2 iterations']);
    const point = parts.find(({ name }) => name === 'strength 1')!;
    expect(point.status).toBe('finished');
    expect(point.parameters).toMatchObject({ strength: 1, steps: 2, iterations: 2, video: 'street' });
    const last = Object.fromEntries(Object.entries(point.metrics).map(([key, { last }]) => [key, last]));
    expect(last.edit_strength).toBe(outcome.points[1].metrics.edit_strength);
    // Each frame, and each pair of frames, as the table has them.
    const curves = await readCurves(join(outcome.points[1].folder, 'curves.csv'), 'output');
    expect(curves.edit_strength).toHaveLength(3);
    expect(curves.warping_error).toHaveLength(2);
    for (const [metric, values] of Object.entries(curves)) {
      const logged = point.metrics[`per_frame.${metric}`];
      expect([logged.count, logged.last, logged.step], metric).toEqual([
        values.length,
        values.at(-1),
        values.length - 1,
      ]);
    }
    expect(readProgress(point.folder)?.stages.map(({ name }) => name)).toContain(
      'denoising strength 1, guidance 7.5, 2 iterations',
    );
    const training = parts.find(({ name }) => name.startsWith('training'))!;
    expect(Object.keys(training.metrics)).toEqual(expect.arrayContaining(['loss', 'training_loss', 'gradient_norm']));
    // Again with an additional point: the same run with an additional child.
    const more = await sweep('remembered', text.replace('[0.5, 1]', '[0.5, 1, 0.7]'));
    await runSweep(more, { root, mlflow: false, executor: localExecutor(), resume: true });
    const after = await listRuns({ root });
    expect(after).toHaveLength(5);
    expect(after.filter(({ parent }) => parent === whole.id)).toHaveLength(4);
  });
});
