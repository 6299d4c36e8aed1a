// Run folders: their files, and that logged values are read unchanged.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { VERSION } from '../../src/lib/base/version.js';
import { continueRun } from '../../src/lib/tracking/log/continue-run.js';
import { openProgressLog } from '../../src/lib/tracking/log/log-progress.js';
import { resumeRun, startChild, startRun } from '../../src/lib/tracking/log/start-run.js';
import { trackRun } from '../../src/lib/tracking/log/track-run.js';
import { untrackedRun } from '../../src/lib/tracking/log/untracked-run.js';
import { findRun } from '../../src/lib/tracking/query/list-runs.js';
import { openRun } from '../../src/lib/tracking/stored/open-run.js';
import { readProgress } from '../../src/lib/tracking/stored/run-stages.js';
import { scratchFolder } from './scratch.js';

const root = scratchFolder();
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
/** Columns of numbers as lists, in which NaN and infinities compare equal to themselves. */
const lists = (history: object | undefined) =>
  Object.fromEntries(Object.entries(history ?? {}).map(([name, column]) => [name, [...column]]));

describe('a run folder', () => {
  it('holds run.json, metrics.jsonl and artifacts/ from the start', async () => {
    const run = await startRun({
      root,
      experiment: 'sweep',
      name: 'street 0.45',
      parameters: { strength: 0.45, denoise: { steps: 50, sampler: 'ddim' }, strengths: [0.3, 0.45], crop: undefined },
      given: { argv: ['--mlflow', 'https://ann:secret@host:5000/x'], strength: '0.45' },
      inputs: [{ kind: 'video', name: 'street.mp4', sha256: hash('video') }],
      tags: { purpose: 'test' },
      device: 'cpu',
      key: 'k1',
    });
    expect(run.folder).toBe(join(root, 'sweep', 'street-0.45'));
    expect(run.artifacts).toBe(join(run.folder, 'artifacts'));
    const record = json(join(run.folder, 'run.json'));
    expect(record).toEqual({
      format: 1,
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: 'street 0.45',
      experiment: 'sweep',
      status: 'running',
      start: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      key: 'k1',
      parameters: { strength: 0.45, 'denoise.steps': 50, 'denoise.sampler': 'ddim', strengths: [0.3, 0.45] },
      given: { argv: ['--mlflow', 'https://host:5000/x'], strength: '0.45' },
      inputs: [{ kind: 'video', name: 'street.mp4', sha256: hash('video') }],
      tags: { purpose: 'test' },
      version: VERSION,
      git: record.git,
      machine: expect.objectContaining({ node: process.versions.node, cores: expect.any(Number) }),
      user: record.user,
      command: expect.any(String),
      device: 'cpu',
    });
    if (record.git) expect(record.git.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(readFileSync(join(run.folder, 'metrics.jsonl'), 'utf8')).toBe('');
    await run.finish();
    expect(json(join(run.folder, 'run.json'))).toMatchObject({ status: 'finished', end: expect.any(String) });
    expect(readdirSync(run.folder).sort()).toEqual(['artifacts', 'metrics.jsonl', 'run.json']);
    expect(readdirSync(join(root, 'sweep'))).toEqual(['street-0.45']);
  });

  it('is another one for every run of the same name, and ids are never the same', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => startRun({ root, experiment: 'same', name: 'x' })));
    expect(runs.map(({ folder }) => folder.slice(root.length)).sort()).toEqual(
      ['x', ...[2, 3, 4, 5, 6, 7, 8].map((n) => `x-${n}`)].map((name) => `/same/${name}`),
    );
    expect(new Set(runs.map(({ id }) => id)).size).toBe(8);
    await Promise.all(runs.map((run) => run.finish()));
  });

  it('never takes the place of a folder that holds something else', async () => {
    mkdirSync(join(root, 'taken', 'x'), { recursive: true });
    writeFileSync(join(root, 'taken', 'x', 'grid.mp4'), 'mine');
    const run = await startRun({ root, experiment: 'taken', name: 'x' });
    expect(run.folder).toBe(join(root, 'taken', 'x-2'));
    expect(readdirSync(join(root, 'taken', 'x'))).toEqual(['grid.mp4']);
    await run.finish();
  });

  it.each([
    ['../up', 'the experiment'],
    ['a/b', 'the experiment'],
    ['', 'the experiment'],
  ])('is refused for the experiment %j', async (experiment, what) => {
    await expect(startRun({ root, experiment })).rejects.toThrow(UsageError);
    await expect(startRun({ root, experiment })).rejects.toThrow(what);
  });

  it('finds a run again by its key, in the experiment and below the parent', async () => {
    const parent = await startRun({ root, experiment: 'keys', key: 'k' });
    const child = await startRun({ root, experiment: 'keys', key: 'k', parent });
    expect((await findRun('k', { root, experiment: 'keys' }))?.id).toBe(parent.id);
    expect((await findRun('k', { root, experiment: 'keys', parent: parent.id }))?.id).toBe(child.id);
    expect(await findRun('k', { root, experiment: 'others' })).toBeUndefined();
    await Promise.all([parent.finish(), child.finish()]);
  });
});

it('a run that `await using` closes before it is finished has failed', async () => {
  {
    await using finished = await startRun({ root, experiment: 'using', name: 'finished' });
    finished.logMetrics({ loss: 1 });
    await finished.finish();
    await using _ = await startRun({ root, experiment: 'using', name: 'left' });
    await using untracked = untrackedRun(join(root, 'nowhere'));
    expect(untracked.tracked).toBe(false);
  }
  expect((await openRun('using/finished', { root })).summary.status).toBe('finished');
  expect((await openRun('using/left', { root })).summary.status).toBe('failed');
});

describe('a part of a run', () => {
  it('lies beside it and names it, wherever the root is', async () => {
    const whole = await startRun({ root, experiment: 'whole', name: 'x', mlflow: false });
    const part = await startChild(whole, { name: 'part', parameters: { strength: 0.45 } });
    expect(part.folder).toBe(join(root, 'whole', 'part'));
    expect(part.record).toMatchObject({ parent: whole.id, experiment: 'whole', parameters: { strength: 0.45 } });
    expect(part.logging.mlflow).toBe(false);
    await trackRun(part, async (run) => run.logMetrics({ psnr: 1 }));
    await whole.finish();
    expect((await openRun('whole/part', { root })).summary).toMatchObject({ status: 'finished', parent: whole.id });
    const unseen = await startChild(untrackedRun(join(root, 'nowhere')), { name: 'part' });
    expect([unseen.tracked, unseen.artifacts]).toEqual([false, join(root, 'nowhere')]);
  });
});

describe('parameters, tags and inputs', () => {
  it('are added to, and parameters do not change', async () => {
    const run = await startRun({ root, experiment: 'params', parameters: { a: 1, list: [1, 2] } });
    await Promise.all([run.logParams({ a: 1, list: [1, 2], b: { c: null, d: NaN } }), run.setTags({ x: '1', y: '2' })]);
    await run.setTags({ x: '3' });
    await run.logInputs([{ kind: 'model', name: 'sd15', sha256: hash('m') }]);
    await expect(run.logParams({ a: 2 })).rejects.toThrow(/the parameter a is 1 and cannot become 2/);
    await expect(run.logParams({ 'a:b': 2 })).rejects.toThrow(/the parameter 'a:b' cannot be called that/);
    await run.finish();
    expect(json(join(run.folder, 'run.json'))).toMatchObject({
      parameters: { a: 1, list: [1, 2], 'b.c': null, 'b.d': 'NaN' },
      tags: { x: '3', y: '2' },
      inputs: [{ kind: 'model', name: 'sd15', sha256: hash('m') }],
    });
    await expect(run.setTags({ x: '4' })).rejects.toThrow(/the run has ended/);
  });
});

describe('metrics', () => {
  it('come back as they were logged, NaN and the infinities too', async () => {
    const run = await startRun({ root, experiment: 'metrics' });
    run.logMetrics({ loss: 0.5, psnr: 20 }, { time: 1000 });
    run.logMetrics({ loss: Number.NaN }, { time: 1001 });
    run.logMetrics({ loss: Infinity, 'flow/warping error': -Infinity }, { step: 7, time: 1002 });
    run.logMetrics({ loss: 1e-300 }, { time: 1003 });
    run.logMetrics({ loss: -0 }, { step: 3, time: 1004 });
    await run.finish();
    const { histories, damaged } = await (await openRun(run.folder)).metrics();
    expect(damaged).toBe(0);
    expect([...histories.keys()]).toEqual(['loss', 'psnr', 'flow/warping error']);
    expect(lists(histories.get('loss'))).toEqual({
      steps: [0, 1, 3, 7, 8],
      values: [0.5, Number.NaN, -0, Infinity, 1e-300],
      times: [1000, 1001, 1004, 1002, 1003],
    });
    expect(json(join(run.folder, 'run.json')).metrics).toEqual({
      loss: { last: 1e-300, step: 8, time: 1003, min: 0, max: 'Infinity', count: 5 },
      psnr: { last: 20, step: 0, time: 1000, min: 20, max: 20, count: 1 },
      'flow/warping error': { last: '-Infinity', step: 7, time: 1002, min: '-Infinity', max: '-Infinity', count: 1 },
    });
  });

  it('reach the file while the run goes on', async () => {
    const run = await startRun({ root, experiment: 'metrics', name: 'early' });
    run.logMetrics({ loss: 1 });
    await expect.poll(() => readFileSync(join(run.folder, 'metrics.jsonl'), 'utf8')).toMatch(/^\{"key":"loss".*\}\n$/);
    await run.finish();
  });

  it('are refused where they are none', async () => {
    const run = await startRun({ root, experiment: 'metrics', name: 'refused' });
    expect(() => run.logMetrics({ loss: '1' as never })).toThrow('logMetrics: loss is string, expected a number');
    expect(() => run.logMetrics({ loss: 1 }, { step: 0.5 })).toThrow('the step of loss is 0.5');
    expect(() => run.logMetrics({ '../x': 1 })).toThrow(UsageError);
    await run.finish();
    expect(() => run.logMetrics({ loss: 1 })).toThrow('the run has ended');
    expect(readFileSync(join(run.folder, 'metrics.jsonl'), 'utf8')).toBe('');
  });

  it('from a step on are void after a rewind', async () => {
    const run = await startRun({ root, experiment: 'metrics', name: 'rewound' });
    for (const step of [0, 1, 2, 3]) run.logMetrics({ loss: step, rate: 1 }, { step });
    await run.rewind(2);
    run.logMetrics({ loss: 20 });
    await run.finish();
    const { histories } = await (await openRun(run.folder)).metrics();
    expect(lists(histories.get('loss'))).toMatchObject({ steps: [0, 1, 2], values: [0, 1, 20] });
    expect(lists(histories.get('rate'))).toMatchObject({ steps: [0, 1] });
    expect(json(join(run.folder, 'run.json')).metrics.loss).toMatchObject({ last: 20, step: 2, max: 20, count: 3 });
  });
});

describe('progress', () => {
  it('is recorded by stages with the time in each, and goes on after a resume', async () => {
    const folder = scratchFolder();
    let time = 0;
    const log = openProgressLog(folder, () => time);
    const report = (at: number, label: string, done: number, picture?: string) => {
      time = 1000 * at;
      log.report({ done, total: 10, label, ...(picture !== undefined && { picture }) });
    };
    const picture = 'data:image/jpeg;base64,AAAA';
    report(0, 'encoding', 10);
    report(2, 'denoising', 0);
    report(5, 'denoising', 2, picture);
    report(6, 'previewing', 2);
    report(7, 'denoising', 4);
    // The pace over the last reports: 4 units in 5 s.
    expect(readProgress(folder)).toEqual({
      stages: [
        { name: 'encoding', start: 0, end: 2000, seconds: 2 },
        { name: 'denoising', start: 2000, seconds: 4 },
        { name: 'previewing', start: 6000, end: 7000, seconds: 1 },
      ],
      now: { label: 'denoising', done: 4, total: 10, time: 7000, left: 7.5, picture },
    });
    time = 9000;
    log.end();
    const ended = readProgress(folder);
    expect(ended?.now).toBeUndefined();
    expect(ended?.stages[1]).toEqual({ name: 'denoising', start: 2000, end: 9000, seconds: 6 });
    time = 100_000;
    const resumed = openProgressLog(folder, () => time);
    resumed.report({ done: 5, total: 10, label: 'denoising' });
    time = 101_000;
    resumed.end();
    expect(resumed.stages[1]).toEqual({ name: 'denoising', start: 2000, end: 101_000, seconds: 7 });
  });

  it('of a stranger is not believed', () => {
    const folder = scratchFolder();
    const now = { label: 'x', done: 1, total: 2, time: 3 };
    for (const bad of ['[', '{}', { stages: [{ name: 'x' }] }, { stages: [], now: { ...now, picture: 'http://x' } }]) {
      writeFileSync(join(folder, 'progress.json'), typeof bad === 'string' ? bad : JSON.stringify(bad));
      expect(readProgress(folder)).toBeUndefined();
    }
  });
});

describe('artifacts', () => {
  it('are recorded with hash and size, wherever they lie', async () => {
    const run = await startRun({ root, experiment: 'artifacts' });
    const elsewhere = scratchFolder();
    mkdirSync(join(run.artifacts, 'frames/deep'), { recursive: true });
    writeFileSync(join(run.artifacts, 'grid.mp4'), 'grid');
    writeFileSync(join(run.artifacts, 'frames/0001.png'), 'one');
    writeFileSync(join(run.artifacts, 'frames/deep/2.png'), 'two');
    writeFileSync(join(run.artifacts, 'frames/.partial'), 'no');
    writeFileSync(join(elsewhere, 'out.mp4'), 'out');
    await run.logArtifact(join(run.artifacts, 'grid.mp4'));
    await run.logArtifact(join(run.artifacts, 'frames'));
    await run.logArtifact(join(elsewhere, 'out.mp4'));
    await run.logArtifact(elsewhere, { name: 'all' });
    await run.logImage(join(run.artifacts, 'frames/0001.png'), { key: 'preview', step: 100 });
    await expect(run.logArtifact(join(elsewhere, 'absent'))).rejects.toThrow(
      /there is no file .*absent; write it first/,
    );
    const child = await startRun({ root, experiment: 'artifacts', parent: run, name: 'child' });
    await child.logArtifact(join(run.artifacts, 'grid.mp4'));
    await Promise.all([run.finish(), child.finish()]);
    const of = async (folder: string) =>
      (await (await openRun(folder)).artifacts()).map(({ time: _, ...artifact }) => artifact);
    expect(await of(run.folder)).toEqual([
      { name: 'grid.mp4', path: join(run.artifacts, 'grid.mp4'), bytes: 4, sha256: hash('grid') },
      {
        name: 'frames/0001.png',
        path: join(run.artifacts, 'frames/0001.png'),
        bytes: 3,
        sha256: hash('one'),
        image: { key: 'preview', step: 100 },
      },
      { name: 'frames/deep/2.png', path: join(run.artifacts, 'frames/deep/2.png'), bytes: 3, sha256: hash('two') },
      { name: 'out.mp4', path: join(elsewhere, 'out.mp4'), bytes: 3, sha256: hash('out') },
      { name: 'all/out.mp4', path: join(elsewhere, 'out.mp4'), bytes: 3, sha256: hash('out') },
    ]);
    expect(await of(child.folder)).toEqual([
      { name: 'grid.mp4', path: join(run.artifacts, 'grid.mp4'), bytes: 4, sha256: hash('grid') },
    ]);
    // Paths below the root stay valid if the root is moved.
    expect(readFileSync(join(child.folder, 'artifacts.jsonl'), 'utf8')).toContain('"../artifacts/artifacts/grid.mp4"');
  });
});

describe('work as a run', () => {
  it('ends finished, and gives what the work gave', async () => {
    const result = await trackRun({ root, experiment: 'work', name: 'good' }, async (run) => {
      run.logMetrics({ psnr: 30 });
      return 7;
    });
    expect(result).toBe(7);
    const { summary } = await openRun('work/good', { root });
    expect([summary.status, summary.metrics.psnr.last]).toEqual(['finished', 30]);
  });

  it('ends failed with the reason, or interrupted, and the error goes on', async () => {
    const fail = () => Promise.reject(new UsageError('no frames at https://ann:pw@host/x'));
    await expect(trackRun({ root, experiment: 'work', name: 'bad' }, fail)).rejects.toThrow('no frames');
    expect((await openRun('work/bad', { root })).summary).toMatchObject({
      status: 'failed',
      error: 'no frames at https://host/x',
    });
    const controller = new AbortController();
    controller.abort(new Error('stop'));
    const stop = () => Promise.reject(controller.signal.reason);
    await expect(trackRun({ root, experiment: 'work', name: 'stopped' }, stop, controller)).rejects.toThrow('stop');
    const { summary } = await openRun('work/stopped', { root });
    expect([summary.status, summary.error]).toEqual(['interrupted', undefined]);
  });

  it('is resumed where it stopped: metrics go on, and only one at a time', async () => {
    const first = await startRun({ root, experiment: 'resumed', parameters: { a: 1 } });
    first.logMetrics({ loss: 3 });
    await expect(resumeRun(first.folder)).rejects.toThrow(
      new RegExp(`process ${process.pid} on .* is writing this run`),
    );
    await first.finish('interrupted');
    const again = await resumeRun(first.folder);
    expect(again.id).toBe(first.id);
    const { summary } = await openRun(first.folder);
    expect([summary.status, summary.end]).toEqual(['running', undefined]);
    again.logMetrics({ loss: 2 });
    await again.finish();
    const opened = await openRun(first.folder);
    expect(opened.summary.metrics.loss).toMatchObject({ last: 2, step: 1, count: 2 });
    expect(lists((await opened.metrics()).histories.get('loss')).values).toEqual([3, 2]);
    expect(existsSync(join(first.folder, '.owner-1'))).toBe(false);
  });

  it('goes on with the latest run of the same settings, unless that is finished', async () => {
    const options = { root, experiment: 'continued', key: 'k' };
    const first = (await continueRun({ ...options, resume: true })).run!;
    await expect(continueRun({ ...options, resume: true })).rejects.toThrow('is writing this run');
    await first.finish('failed');
    const again = (await continueRun({ ...options, resume: true })).run!;
    expect([again.id, again.record.status, again.record.end]).toEqual([first.id, 'running', undefined]);
    await again.finish();
    expect((await continueRun({ ...options, resume: true })).finished?.id).toBe(first.id);
    const another = (await continueRun({ ...options, resume: false })).run!;
    expect(another.id).not.toBe(first.id);
    await another.finish();
  });

  it('leaves nothing where it is not tracked', async () => {
    const run = untrackedRun(join(root, 'untracked', 'x'));
    run.logMetrics({ loss: 1 });
    await run.logParams({ a: 1 });
    await run.finish();
    expect(run.artifacts).toBe(join(root, 'untracked', 'x'));
    expect(existsSync(join(root, 'untracked'))).toBe(false);
  });
});
