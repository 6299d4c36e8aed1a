// How long a video takes: what is counted, and the command that prints it.

import { readdirSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import type { Estimate } from '../../src/lib/renderings/estimate.js';
import { steadyframe } from '../cli/run-command.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
let model: string;
let video: string;

beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street', { frames: 11 });
});

const plan = (...args: string[]) =>
  steadyframe(['plan', video, '--model', model, '--sizes', '32x32,48x32', '--guidance-scale', '1', ...args]);

it('counts the passes of presets and keyframes, at each size', async () => {
  const before = readdirSync(scratch);
  const { code, err, json } = await plan('--json');
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('measuring 48x32') });
  const estimates: Estimate[] = json();
  expect(estimates.map(({ width, height }) => `${width}x${height}`)).toEqual([
    ...Array.from({ length: 6 }, () => '32x32'),
    ...Array.from({ length: 6 }, () => '48x32'),
  ]);
  // 0.45 of 50, 20 and 10 steps; of 11 frames three are keyframes.
  expect(estimates.slice(0, 6).map(({ preset, steady, passesPerFrame }) => [preset, steady, passesPerFrame])).toEqual(
    (
      [
        ['default', 22],
        ['fast', 9],
        ['draft', 4],
      ] as const
    ).flatMap(([preset, passes]) => [
      [preset, false, passes],
      [preset, true, (passes * 3) / 11],
    ]),
  );
  const [all, keys, fast] = estimates;
  expect(all.seconds).toBeCloseTo(11 * all.secondsPerFrame, 10);
  // What one pass took is the same in all rows of a size.
  const rest = (all.secondsPerFrame - fast.secondsPerFrame) / 13;
  expect(rest).toBeGreaterThan(0);
  expect(keys.secondsPerFrame).toBeGreaterThan((all.secondsPerFrame * 3) / 11);
  expect(estimates[6].peakBytes).toBeGreaterThanOrEqual(all.peakBytes);
  expect(readdirSync(scratch)).toEqual(before);
});

it('is printed as a table, which says what is approximate', async () => {
  const { code, out } = await plan('--frames', '6');
  expect(code).toBe(0);
  expect(out).toContain(`${video}: 6 frames\n`);
  expect(out).toMatch(/^48x32 +draft +keyframes +1\.3 /m);
  expect(out).toContain('default is exact to diffusers');
});

it('refuses what cannot be rendered in one sentence', async () => {
  expect(await plan('--strength', '2')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('2') });
  expect((await steadyframe(['plan', video, '--model', model, '--sizes', 'big'])).code).toBe(2);
});

it('is part of a plan, also where settings change with time', async () => {
  const sweep = ['sweep', video, '--model', model, '--size', '32x32', '--dry-run', '--json'];
  const schedules = ['--strength-schedule', '0s: 0.5; 1s: 1', '--guidance-schedule', '0s: 1; 1s: 7'];
  for (const args of [
    ['--prompt', '0s: a street; 1s: night'],
    ['--prompt', 'night', '--steady', ...schedules],
  ]) {
    const { code, err, json } = await steadyframe([...sweep, ...args]);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('show the middle') });
    expect(json().seconds).toBeGreaterThan(0);
  }
});
