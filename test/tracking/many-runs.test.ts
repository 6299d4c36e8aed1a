// Thousands of runs and a hundred thousand points: queries, an up-to-date index, and the cost.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { listRuns, runsOf } from '../../src/lib/tracking/query/list-runs.js';
import { downsample } from '../../src/lib/tracking/stored/downsample.js';
import { openRun } from '../../src/lib/tracking/stored/open-run.js';
import { openRunIndex } from '../../src/lib/tracking/stored/run-index.js';
import { scratchFolder } from './scratch.js';

/** Paths of read files, and the number of writes. */
const work = vi.hoisted(() => ({ read: [] as string[], writes: 0 }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    readFileSync: (...args: Parameters<typeof fs.readFileSync>) => {
      work.read.push(String(args[0]));
      return fs.readFileSync(...args);
    },
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      work.read.push(String(args[0]));
      return fs.openSync(...args);
    },
    write: (...args: [never, never, never]) => {
      work.writes++;
      return fs.write(...args);
    },
  };
});
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  return {
    ...fs,
    readFile: (...args: [never]) => {
      work.read.push(String(args[0]));
      return fs.readFile(...args);
    },
    open: (...args: [never]) => {
      work.read.push(String(args[0]));
      return fs.open(...args);
    },
  };
});

const COUNT = 5000;
const root = scratchFolder();
const few = scratchFolder();

/** Writes runs in the format of `startRun`, without starting five thousand runs. */
async function writeRuns(root: string, count: number): Promise<void> {
  const first = await startRun({
    root,
    experiment: 'many',
    name: 'run',
    parameters: { strength: 0, prompt: 'a cyberpunk city at night', denoise: { steps: 50, sampler: 'ddim' } },
  });
  first.logMetrics({ flicker: 1, edit_strength: 2, warping_error: 3 });
  await first.finish();
  const record = JSON.parse(readFileSync(join(first.folder, 'run.json'), 'utf8'));
  const points = readFileSync(join(first.folder, 'metrics.jsonl'), 'utf8');
  for (let i = 1; i < count; i++) {
    const folder = join(root, 'many', `run-${i + 1}`);
    mkdirSync(folder);
    const flicker = { ...record.metrics.flicker, last: i / COUNT };
    const own = {
      ...record,
      id: i.toString(16).padStart(32, '0'),
      parameters: { ...record.parameters, strength: (i % 20) / 20 },
      metrics: { ...record.metrics, flicker },
    };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(own));
    writeFileSync(join(folder, 'metrics.jsonl'), points);
  }
}
beforeAll(async () => {
  await writeRuns(root, COUNT);
  await writeRuns(few, 400);
});

/** The result of a function and its CPU time in seconds. */
const timed = async <T>(what: () => Promise<T>): Promise<[result: T, seconds: number]> => {
  const start = process.cpuUsage();
  const result = await what();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1e6];
};

/** The result of a function, the number of run files it read, and its CPU time in seconds. */
const watched = async <T>(what: () => Promise<T>): Promise<{ result: T; read: number; seconds: number }> => {
  work.read = [];
  const [result, seconds] = await timed(what);
  return { result, read: work.read.filter((path) => /(run\.json|metrics\.jsonl)$/.test(path)).length, seconds };
};

describe('five thousand runs', () => {
  it('are read once: not again by a dashboard, and not by a new process', async () => {
    const index = openRunIndex(root);
    const cold = await watched(() => runsOf(index));
    expect([cold.result.length, cold.read]).toEqual([COUNT, COUNT]);
    expect(existsSync(join(root, '.index.json'))).toBe(true);
    const filter = "metrics.flicker < 0.1 and params.strength = '0.45'";
    const warm = await watched(() => runsOf(index, { filter, orderBy: '-metrics.flicker', limit: 10 }));
    expect(warm.result.map(({ metrics }) => metrics.flicker.last)).toEqual(
      [489, 469, 449, 429, 409, 389, 369, 349, 329, 309].map((i) => i / COUNT),
    );
    const fresh = await watched(() => listRuns({ root: root }));
    expect(fresh.result.length).toBe(COUNT);
    expect([warm.read, fresh.read]).toEqual([0, 0]);
    const [first, again, other] = [cold, warm, fresh].map(({ seconds }) => seconds.toFixed(2));
    console.log(`5000 runs, processor time: first ${first} s, again ${again} s, another process ${other} s`);
  });
});

describe('some hundred runs', () => {
  it('are listed as they are now: new, changed, deleted', async () => {
    const index = openRunIndex(few);
    await index.read();
    const run = await startRun({ root: few, experiment: 'many', name: 'new' });
    const status = async () => (await runsOf(index, { filter: "name = 'new'" })).map((found) => found.status);
    expect(await status()).toEqual(['running']);
    run.logMetrics({ flicker: 7 });
    await run.flush();
    expect(await runsOf(index, { filter: 'metrics.flicker = 7' })).toHaveLength(1);
    await run.setTags({ x: 'y' });
    expect(await runsOf(index, { filter: "tags.x = 'y'" })).toHaveLength(1);
    await run.finish('failed', { error: new Error('no') });
    expect(await status()).toEqual(['failed']);
    rmSync(run.folder, { recursive: true });
    expect(await status()).toEqual([]);
    expect(await listRuns({ root: few, filter: "name = 'new'" })).toEqual([]);
  });

  it('are listed without an index that is damaged', async () => {
    writeFileSync(join(few, '.index.json'), '{"version":');
    expect(await listRuns({ root: few, limit: 3 })).toHaveLength(3);
  });

  it('are told apart by the beginning of an id', async () => {
    expect((await openRun('0000000000000000000000000000007', { root: few }).catch((error) => error)).message).toMatch(
      /^0{30}7: \d+ runs have ids that begin so; give more digits$/,
    );
    expect((await openRun(`${'0'.repeat(29)}12c`, { root: few })).summary.folder).toBe(join(few, 'many', 'run-301'));
    await expect(openRun('ffff', { root: few })).rejects.toThrow('there is no such run');
  });
});

describe('a hundred thousand points', () => {
  it('are logged in few writes, and read once', async () => {
    const run = await startRun({ root: scratchFolder(), experiment: 'points' });
    const steps = 50_000;
    work.writes = 0;
    const [, logged] = await timed(async () => {
      for (let step = 0; step < steps; step++) run.logMetrics({ loss: Math.sin(step / 500), rate: 1e-5 }, { step });
      await run.flush();
    });
    await run.finish();
    expect(work.writes).toBeLessThan(200);
    const opened = await openRun(run.folder);
    const { result, read, seconds } = await watched(() => opened.metrics());
    const { histories } = result;
    expect(read).toBe(1);
    const loss = histories.get('loss')!;
    expect(loss.values.length + histories.get('rate')!.values.length).toBe(2 * steps);
    expect(loss.values[31_415]).toBe(Math.sin(31_415 / 500));
    console.log(
      `100,000 points, processor time: ${((1e6 * logged) / 2 / steps).toFixed(2)} us to log one, ${seconds.toFixed(2)} s to read all`,
    );
  });
});

describe('an index of a run that goes on', () => {
  it('counts what was added, and counts anew after a rewind', async () => {
    const own = scratchFolder();
    const run = await startRun({ root: own, experiment: 'on' });
    const index = openRunIndex(own);
    const loss = async () => (await index.read()).runs[0].metrics.loss;
    for (const [i, count] of [3, 1, 2].entries()) {
      for (let n = 0; n < count; n++) run.logMetrics({ loss: 10 * i + n });
      await run.flush();
      expect(await loss()).toMatchObject({ last: 10 * i + count - 1, count: [3, 4, 6][i], step: [2, 3, 5][i] });
    }
    await run.rewind(1);
    expect(await loss()).toMatchObject({ last: 0, count: 1, max: 0 });
    run.logMetrics({ loss: 5 });
    await run.flush();
    expect(await loss()).toMatchObject({ last: 5, count: 2, step: 1 });
    await run.finish();
    expect(await loss()).toMatchObject({ last: 5, count: 2 });
  });
});

describe('downsample', () => {
  const history = (values: number[]) => ({
    steps: Float64Array.from(values, (_, i) => i),
    values: Float64Array.from(values),
    times: Float64Array.from(values, (_, i) => 10 * i),
  });

  it('keeps the ends, every spike, and points that are real', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => Math.cos(i / 300));
    values[4321] = 50;
    values[7777] = -50;
    const { steps, values: few, times } = downsample(history(values), 200);
    expect(steps.length).toBeLessThanOrEqual(200);
    expect(steps.length).toBeGreaterThan(150);
    expect([steps[0], steps[steps.length - 1]]).toEqual([0, 9999]);
    expect([...steps]).toEqual([...steps].sort((a, b) => a - b));
    expect([few[steps.indexOf(4321)], few[steps.indexOf(7777)]]).toEqual([50, -50]);
    expect([...few]).toEqual([...steps].map((step) => values[step]));
    expect([...times]).toEqual([...steps].map((step) => 10 * step));
  });

  it('keeps gaps where values are no numbers', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i > 400 && i < 600 ? Number.NaN : i));
    const { values: few } = downsample(history(values), 60);
    expect(few.length).toBeLessThanOrEqual(60);
    expect(few.some(Number.isNaN)).toBe(true);
    expect([few[0], few[few.length - 1]]).toEqual([0, 999]);
  });

  it('gives short histories as they are', () => {
    const short = history([3, 1, 2]);
    expect(downsample(short, 4)).toBe(short);
    expect(() => downsample(short, 3)).toThrow('downsample: points is 3');
  });
});
