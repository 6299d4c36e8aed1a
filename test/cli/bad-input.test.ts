// Bad input, case by case: one error message with a remedy, the correct exit code, and no files left behind.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { findFfmpeg } from '../../src/lib/video/ffmpeg/find-ffmpeg.js';
import { readPicture, writePicture } from '../../src/lib/video/still.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
let model: string;
let video: string;
beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street.mp4', { frames: 3, width: 32, height: 32 });
});
let runs = 0;
const fresh = () => join(scratch, `out-${runs++}`);
const sweep = (path: string, out: string, ...more: string[]) => {
  const options = ['--model', model, '--prompt', 'a street', '--steps', '4', '--size', '32x32', '--strengths', '0.5'];
  return steadyframe(['sweep', path, ...options, '--out', out, '-q', ...more]);
};

/** Expects an error: one line on stderr, nothing on stdout, no folder. */
async function refuses(path: string, sentence: RegExp, ...more: string[]): Promise<void> {
  const out = fresh();
  const outcome = await sweep(path, out, ...more);
  expect(outcome.err).toMatch(sentence);
  expect(outcome).toMatchObject({ code: 2, out: '' });
  expect(outcome.err.trimEnd().split('\n')).toHaveLength(1);
  expect(existsSync(out)).toBe(false);
}

describe('videos', () => {
  it('no such file', async () => {
    await refuses(join(scratch, 'none.mp4'), /^steadyframe: there is no file '.*none\.mp4'\n$/);
  });

  it('not a video', async () => {
    const text = join(scratch, 'text.mp4');
    writeFileSync(text, 'just a text\n'.repeat(100));
    await refuses(text, /text\.mp4' is not a video that ffmpeg can read: .*; give a video\n$/);
    const empty = join(scratch, 'empty.mp4');
    writeFileSync(empty, '');
    await refuses(empty, /empty\.mp4' is empty; give a file that holds pictures\n$/);
    const folder = join(scratch, 'no-pictures');
    mkdirSync(folder);
    await refuses(
      folder,
      /no-pictures' holds no PNG, JPEG or WebP pictures, nor BMP, TIFF or AVIF; give a folder of frames or a video\n$/,
    );
    await refuses(join(model, 'unet/config.json'), /is not a video that ffmpeg can read/);
  });

  it('zero frames: a video without any, and a choice that leaves none', async () => {
    const none = join(scratch, 'zero.mkv');
    const { path: ffmpeg } = await findFfmpeg();
    // A container with a video stream of known size but without packets.
    execFileSync(ffmpeg, ['-v', 'quiet', '-i', video, '-c', 'copy', '-frames:v', '0', none]);
    await refuses(
      none,
      /there are no frames from 0 s on in '.*zero\.mkv'.*; give a video that holds frames\n$|is not a video/,
    );
    await refuses(
      video,
      /there are no frames from 9 s on in '.*street\.mp4', which lasts 0.3 s; start earlier\n$/,
      '--start',
      '9',
    );
    await refuses(video, /frames is 0, but must be a whole number from 1 on\n$/, '--frames', '0');
    await refuses(video, /a duration of 0 s is not possible; give seconds above 0\n$/, '--duration', '0');
  });

  it('odd sizes: a size that is no multiple of 8 is refused, a video with odd sides is not', async () => {
    await refuses(video, /a size of 100 is not a multiple of 8; the nearest are 96 and 104\n$/, '--size', '100');
    await refuses(video, /a height of 4 is too small; sides are multiples of 8, from 8 on\n$/, '--size', '32x4');
    const odd = join(scratch, 'odd');
    mkdirSync(odd);
    const picture = { width: 37, height: 21, data: new Uint8Array(3 * 37 * 21).map((_, i) => i % 251) };
    for (const name of ['1.png', '2.png']) await writePicture(join(odd, name), picture);
    const outcome = await sweep(odd, fresh(), '--json');
    expect(outcome.code).toBe(0);
    expect(outcome.json()).toMatchObject({ frames: 2, width: 32, height: 32 });
  });

  it('a single frame: metrics over pairs are undefined, everything else is as ever', async () => {
    const one = join(scratch, 'one.png');
    await writePicture(one, { width: 48, height: 32, data: new Uint8Array(3 * 48 * 32).map((_, i) => i % 251) });
    for (const path of [one, await shot(scratch, 'one.mp4', { frames: 1 })]) {
      const outcome = await sweep(path, fresh(), '--json');
      expect(outcome.code).toBe(0);
      const { frames, source, cells, grid } = outcome.json();
      expect(frames).toBe(1);
      expect(source).toMatchObject({ frame_difference: null, flicker_ratio: null, warping_error: null, tof: null });
      expect(cells[0].metrics.edit_strength).toBeGreaterThan(0);
      expect(existsSync(grid)).toBe(true);
    }
    const { out } = await sweep(video, fresh(), '--frames', '1');
    expect(out).toMatch(/^0\.5 +251 +[\d.]+ +- +- +-$/m);
    expect(out).toContain('1 frame of 32x32');
  });
});

describe('strengths', () => {
  it.each(['0', '-0.5', '1.01', '45'])('outside (0, 1]: %s', async (strength) => {
    const sentence = `strength: ${strength} is outside (0, 1]; pass 1 for the strongest edit, 0.45 for a mild one`;
    await refuses(video, new RegExp(sentence.replace(/[()[\]]/g, '\\$&')), `--strengths=0.5,${strength}`);
  });

  it('so low that no step runs', async () => {
    const sentence =
      /strength: 0\.2 runs none of 4 steps; the smallest strength that runs one is 0\.25, or take more steps\n$/;
    await refuses(video, sentence, '--strengths', '0.2');
    await refuses(video, sentence, '--strengths', '0.2', '--dry-run');
  });
});

describe('prompts', () => {
  it('an empty one is rendered, with a warning', async () => {
    const { code, err } = await sweep(video, fresh(), '--prompt', '');
    expect({ code, err }).toEqual({
      code: 0,
      err: 'steadyframe: warning: the prompt is empty: the model follows its own taste, and guidance has nothing to lead to\n',
    });
  });

  it('one of more than 77 tokens is cut, and what was cut is shown once', async () => {
    const words = Array.from({ length: 80 }, (_, i) => (i < 75 ? 'street' : `tail${i}`));
    const { code, err } = await sweep(
      video,
      fresh(),
      '--prompt',
      words.join(' '),
      '--negative',
      `${'blur '.repeat(76)}`,
    );
    expect(code).toBe(0);
    // "tail75" is several tokens: a word, and one per digit.
    expect(err.split('\n')).toEqual([
      'steadyframe: warning: the prompt is longer than 77 tokens; this part was cut: "tail 7 5 tail 7 6 tail 7 7 tail 7 8 tail 7 9"',
      'steadyframe: warning: the prompt is longer than 77 tokens; this part was cut: "blur"',
      '',
    ]);
  });

  it('one of exactly 77 tokens is not', async () => {
    expect((await sweep(video, fresh(), '--prompt', 'street '.repeat(75))).err).toBe('');
  });
});

describe('numbers that are not finite', () => {
  /** The checkpoint with NaN in one weight. */
  const poisoned = async (file: string, weight: string): Promise<string> => {
    const path = await smallestCheckpoint(scratch, { dtype: 'float32' });
    const tensors = await readSafetensors(join(path, file));
    (tensors[weight].data as Float32Array).fill(Number.NaN);
    await writeSafetensors(join(path, file), tensors);
    return path;
  };

  it('in the UNet stop the run and name the frame and the step', async () => {
    const path = await poisoned('unet/diffusion_pytorch_model.safetensors', 'conv_out.bias');
    const out = fresh();
    const outcome = await sweep(video, out, '--model', path);
    expect(outcome).toMatchObject({ code: 1, out: '' });
    expect(outcome.err).toMatch(
      /^steadyframe: frame 0: the network's prediction is not finite \(NaN or infinite\) at step 1 of 2, timestep 251, .*check the weights/,
    );
    expect(outcome.err.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(out, 'grid.mp4'))).toBe(false);
  });

  it.each([
    ['encoder.conv_out.bias', /^steadyframe: frame 0: the latent that the VAE's encoder gives is not finite/],
    ['decoder.conv_out.bias', /^steadyframe: frame 0: the picture that the VAE's decoder gives is not finite/],
  ])('in the VAE (%s) stop the run and name the frame, instead of black pictures', async (weight, sentence) => {
    const path = await poisoned('vae/diffusion_pytorch_model.safetensors', weight);
    const outcome = await sweep(video, fresh(), '--model', path);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(sentence);
  });
});

describe('models, devices and LoRA files', () => {
  it('that are none are refused by a sentence', async () => {
    await refuses(
      video,
      /none: there is no such file or folder; name a diffusers folder/,
      '--model',
      join(scratch, 'none'),
    );
    await refuses(video, /'gpu' is invalid\. Expected one of cpu, webgpu/, '--device', 'gpu');
    await refuses(video, /none\.safetensors/, '--lora', join(scratch, 'none.safetensors:0.5'));
  });

  it('a device that cannot start is a failure, not a silent fallback', async () => {
    // No machine has both of these.
    const device = process.platform === 'darwin' ? 'dml' : 'coreml';
    const outcome = await sweep(video, fresh(), '--device', device);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(
      new RegExp(`^steadyframe: device ${device} did not start: it needs .*cpu always works`),
    );
  });
});

it('reads the pictures that a folder of them holds, in their order', async () => {
  const folder = await shot(scratch, 'pictures', { frames: 3 });
  const outcome = await sweep(folder, fresh(), '--json');
  expect(outcome.json()).toMatchObject({ frames: 3, frameRate: 10 });
  expect((await readPicture(join(folder, '00001.png'))).width).toBe(48);
});
