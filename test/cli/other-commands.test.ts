// `steadyframe frame`, `control`, `metrics`, `grid` and `info`.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { conditionOf } from '../../src/lib/conditions/condition.js';
import { metrics } from '../../src/lib/metrics/metrics.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { readPicture } from '../../src/lib/video/still.js';
import { hasPack, packNote, packPath } from '../reference/pack.js';
import { skipNote } from '../skipped.js';
import { scratchFolder, shot, smallestCheckpoint, TOKENS } from '../sweeps/tiny.js';
import { collect } from '../video/shots.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
let model: string;
let video: string;
let other: string;
beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street.mp4');
  other = await shot(scratch, 'short.mp4', { frames: 3 });
});

describe('frame', () => {
  const frame = (...more: string[]) =>
    steadyframe([
      'frame',
      video,
      '--model',
      model,
      '--prompt',
      'night',
      '--steps',
      '4',
      '--size',
      '32x32',
      '-q',
      ...more,
    ]);

  it('writes a sheet and prints a row for each picture', async () => {
    const out = join(scratch, 'sheet');
    const { code, out: text } = await frame('--at', '0.2s', '--seeds', '1,2', '--strengths', '0.5,1', '--out', out);
    expect(code).toBe(0);
    expect(text).toBe(`strength  first timestep  seed  picture
0.5                  251     1  ${join(out, 'strength-0.5-seed-1.png')}
0.5                  251     2  ${join(out, 'strength-0.5-seed-2.png')}
1                    751     1  ${join(out, 'strength-1-seed-1.png')}
1                    751     2  ${join(out, 'strength-1-seed-2.png')}

sheet: ${join(out, 'sheet.png')}
`);
    expect((await readPicture(join(out, 'strength-1-seed-2.png'))).width).toBe(32);
    expect(await frame('--at', '0', '--out', out)).toMatchObject({ code: 2, out: '' });
  });

  it('prints JSON, and writes under runs/ where nothing is said', async () => {
    vi.stubEnv('STEADYFRAME_RUNS', join(scratch, 'runs'));
    try {
      const outcome = await frame('--at', '0:00.1', '--seeds', '1', '--strengths', '0.5', '--json');
      const out = join(scratch, 'runs/frame/street-at-0.1s/artifacts');
      expect(outcome.json()).toMatchObject({ out, at: 0.1, sheet: join(out, 'sheet.png') });
      expect(readdirSync(out)).toHaveLength(4);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('refuses a time after the end', async () => {
    const out = join(scratch, 'late');
    expect(await frame('--at', '3', '--out', out)).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        `steadyframe: ${video}: there is no frame at 3 s, it lasts 0.4 s; choose an earlier time\n`,
      ),
    });
    expect(existsSync(out)).toBe(false);
  });
});

describe('metrics', () => {
  it('of a video alone are those that need no source', async () => {
    const { json } = await steadyframe(['metrics', video, '--json', '-q']);
    const { output } = await metrics((await openVideo(video, { exact: true })).frames());
    expect(json()).toEqual({ frames: 4, width: 48, height: 32, frameRate: 10, output: output.means });
  });

  it('with a source come beside those of the source', async () => {
    const { out } = await steadyframe(['metrics', video, '--source', video, '-q']);
    expect(out).toMatch(/^metric +output +source$/m);
    expect(out).toMatch(/^frame difference \/ source +1\.000 +1\.000$/m);
    expect(out).toMatch(/^PSNR to the source \(dB\) +inf +-$/m);
    expect(out).toContain('4 frames of 48x32 at 10.00 a second');
  });

  it('refuse what does not fit together', async () => {
    const err = async (...args: string[]) => (await steadyframe(['metrics', video, '-q', ...args])).err;
    expect(await err('--source', other)).toMatch(/the source ends before the output: the first 3 frames are compared/);
    expect(await err('--crop', '0,0,8,8', '--source', video)).toMatch(
      /is 48x32, .* 8x8: the middle of its frames \(66 %\) is scaled to these/,
    );
    expect(await err('--crop', '40,0,16,8')).toMatch(/the crop 40,0,16,8 reaches outside/);
    expect(await err('--source-crop', '0,0,8,8')).toMatch(/--source-crop belongs to --source/);
  });

  const published = fileURLToPath(new URL('../../../shared/media/published-grid.gif', import.meta.url));
  // The published grid is clockwise: original and 0.45 above, 0.75 and the finetuned 0.45 below. Expected: the
  // measurements of the same file with NumPy and OpenCV in ../shared/design.md.
  describe.skipIf(!existsSync(published))(
    `of the published grid${skipNote(existsSync(published), '../shared/media is not there')}`,
    () => {
      it.each([
        ['0.45', '192,0', 14.78, 20.9, 1.13, 1.04, 1.08, 0.3],
        ['0.75', '0,192', 12.29, 36.1, 0.94, 1.18, 0.8, 0.27],
        ['0.45 finetuned', '192,192', 35.31, 64.2, 2.69, 1.38, 1.95, 0.68],
      ])('%s', async (_, corner, difference, edit, ratio, contrast, normalised, warping) => {
        const source = ['--source', published, '--source-crop', '0,0,192,192'];
        const { json } = await steadyframe([
          'metrics',
          published,
          '--crop',
          `${corner},192,192`,
          ...source,
          '--json',
          '-q',
        ]);
        const { frames, output, source: floor } = json();
        expect(frames).toBe(15);
        expect(floor.frame_difference).toBeCloseTo(13.11, 2);
        expect(floor.warping_error_normalised).toBeCloseTo(0.17, 2);
        expect(output.frame_difference).toBeCloseTo(difference, 2);
        expect(output.edit_strength).toBeCloseTo(edit, 1);
        expect(output.flicker_ratio).toBeCloseTo(ratio, 2);
        expect(output.standard_deviation / floor.standard_deviation).toBeCloseTo(contrast, 2);
        expect(output.contrast_normalised_flicker).toBeCloseTo(normalised, 2);
        expect(output.warping_error_normalised).toBeCloseTo(warping, 2);
      });
    },
  );
});

describe('control', () => {
  it('writes what a ControlNet sees of each frame', async () => {
    const out = join(scratch, 'edges');
    const { code, out: text } = await steadyframe([
      'control',
      video,
      '--kind',
      'canny',
      '--frames',
      '2',
      '-o',
      out,
      '-q',
    ]);
    expect({ code, text }).toEqual({ code: 0, text: `${out}: canny of 2 frames\n` });
    const [frame] = await collect((await openVideo(video)).frames());
    const { data } = await readPicture(join(out, '00001.png'));
    expect([...data]).toEqual([...conditionOf('canny', frame).data]);
  });

  it('refuses a kind that it does not know', async () => {
    const { code, err } = await steadyframe(['control', video, '--kind', 'depth', '-o', join(scratch, 'x.mp4')]);
    expect(code).toBe(2);
    expect(err).toContain('Expected one of canny, tile, lineart, scribble, blur, luminance');
  });
});

describe('grid', () => {
  it('puts videos beside each other and says where it ends', async () => {
    const out = join(scratch, 'grid.mp4');
    const args = ['grid', video, other, video, '-o', out, '--labels', 'a,b,c'];
    const { code, out: text, err } = await steadyframe(args);
    expect({ code, text }).toEqual({ code: 0, text: `${out}: 3 frames\n` });
    expect(err).toMatch(/warning: the videos are not equally long: the grid ends after 3 frames, with .*short\.mp4\n$/);
    const grid = await openVideo(out, { exact: true });
    expect([grid.width, grid.height, grid.frameRate]).toEqual([96, 64, 10]);
    const { json } = await steadyframe([...args, '--columns', '3', '--json']);
    expect(json()).toEqual({ out, frames: 3, endedFirst: [1] });
  });

  it('takes many videos without a warning of Node', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => {
      warnings.push(`${warning.name}: ${warning.message}`);
    };
    process.on('warning', listen);
    try {
      const args = [
        'grid',
        ...Array.from({ length: 13 }, () => other),
        '-o',
        join(scratch, 'many.mp4'),
        '--columns',
        '5',
        '--quiet',
      ];
      expect(await steadyframe(args)).toMatchObject({ code: 0, err: '' });
      await new Promise((resolve) => setImmediate(resolve)); // when warnings come
    } finally {
      process.off('warning', listen);
    }
    expect(warnings).toEqual([]);
  });

  it('refuses what cannot be arranged', async () => {
    const err = async (...args: string[]) => (await steadyframe(['grid', ...args, '-o', join(scratch, 'x.mp4')])).err;
    expect(await err(video, video, '--labels', 'a')).toMatch(/2 videos but 1 labels/);
    expect(await err(video, video, '--clockwise')).toMatch(/clockwise is for 4 videos in 2 columns/);
    const large = await shot(scratch, 'large.mp4', { width: 64, height: 48 });
    expect(await err(video, large)).toMatch(/is 48x32, .*large\.mp4' 64x48: the middle of its frames \(87 %\)/);
    const fast = await shot(scratch, 'fast.mp4', { frameRate: 20 });
    expect(await err(video, fast)).toMatch(/say which frame rate the grid shall have/);
    expect(await err(video, fast, '--frame-rate', '10')).toMatch(/^$|not equally long/);
    expect((await steadyframe(['grid', video, '-o', join(scratch, 'x.txt')])).code).toBe(2);
  });
});

describe('info', () => {
  it('describes a folder', async () => {
    const { code, out } = await steadyframe(['info', model]);
    expect(code).toBe(0);
    expect(out).toMatch(/^layout +diffusers folder$/m);
    expect(out).toMatch(/^predicts +epsilon$/m);
    expect(out).toMatch(/^schedule +1000 timesteps, betas scaled_linear 0\.00085 to 0\.012$/m);
    expect(out).toMatch(new RegExp(`^tokenizer +${TOKENS} tokens, 77 a prompt$`, 'm'));
    expect(out).toMatch(/^latents +4 channels, 8 pixels a cell, scaled by 0\.18215$/m);
    expect(out).toMatch(/^UNet +[\d,]+ +float16$/m);
    expect(out).toMatch(/diffusion_pytorch_model\.safetensors: [\d.]+ kB, (mapped without a copy|copied: .+)$/m);
  });

  it('says why weights are copied where they cannot be mapped', async (ctx) => {
    const elsewhere = '/dev/shm';
    const device = (path: string) => statSync(path, { throwIfNoEntry: false })?.dev;
    if ([undefined, device(model)].includes(device(elsewhere))) ctx.skip(`${elsewhere} is no other file system here`);
    process.env.STEADYFRAME_CACHE = mkdtempSync(join(elsewhere, 'steadyframe-'));
    try {
      const { json, out } = await steadyframe(['info', model, '--json']);
      const reason = expect.stringMatching(
        /^the file lies on another file system than the cache; set STEADYFRAME_CACHE/,
      );
      expect(json().files.map(({ mapped, reason: why }: { mapped: boolean; reason: string }) => [mapped, why])).toEqual(
        Array(3).fill([false, reason]),
      );
      expect(out).not.toContain(process.env.STEADYFRAME_CACHE);
    } finally {
      rmSync(process.env.STEADYFRAME_CACHE, { recursive: true });
      delete process.env.STEADYFRAME_CACHE;
    }
  });

  it('refuses what is no checkpoint', async () => {
    const other = join(scratch, 'other.txt');
    writeFileSync(other, 'no weights');
    expect(await steadyframe(['info', other])).toMatchObject({ code: 2, out: '' });
    expect((await steadyframe(['info', join(model, 'unet')])).err).toMatch(/holds one model alone/);
  });

  it.skipIf(!hasPack)(`describes a single file by its configuration${packNote}`, async () => {
    const file = packPath('sd1', 'single-file.safetensors');
    const { json } = await steadyframe(['info', file, '--config', packPath('sd1'), '--json']);
    // Numbers of weights as make_reference.py's models report them.
    expect(json()).toMatchObject({
      path: file,
      layout: 'single-file',
      predictionType: 'epsilon',
      networks: { unet: { weights: 2164452 }, vae: { weights: 81215 }, textEncoder: { weights: 1609216 } },
      tokenizer: { vocabulary: 49408, length: 77 },
      latents: { vaeFactor: 8 },
    });
    expect((await steadyframe(['info', file])).err).toMatch(/not a stock Stable Diffusion 1\.x file.* pass config/);
  });

  it('describes the schedule as its configuration has it, and what was chosen', async () => {
    const folder = join(scratch, 'trailing');
    cpSync(model, folder, { recursive: true });
    const path = join(folder, 'scheduler', 'scheduler_config.json');
    const stated = { ...JSON.parse(readFileSync(path, 'utf8')), timestep_spacing: 'trailing', set_alpha_to_one: true };
    writeFileSync(path, JSON.stringify(stated));
    expect((await steadyframe(['info', model, '--json'])).json().schedule).toMatchObject({
      ...{ spacing: null, stepsOffset: 1, setAlphaToOne: false, rescaleZeroSnr: false },
    });
    const { json } = await steadyframe(['info', folder, '--prediction', 'v', '--vae', model, '--json']);
    expect(json()).toMatchObject({
      predictionType: 'v_prediction',
      schedule: { spacing: 'trailing', setAlphaToOne: true },
      chosen: { prediction: 'v', vae: model },
    });
    expect((await steadyframe(['info', folder])).out).toMatch(/spacing +trailing, ddim and pndm end without noise/);
    writeFileSync(path, JSON.stringify({ _class_name: 'FlowMatchEulerDiscreteScheduler', shift: 3 }));
    expect(await steadyframe(['info', folder])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/FlowMatchEulerDiscreteScheduler samples models that were trained by flow matching/),
    });
  });

  it.skipIf(!hasPack)(`describes 2.x${packNote}`, async () => {
    const { json } = await steadyframe(['info', packPath('sd2'), '--json']);
    expect(json()).toMatchObject({ predictionType: 'v_prediction', tokenizer: { padding: 0 }, contextWidth: 48 });
  });
});
