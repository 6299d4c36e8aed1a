// `steadyframe sweep` and `seeds`: tables, JSON, warnings, options.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
let model: string;
let video: string;
let common: string[];
beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street.mp4', { width: 32, height: 32 });
  common = [video, '--model', model, '--prompt', 'a street at night', '--steps', '4', '--size', '32x32'];
});
let runs = 0;
const fresh = () => join(scratch, `run-${runs++}`);
const sweep = (...more: string[]) => steadyframe(['sweep', ...common, '--strengths', '0.5,1', ...more]);

describe('sweep', () => {
  it('prints a table with the rows of source and round trip, and where the results are', async () => {
    const out = fresh();
    const { code, out: text, err } = await sweep('--out', out);
    expect(code).toBe(0);
    const [head, source, roundTrip, low, high, blank, ...rest] = text.split('\n');
    expect(head).toMatch(/^strength +first timestep +edit strength +flicker +warping error +per variance$/);
    const number = String.raw`\d+(\.\d+)?(e-\d+)?`;
    expect(source).toMatch(new RegExp(`^source +- +0 +1\\.000 +${number} +${number}$`));
    expect(roundTrip).toMatch(new RegExp(`^VAE round trip +- +${number} +${number} +${number} +${number}$`));
    expect(low).toMatch(/^0\.5 +251 /);
    expect(high).toMatch(/^1 +751 /);
    expect(blank).toBe('');
    expect(rest.join('\n')).toContain(`4 frames of 32x32; flicker is the frame difference over the source's
grid: ${join(out, 'grid.mp4')}
all:  ${out}
`);
    // Progress is not part of the results.
    expect(err).toContain(`steadyframe: writing into ${out}\n`);
    expect(err).toContain('denoising strength 1  24/24  100 %\n');
  });

  it('prints JSON with absolute paths, floors and first timesteps', async () => {
    const out = fresh();
    const outcome = await sweep('--out', out, '--json', '--quiet');
    const json = outcome.json();
    expect(outcome.err).toBe('');
    expect(json).toMatchObject({ out, grid: join(out, 'grid.mp4'), frames: 4, width: 32, height: 32, frameRate: 10 });
    expect(json.cells.map((cell: Record<string, unknown>) => [cell.strength, cell.firstTimestep, cell.video])).toEqual([
      [0.5, 251, join(out, 'strength-0.5.mp4')],
      [1, 751, join(out, 'strength-1.mp4')],
    ]);
    // The keys of ../shared/reference/metrics/expected.json, the contrast, and what is judged along DIS.
    const alone =
      'frame_difference flicker_ratio vbench_temporal_flickering second_difference standard_deviation ' +
      'contrast_normalised_flicker warping_error warping_error_normalised ' +
      'warping_error_dis warping_error_dis_normalised long_range_drift tof';
    const keys = alone.split(' ');
    expect(Object.keys(json.source)).toEqual(keys);
    for (const of of [json.roundTrip, json.cells[0].metrics]) {
      expect(Object.keys(of)).toEqual([...keys, 'edit_strength', 'psnr', 'ssim_gaussian']);
    }
    expect(json.source.flicker_ratio).toBeCloseTo(1, 9);
    for (const file of [json.grid, json.curves, json.roundTripVideo]) expect(existsSync(file)).toBe(true);
  });

  it('renders once where strengths change with time, in place of its list', async () => {
    const plan = await steadyframe([
      'sweep',
      ...common,
      '--strength-schedule',
      '0s: 0.5; 0.3s: 1',
      '--dry-run',
      '--json',
    ]);
    expect(plan.json().cells).toMatchObject([{ label: 'strength 0s: 0.5; 0.3s: 1', strength: 1, evaluations: 4 }]);
    const both = await sweep('--strength-schedule', '0s: 0.5; 0.3s: 1');
    expect(both).toMatchObject({ code: 2 });
    expect(both.err).toContain('strength: both a list and a schedule are given; leave one of them out');
  });

  it('writes under runs/ where nothing is said, a new folder each time', async () => {
    const root = join(scratch, 'runs');
    vi.stubEnv('STEADYFRAME_RUNS', root);
    try {
      for (let i = 0; i < 2; i++) expect((await sweep('-q')).code).toBe(0);
      const [first, second] = readdirSync(join(root, 'sweep')).filter((name) => name.startsWith('street'));
      expect(first).toMatch(/^street-[0-9a-f]{8}$/);
      expect(second).toBe(`${first}-2`);
      const artifacts = (name: string) => join(root, 'sweep', name, 'artifacts');
      expect(hashes(artifacts(second))).toEqual(hashes(artifacts(first)));
      // Resuming finds the latest one and adds nothing.
      const before = hashes(root);
      expect((await sweep('-q', '--resume', '--json')).json().out).toBe(artifacts(second));
      expect(hashes(root)).toEqual(before);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('plans with --dry-run and writes nothing', async () => {
    const out = fresh();
    const { code, out: text, err } = await sweep('--out', out, '--dry-run', '--sampler', 'pndm', '--batch', '2');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const time = /^time: about \d+ s on this machine, measured on two frames\n/m;
    expect(text).toMatch(time);
    expect(text.replace(time, '')).toBe(`strength  first timestep  UNet passes a frame
0.5                  501                    3
1                    751                    5

${video}: 4 frames of 32x32 at 10.00 a second
UNet passes: 16, 4 latents each
unfinished work takes up to 50.2 kB
results go to ${out}
`);
    expect(existsSync(out)).toBe(false);
    const json = (await sweep('--dry-run', '--json', '--guidance', '1')).json();
    expect(json).toMatchObject({ frames: 4, passes: 24, rowsPerPass: 1 });
    expect(json.seconds).toBeGreaterThan(0);
  });

  it('checks in a dry run what a run would refuse', async () => {
    const out = fresh();
    expect((await sweep('-q', '--out', out)).code).toBe(0);
    expect(await sweep('--out', out, '--dry-run')).toMatchObject({
      code: 2,
      err: `steadyframe: ${out}: holds a comparison already; resume it, or choose another folder\n`,
    });
    expect((await sweep('--out', out, '--dry-run', '--resume')).code).toBe(0);
  });

  it('takes every n-th frame from a start on, at a size of two sides', async () => {
    const long = await shot(scratch, 'long.mp4', { frames: 10 });
    const args = [
      'sweep',
      long,
      ...common.slice(1, -1),
      '40x24',
      '--strengths',
      '0.25',
      '--out',
      fresh(),
      '--json',
      '-q',
    ];
    const json = (await steadyframe([...args, '--start', '0.2s', '--every', '2', '--frames', '3'])).json();
    expect(json).toMatchObject({ frames: 3, width: 40, height: 24, frameRate: 5 });
    const source = await openVideo(json.grid);
    expect([source.width, source.height]).toEqual([80, 24]);
  });

  it('gives the same picture with any batch size, within one step of 255', async () => {
    const metricsOf = async (batch: string) => {
      const outcome = await sweep('--batch', batch, '--out', fresh(), '--json', '-q');
      return outcome.json().cells.map((cell: { metrics: { edit_strength: number } }) => cell.metrics.edit_strength);
    };
    const [one, three] = [await metricsOf('1'), await metricsOf('3')];
    for (const [i, value] of one.entries()) expect(three[i]).toBeCloseTo(value, 1);
  });

  it('renders other noise with another draw and another seed', async () => {
    const editOf = async (...more: string[]) =>
      (await sweep('--strengths', '1', '--out', fresh(), '--json', '-q', ...more)).json().cells[0].metrics
        .edit_strength;
    const values = [await editOf(), await editOf('--noise-draw', '2'), await editOf('--seed', '43')];
    expect(new Set(values).size).toBe(3);
  });
});

describe('seeds', () => {
  it('compares shared noise with noise per frame', async () => {
    const seeds = ['seeds', ...common, '--seeds', '1,2', '--strength', '0.5', '--noise', 'fixed,per-frame', '-q'];
    const { code, out } = await steadyframe([...seeds, '--out', fresh()]);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^seed +noise +first timestep +edit strength /);
    const rows = lines.slice(3, 7).map((line) => line.split(/ +/).slice(0, 3));
    expect(rows).toEqual([
      ['1', 'fixed', '251'],
      ['2', 'fixed', '251'],
      ['1', 'per-frame', '251'],
      ['2', 'per-frame', '251'],
    ]);
    const json = (await steadyframe([...seeds, '--dry-run', '--json'])).json();
    expect(json.cells.map((cell: { label: string }) => cell.label)).toEqual([
      'seed 1, fixed noise',
      'seed 2, fixed noise',
      'seed 1, per-frame noise',
      'seed 2, per-frame noise',
    ]);
  });
});
