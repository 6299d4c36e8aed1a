// Pictures as players show them, with each available ffmpeg: size, colours, transparency, fields, mirroring, the shown
// stream.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { type OpenVideoOptions, openVideo } from '../../src/lib/video/read/open-video.js';
import {
  bytesOf,
  collect,
  difference,
  FFMPEGS,
  ffmpegMakes,
  pattern,
  scratchFolder,
  smooth,
  useFfmpeg,
  warnings,
  writeLossless,
} from './shots.js';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);
const lavfi = (graph: string) => ['-f', 'lavfi', '-i', graph];
const H264 = ['-c:v', 'libx264', '-qp', '0', '-pix_fmt', 'yuv420p', '-bf', '0'];
const { heard, onWarning } = warnings();

async function read(path: string, options: OpenVideoOptions = { exact: true }): Promise<Frame[]> {
  return collect((await openVideo(path, { onWarning, ...options })).frames());
}

/** The colour at a position in shares of the sides. */
function colour({ width, height, data }: Frame, x: number, y: number): number[] {
  const i = 3 * (Math.floor(y * height) * width + Math.floor(x * width));
  return [...data.subarray(i, i + 3)];
}

function expectColour(frame: Frame, x: number, y: number, expected: readonly number[], within = 3): void {
  const found = colour(frame, x, y);
  for (const [c, value] of expected.entries())
    expect(Math.abs(found[c] - value), `${found}`).toBeLessThanOrEqual(within);
}

/** Difference of rows from the mean of their neighbours, which is large for interlaced frames. */
function comb({ width, height, data }: Frame): number {
  let sum = 0;
  const stride = 3 * width;
  for (let i = stride; i < stride * (height - 1); i++)
    sum += Math.abs(2 * data[i] - data[i - stride] - data[i + stride]);
  return sum / data.length;
}

describe.each(FFMPEGS)('with %s', (_, ffmpeg) => {
  if (ffmpeg === undefined) return it.skip('has no ffmpeg to try', () => {});

  beforeAll(() => useFfmpeg(ffmpeg));

  it.each([
    ['grows', '64x48', '128x96'],
    ['shrinks', '128x96', '64x48'],
    ['stands up', '96x64', '64x96'],
    ['lies down', '64x96', '128x64'],
  ])('brings all frames to the first size where it %s', async (_name, first, second) => {
    // Red above, blue below, a vertical green line in the middle: after any crop, the centre stays in the middle.
    const half = (size: string, name: string) => {
      const halves =
        'drawbox=0:0:iw:ih/2:red:fill,drawbox=0:ih/2:iw:ih/2:blue:fill,drawbox=iw*0.4:0:iw*0.2:ih:lime:fill';
      ffmpegMakes(ffmpeg, [...lavfi(`color=s=${size}:r=10:d=0.4`), '-vf', halves, ...H264, '-f', 'h264', at(name)]);
      return readFileSync(at(name));
    };
    writeFileSync(at('both.h264'), Buffer.concat([half(first, '1.h264'), half(second, '2.h264')]));
    const frames = await read(at('both.h264'));
    expect(frames.length).toBe(8);
    for (const frame of frames) {
      expect(`${frame.width}x${frame.height}`).toBe(first);
      expectColour(frame, 0.1, 0.2, [254, 0, 0]);
      expectColour(frame, 0.9, 0.8, [0, 0, 254]);
      expectColour(frame, 0.5, 0.2, [0, 255, 1]);
    }
    expect(heard.filter((line) => line.includes('changes its size in mid-stream'))).toEqual([
      expect.stringContaining(`(${first}, ${second})`),
    ]);
  });

  it.each([
    ['smpte2084', 'PQ', 177],
    ['arib-std-b67', 'HLG', 144],
  ])('maps %s to SDR', async (transfer, name, expected) => {
    const tags = `colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`;
    ffmpegMakes(ffmpeg, [...lavfi('color=0x7f7f7f:s=32x32:r=10:d=0.2'), ...H264, '-x264-params', tags, at('hdr.mp4')]);
    const frames = await read(at('hdr.mp4'));
    expect(frames.length).toBe(2);
    // By the formulas: about 90 cd/m2 (PQ) and 50 (HLG) with white at 203, slightly reduced by compression.
    expectColour(frames[0], 0.5, 0.5, [expected, expected, expected], 4);
    expect(heard.join()).toContain(`is HDR (${name}): its frames are tone-mapped to SDR, BT.709`);
  });

  it('shows the marked stream, else the first, and never a still beside a video', async () => {
    const two = [
      ...lavfi('color=red:s=32x32:r=10:d=0.5'),
      ...lavfi('color=blue:s=48x32:r=10:d=0.5'),
      '-map',
      '0',
      '-map',
      '1',
    ];
    const shown = async (name: string, ...args: string[]) => {
      ffmpegMakes(ffmpeg, [...two, ...args, at(name)]);
      const [frame] = await read(at(name));
      return frame.width;
    };
    const flags = (first: string, second: string) => ['-disposition:v:0', first, '-disposition:v:1', second];
    expect(await shown('second.mkv', ...H264, ...flags('0', 'default'))).toBe(48);
    expect(await shown('first.mkv', ...H264, ...flags('default', 'default'))).toBe(32);
    expect(await shown('none.mkv', ...H264, ...flags('0', '0'))).toBe(32);
    two[3] = 'color=red:s=32x32:r=10:d=0.1';
    const still = ['-c:v:1', 'libx264', '-pix_fmt:v:1', 'yuv420p'];
    expect(
      await shown('still.mkv', '-c:v:0', 'mjpeg', '-pix_fmt:v:0', 'yuvj420p', ...still, ...flags('default', '0')),
    ).toBe(48);
    expect(await shown('png.mkv', '-c:v:0', 'png', ...still, ...flags('default', 'default'))).toBe(48);
  });

  it.each([
    ['qtrle', 'ramp.mov', ['-c:v', 'qtrle', '-pix_fmt', 'argb']],
    ['PNG in mov', 'png.mov', ['-c:v', 'png', '-pix_fmt', 'rgba']],
    ['ProRes 4444', '4444.mov', ['-c:v', 'prores_ks', '-profile:v', '4444', '-pix_fmt', 'yuva444p10le']],
    ['APNG', 'ramp.apng', ['-f', 'apng', '-pix_fmt', 'rgba']],
    ['VP8', '8.webm', ['-c:v', 'libvpx', '-auto-alt-ref', '0', '-pix_fmt', 'yuva420p', '-b:v', '1M']],
    ['VP9', '9.webm', ['-c:v', 'libvpx-vp9', '-pix_fmt', 'yuva420p', '-b:v', '1M']],
  ])('lays the transparency of %s on white', async (_name, name, args) => {
    const ramp = "color=red:s=64x16:r=10:d=0.2,format=rgba,geq=r=200:g=40:b=90:a='X*4'";
    ffmpegMakes(ffmpeg, [...lavfi(ramp), ...args, at(name)]);
    const [frame] = await read(at(name));
    for (const x of [0, 16, 32, 48, 60]) {
      const alpha = (4 * x) / 255;
      const expected = [200, 40, 90].map((c) => c * alpha + 255 * (1 - alpha));
      expectColour(frame, (x + 0.5) / 64, 0.5, expected, 4);
    }
  });

  it('turns and mirrors as the matrix of a file says', async () => {
    writeLossless(ffmpeg, smooth(1, 48, 32), '10', at('flat.mkv'));
    ffmpegMakes(ffmpeg, ['-i', at('flat.mkv'), '-c:v', 'libx264', '-qp', '0', '-pix_fmt', 'yuv444p', at('flat.mp4')]);
    const stored = readFileSync(at('flat.mp4'));
    const [flat] = await read(at('flat.mp4'));
    const cases: [matrix: number[], degrees: number, mirrored: boolean][] = [
      [[1, 0, 0, 1], 0, false],
      [[0, 1, -1, 0], 90, false],
      [[-1, 0, 0, -1], 180, false],
      [[0, -1, 1, 0], 270, false],
      [[-1, 0, 0, 1], 0, true],
      [[0, 1, 1, 0], 90, true],
      [[1, 0, 0, -1], 180, true],
      [[0, -1, -1, 0], 270, true],
    ];
    for (const [matrix, degrees, mirrored] of cases) {
      const bytes = Buffer.from(stored);
      const header = bytes.indexOf('tkhd') + 44;
      for (const [i, place] of [0, 1, 3, 4].entries()) bytes.writeInt32BE(matrix[i] * 65536, header + 4 * place);
      writeFileSync(at('turned.mp4'), bytes);
      const [frame] = await read(at('turned.mp4'));
      const image = sharp(flat.data, { raw: { width: 48, height: 32, channels: 3 } });
      // In two steps, because sharp mirrors before it rotates.
      const turned = sharp(await image.rotate(degrees).png().toBuffer()).flop(mirrored);
      const { data, info } = await turned.removeAlpha().raw().toBuffer({ resolveWithObject: true });
      expect([frame.width, frame.height], `${matrix}`).toEqual([info.width, info.height]);
      expect(difference(frame, { width: info.width, height: info.height, data }).mean, `${matrix}`).toBeLessThan(1);
    }
  });

  it.each([
    [
      'MPEG-2',
      'mpg',
      '160x120',
      ['-flags', '+ilme+ildct', '-c:v', 'mpeg2video', '-q:v', '2'],
      'interleave_top,setfield=tff',
    ],
    ['DV', 'dv', '720x576', ['-c:v', 'dvvideo', '-pix_fmt', 'yuv420p'], 'interleave_bottom,setfield=bff'],
  ])('joins the fields of %s', async (_name, extension, size, args, mode) => {
    const bar = `color=black:s=${size}:r=50:d=0.4[b];color=white:s=24x${size.split('x')[1]}:r=50:d=0.4[w];[b][w]overlay=x=10+6*n`;
    const fields = at(`fields.${extension}`);
    ffmpegMakes(ffmpeg, [...lavfi(bar), '-vf', `tinterlace=${mode}`, '-r', '25', ...args, fields]);
    const frames = await read(fields);
    expect(frames.length).toBe(10);
    ffmpegMakes(ffmpeg, ['-i', fields, '-vf', 'setfield=prog', '-c:v', 'ffv1', at('woven.mkv')]);
    const woven = await read(at('woven.mkv'));
    expect(comb(frames[4])).toBeLessThan(0.3 * comb(woven[4]));
    expect(heard.join()).toContain('is interlaced: its fields are joined');
  });

  it('stretches pixels that are not square where frames are taken as they are', async () => {
    writeLossless(ffmpeg, pattern(1, 48, 32), '10', at('square.mkv'));
    for (const [ratio, sides] of [
      ['4/3', [64, 32]],
      ['1/2', [48, 64]],
      ['1/1', [48, 32]],
    ] as const) {
      ffmpegMakes(ffmpeg, ['-i', at('square.mkv'), '-vf', `setsar=${ratio}`, '-c:v', 'ffv1', at('pixels.mkv')]);
      const { width, height } = await openVideo(at('pixels.mkv'), { exact: true, onWarning });
      expect([width, height]).toEqual(sides);
    }
  });

  it('reads bitmaps and TIFF in a folder, and names what it leaves out', async () => {
    const pictures = at(`pictures-${Math.random()}`);
    mkdirSync(join(pictures, 'more'), { recursive: true });
    const [frame] = pattern(1, 24, 16);
    const image = sharp(frame.data, { raw: { width: 24, height: 16, channels: 3 } });
    await image.clone().png().toFile(join(pictures, '1.png'));
    await image.clone().tiff({ compression: 'lzw' }).toFile(join(pictures, '2.tif'));
    ffmpegMakes(ffmpeg, ['-i', join(pictures, '1.png'), '-pix_fmt', 'bgr24', join(pictures, '3.bmp')]);
    for (const name of ['4.heic', 'notes.txt', '.hidden']) writeFileSync(join(pictures, name), 'x');
    expect(bytesOf(await read(pictures))).toEqual(bytesOf([frame, frame, frame]));
    expect(heard).toEqual([expect.stringMatching(/also holds 4\.heic, more, notes\.txt, which is left out/)]);
    expect(bytesOf(await read(join(pictures, '3.bmp')))).toEqual(bytesOf([frame]));
  });

  it('knows an animated PNG behind any length of text', async () => {
    ffmpegMakes(ffmpeg, [...lavfi('testsrc=s=32x32:r=10:d=0.4'), '-f', 'apng', at('plain.png')]);
    const plain = readFileSync(at('plain.png'));
    const text = Buffer.alloc(20012, 'A');
    text.writeUInt32BE(20000, 0);
    text.write('tEXt', 4, 'latin1');
    writeFileSync(at('long.png'), Buffer.concat([plain.subarray(0, 33), text, plain.subarray(33)]));
    expect(bytesOf(await read(at('long.png')))).toEqual(bytesOf(await read(at('plain.png'))));
    expect((await read(at('plain.png'))).length).toBe(4);
  });
});

describe('damaged animations', () => {
  it.each(['gif', 'webp'] as const)('of %s give our sentence or our warning', async (format) => {
    const frames = pattern(6, 24, 16);
    const raw = { width: 24, height: 96, channels: 3, pageHeight: 16 } as const;
    const whole = await sharp(Buffer.concat(frames.map(({ data }) => data)), { raw })
      [format]()
      .toBuffer();
    let seed = 7;
    const random = (limit: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % limit;
    };
    for (let trial = 0; trial < 12; trial++) {
      const bytes = Buffer.from(trial % 3 === 0 ? whole.subarray(0, 20 + random(whole.length - 20)) : whole);
      if (trial % 3 !== 0) for (let i = 0; i < 4; i++) bytes[12 + random(bytes.length - 12)] ^= 1 << random(8);
      writeFileSync(at(`damaged.${format}`), bytes);
      const problem = await read(at(`damaged.${format}`)).then(
        () => undefined,
        (error: Error) => error,
      );
      if (problem) expect(`${problem.constructor.name}: ${problem.message}`).toMatch(/^(Usage|Failure)Error: /);
      // There is always a warning about the cropped part.
      else if (trial % 3 === 0) expect(heard.join()).toMatch(/damaged/);
      heard.length = 0;
    }
  });
});
