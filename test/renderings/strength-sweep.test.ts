// Whole sweeps with a tiny checkpoint: their files, bit-identical results after interruptions at any point, and errors.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { measure } from '../../src/lib/metrics/measure.js';
import { METRICS, type MetricName } from '../../src/lib/metrics/measurement.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { ComparisonResult } from '../../src/lib/renderings/comparison-options.js';
import { planStrengthSweep, strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const request = { prompt: 'a street', strengths: [0.5, 1], steps: 4, size: { width: 32, height: 32 }, batch: 2 };
let model: Model;
let video: string;
let whole: ComparisonResult;

beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  video = await shot(scratch, 'street.mp4', { frames: 5 });
  whole = await strengthSweep(model, video, { ...request, out: join(scratch, 'whole') });
});
afterAll(() => model.dispose());

describe('a sweep', () => {
  it('writes a video a strength, the round trip, the grid, curves and the result, and nothing else', async () => {
    expect(readdirSync(whole.out).sort()).toEqual([
      'curves.csv',
      'grid.mp4',
      'result.json',
      'round-trip.mp4',
      'strength-0.5.mp4',
      'strength-1.mp4',
    ]);
    const grid = await openVideo(whole.grid);
    // Three cells in two columns, original first.
    expect([grid.width, grid.height, grid.frameRate, grid.expectedFrames]).toEqual([64, 64, 10, 5]);
    expect(
      whole.cells.map(({ strength, firstTimestep, evaluations }) => [strength, firstTimestep, evaluations]),
    ).toEqual([
      [0.5, 251, 2],
      [1, 751, 4],
    ]);
  });

  it('stores what it gives, with paths that move along with the folder', () => {
    const stored = JSON.parse(readFileSync(join(whole.out, 'result.json'), 'utf8'));
    expect(stored.grid).toBe('grid.mp4');
    expect(stored.cells[1]).toEqual({ ...whole.cells[1], video: 'strength-1.mp4' });
    expect(stored.source).toEqual(whole.source);
  });

  it('measures the very frames that it renders, not those of the encoded videos', async () => {
    const source = await openVideo(video, { size: { width: 32, height: 32 } });
    const frames = (strength: number) => restyle(model, source.frames(), { ...request, strength });
    const { outputs } = await measure(source.frames(), { low: frames(0.5), high: frames(1) });
    expect(whole.cells.map(({ metrics }) => metrics)).toEqual([outputs.low.means, outputs.high.means]);
  });

  it('writes curves whose means are the metrics', () => {
    const [head, ...lines] = readFileSync(whole.curves, 'utf8').trimEnd().split('\n');
    // Nobody knows the true motion of this video, and all of it is edited.
    const names = Object.keys(METRICS).filter((name) => !/truth|mask/.test(METRICS[name as MetricName].of));
    expect(head).toBe(['video', 'frame', ...names].join(','));
    const rows = lines.map((line) => line.split(','));
    expect([...new Set(rows.map(([name]) => name))]).toEqual(['source', 'round-trip', 'strength-0.5', 'strength-1']);
    for (const [column, name] of names.entries()) {
      const values = rows.filter(([of]) => of === 'strength-1').map((row) => row[column + 2]);
      const numbers = values.filter((value) => value !== '').map(Number);
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
      expect(mean).toBeCloseTo(whole.cells[1].metrics[name as MetricName]!, 9);
    }
  });

  it('is planned without touching anything', async () => {
    const plan = await planStrengthSweep(model, video, { ...request, out: join(scratch, 'planned') });
    expect(plan).toMatchObject({ frames: 5, width: 32, height: 32, frameRate: 10, rowsPerPass: 4 });
    // Three batches of two frames; 2 + 4 evaluations each.
    expect(plan.passes).toBe(18);
    expect(existsSync(join(scratch, 'planned'))).toBe(false);
  });
});

describe('an interrupted sweep', () => {
  /** Stops at the n-th progress report and returns it. */
  const stopAt = async (n: number, out: string, resume = false): Promise<string | undefined> => {
    const controller = new AbortController();
    let reports = 0;
    let label: string | undefined;
    const onProgress = (progress: { label: string }) => {
      if (++reports !== n) return;
      label = progress.label;
      controller.abort(new Error('stopped here'));
    };
    const sweep = strengthSweep(model, video, { ...request, out, resume, onProgress, signal: controller.signal });
    await expect(sweep).rejects.toThrow('stopped here');
    return label;
  };

  it('continues to the same bits wherever it was stopped', async () => {
    const expected = hashes(whole.out);
    const labels: string[] = [];
    for (const n of [4, 15, 20, 27, 34, 40, 43, 48]) {
      const out = join(scratch, `stopped-${n}`);
      labels.push((await stopAt(n, out))!.replace(/denoising strength/, ''));
      // Only complete files have final names.
      const final = Object.entries(hashes(out)).filter(([name]) => !name.startsWith('.partial'));
      expect(expected).toMatchObject(Object.fromEntries(final));
      const result = await strengthSweep(model, video, { ...request, out, resume: true });
      expect(hashes(out)).toEqual(expected);
      expect(result).toEqual({
        ...whole,
        out,
        grid: join(out, 'grid.mp4'),
        curves: join(out, 'curves.csv'),
        roundTripVideo: join(out, 'round-trip.mp4'),
        cells: whole.cells.map((cell) => ({ ...cell, video: cell.video.replace(whole.out, out) })),
      });
      rmSync(out, { recursive: true });
    }
    expect(labels).toEqual([
      'reading the model',
      'reading frames',
      'encoding',
      ' 0.5',
      ' 1',
      ' 1',
      'measuring',
      'writing videos',
    ]);
  });

  it('continues after several interruptions', async () => {
    const out = join(scratch, 'often');
    for (const n of [20, 19, 22, 25]) await stopAt(n, out, true);
    await strengthSweep(model, video, { ...request, out, resume: true });
    expect(hashes(out)).toEqual(hashes(whole.out));
  });

  it('does not compute again what was there', async () => {
    const out = join(scratch, 'rest');
    await stopAt(32, out);
    let first: { done: number; label: string } | undefined;
    await strengthSweep(model, video, {
      ...request,
      out,
      resume: true,
      onProgress: ({ done, label }) => {
        if (label.startsWith('denoising')) first ??= { done, label };
      },
    });
    // At least the first batch of the first strength (2 frames with 2 evaluations) was kept.
    expect(first!.done).toBeGreaterThan(4);
  });

  it('gives a finished result again at once', async () => {
    const labels: string[] = [];
    const onProgress = ({ label }: { label: string }) => labels.push(label);
    const again = await strengthSweep(model, video, { ...request, out: whole.out, resume: true, onProgress });
    expect(again).toEqual(whole);
    expect(new Set(labels)).toEqual(new Set(['reading the model']));
    expect(existsSync(join(whole.out, '.partial'))).toBe(false);
  });

  it('leaves no folder behind where nothing was done', async () => {
    const out = join(scratch, 'nothing');
    expect(await stopAt(14, out)).toBe('reading frames');
    expect(existsSync(out)).toBe(false);
  });
});

describe('a folder', () => {
  it('with a comparison is not overwritten', async () => {
    await expect(strengthSweep(model, video, { ...request, out: whole.out })).rejects.toThrow(
      /holds a comparison already; resume it, or choose another folder/,
    );
  });

  it('with other files is not used', async () => {
    const out = join(scratch, 'photos');
    mkdirSync(out);
    writeFileSync(join(out, 'holiday.jpg'), '');
    await expect(strengthSweep(model, video, { ...request, out })).rejects.toThrow(/holds other files \(holiday.jpg\)/);
    expect(readdirSync(out)).toEqual(['holiday.jpg']);
  });

  it('that is a file is refused', async () => {
    await expect(strengthSweep(model, video, { ...request, out: video })).rejects.toThrow(/is a file; name a folder/);
  });

  it('is not continued with other settings, which are named', async () => {
    const other = { ...request, prompt: 'a road', steps: 8, out: whole.out, resume: true };
    await expect(strengthSweep(model, video, other)).rejects.toThrow(
      /cannot be continued with other settings \(denoise.prompt: "a street" before, "a road" now; denoise.steps: 4 before, 8 now\)/,
    );
    expect(existsSync(join(whole.out, '.partial'))).toBe(false);
  });

  it('is not continued with another video or model', async () => {
    const out = whole.out;
    const longer = await shot(scratch, 'longer.mp4', { frames: 6 });
    await expect(strengthSweep(model, longer, { ...request, out, resume: true })).rejects.toThrow(
      /\(video: "\w{8}" before/,
    );
    const another = await loadModel(await smallestCheckpoint(scratch, { seed: 5 }));
    await expect(strengthSweep(another, video, { ...request, out, resume: true })).rejects.toThrow(/\(model\.\d+: /);
  });
});

it('refuses what it cannot do before it begins', async () => {
  const out = join(scratch, 'never');
  const sweep = (more: object) => strengthSweep(model, video, { ...request, out, ...more });
  await expect(sweep({ audio: true })).rejects.toThrow(/has no sound to copy/);
  await expect(sweep({ columns: 0 })).rejects.toThrow(/a grid of 0 columns/);
  await expect(sweep({ strengths: [] })).rejects.toThrow(/nothing to render/);
  await expect(sweep({ strengths: [0.5, 0.5] })).rejects.toThrow(/strength 0.5 is given twice/);
  expect(existsSync(out)).toBe(false);
});
