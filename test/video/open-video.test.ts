// Opening videos with each available ffmpeg: selection, crop, size, and kinds of sources.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import {
  bytesOf,
  collect,
  cut,
  difference,
  FFMPEGS,
  ffmpegMakes,
  hasMedia,
  MEDIA,
  mediaNote,
  ON_PATH,
  pattern,
  scratchFolder,
  smooth,
  smoothColour,
  useFfmpeg,
  warnings,
  writeLossless,
} from './shots.js';

const folder = scratchFolder();

/** Frames whose grey level is 5 times their index, which identifies them after any lossless or nearly lossless codec. */
function numbered(count: number): Frame[] {
  return Array.from({ length: count }, (_, i) => ({
    width: 32,
    height: 24,
    data: new Uint8Array(3 * 32 * 24).fill(5 * i),
  }));
}

async function numbersOf(frames: AsyncIterable<Frame>): Promise<number[]> {
  return (await collect(frames)).map((frame) => Math.round(frame.data[0] / 5));
}

/** `smooth(1, 200, 120)` from (x, y) on, if each pixel of the result covers stepX x stepY of its pixels. */
function smoothAt(width: number, height: number, x: number, y: number, stepX: number, stepY: number): Frame {
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const colour = smoothColour(x + (column + 0.5) * stepX - 0.5, y + (row + 0.5) * stepY - 0.5, 200, 120, 0);
      data.set(colour.map(Math.round), 3 * (row * width + column));
    }
  }
  return { width, height, data };
}

const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

describe.each(FFMPEGS)('openVideo with %s', (_, ffmpeg) => {
  if (ffmpeg === undefined) return it.skip('has no ffmpeg to try', () => {});
  const at = (name: string) => join(folder, name);
  const shot = pattern(6, 40, 30);
  const ntsc = '30000/1001';

  beforeAll(() => {
    useFfmpeg(ffmpeg);
    writeLossless(ffmpeg, shot, ntsc, at('shot.mkv'));
    const grey = numbered(40);
    writeLossless(ffmpeg, grey, '10', at('n.mkv'));
    writeLossless(ffmpeg, grey, '10', at('n.avi'));
    // Key frames only every 12 frames, with reordered pictures between them, which make seeking difficult.
    const h264 = ['-c:v', 'libx264', '-qp', '0', '-g', '12', '-bf', '3', '-pix_fmt', 'yuv444p'];
    ffmpegMakes(ffmpeg, ['-i', at('n.mkv'), ...h264, at('n.mp4')]);
    for (const name of ['n.ts', 'n.h264']) ffmpegMakes(ffmpeg, ['-i', at('n.mp4'), '-c', 'copy', at(name)]);
    ffmpegMakes(ffmpeg, ['-i', at('n.mkv'), '-vf', 'split[a][b];[b]palettegen[p];[a][p]paletteuse', at('n.gif')]);
  });

  it('gives the stored frames, every one once, and says what is known of them', async () => {
    const video = await openVideo(at('shot.mkv'), { exact: true });
    expect(video).toMatchObject({ width: 40, height: 30, sourceWidth: 40, sourceHeight: 30, hasAudio: false });
    expect(video.frameRate).toBe(30000 / 1001);
    expect(video.sourceFrameRate).toBe(30000 / 1001);
    expect(video.duration).toBeCloseTo(0.2, 2);
    expect(video.expectedFrames).toBe(6);
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf(shot));
    expect(bytesOf(await collect(video.frames())), 'a second call decodes again').toEqual(bytesOf(shot));
  });

  it('cuts sides down to multiples of 8 around the centre', async () => {
    const video = await openVideo(at('shot.mkv'));
    expect([video.width, video.height]).toEqual([40, 24]);
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf(shot.map((frame) => cut(frame, 0, 3, 40, 24))));
  });

  it('crops before anything else, to the very pixel', async () => {
    const exact = await openVideo(at('shot.mkv'), { crop: { x: 3, y: 5, width: 21, height: 17 }, exact: true });
    expect(bytesOf(await collect(exact.frames()))).toEqual(bytesOf(shot.map((frame) => cut(frame, 3, 5, 21, 17))));
    const inEights = await openVideo(at('shot.mkv'), { crop: { x: 3, y: 5, width: 21, height: 17 } });
    expect(bytesOf(await collect(inEights.frames()))).toEqual(bytesOf(shot.map((frame) => cut(frame, 5, 5, 16, 16))));
  });

  // A distribution's build starts ten times as slowly.
  it.each(ffmpeg === ON_PATH ? ['n.mp4', 'n.h264'] : ['n.mkv', 'n.mp4', 'n.avi', 'n.ts', 'n.h264', 'n.gif'])(
    'selects frames of %s by time and number',
    async (name) => {
      const numbers = async (options: object) =>
        numbersOf((await openVideo(at(name), { exact: true, ...options })).frames());
      expect(await numbers({})).toEqual(range(0, 40));
      expect(await numbers({ start: 1.5, duration: 1.2 })).toEqual(range(15, 27));
      // the frame shown then is the first one, for as long as all others
      expect(await numbers({ start: 1.45 })).toEqual(range(14, 40));
      expect(await numbers({ start: 3.95 })).toEqual([39]);
      expect(await numbers({ frames: 7 })).toEqual(range(0, 7));
      expect(await numbers({ every: 3 })).toEqual(range(0, 40, 3));
      expect(await numbers({ start: 1.3, every: 5, frames: 4 })).toEqual([13, 18, 23, 28]);
      expect(await numbers({ start: 3.9, duration: 10 })).toEqual([39]);
    },
  );

  it.each(['n.mkv', 'n.mp4', 'n.ts', 'n.gif'])(
    'keeps the rate of %s, divides it by every, and resamples on request',
    async (name) => {
      expect((await openVideo(at(name))).frameRate).toBe(10);
      expect((await openVideo(at(name), { every: 4 })).frameRate).toBe(2.5);
      const doubled = await openVideo(at(name), { exact: true, frameRate: 20, start: 1, duration: 1 });
      expect(doubled.frameRate).toBe(20);
      expect(await numbersOf(doubled.frames())).toEqual(range(20, 40).map((i) => i >> 1));
      const halved = await openVideo(at(name), { exact: true, frameRate: 5 });
      expect(halved.expectedFrames).toBe(20);
      expect((await numbersOf(halved.frames())).length).toBe(20);
    },
  );

  it('crops to the asked shape and scales well', async () => {
    const [picture] = smooth(1, 200, 120);
    writeLossless(ffmpeg, [picture], '10', at('smooth.mkv'));
    const video = await openVideo(at('smooth.mkv'), { size: { width: 64, height: 64 } });
    const [scaled] = await collect(video.frames());
    expect([scaled.width, scaled.height]).toEqual([64, 64]);
    // the waves themselves, sampled at the centres of the new pixels; an offset of half a pixel would be 1.6 on average
    expect(difference(scaled, smoothAt(64, 64, 40, 0, 120 / 64, 120 / 64)).mean).toBeLessThan(0.8);
    const wide = await openVideo(at('smooth.mkv'), { size: { width: 96, height: 32 } });
    const [strip] = await collect(wide.frames());
    expect([strip.width, strip.height]).toEqual([96, 32]);
    expect(bytesOf(await collect(wide.frames())), 'same bits again').toEqual(bytesOf([strip]));
  });

  it('shows the picture upright, whatever way the camera was held', async () => {
    const yuv = ['-c:v', 'libx264', '-qp', '0', '-pix_fmt', 'yuv444p'];
    writeLossless(ffmpeg, smooth(2, 48, 32), '10', at('flat.mkv'));
    ffmpegMakes(ffmpeg, ['-i', at('flat.mkv'), ...yuv, at('flat.mp4')]);
    ffmpegMakes(ffmpeg, ['-i', at('flat.mp4'), '-c', 'copy', '-metadata:s:v:0', 'rotate=90', at('turned.mp4')]);
    const flat = await collect((await openVideo(at('flat.mp4'), { exact: true })).frames());
    const video = await openVideo(at('turned.mp4'), { exact: true });
    expect([video.sourceWidth, video.sourceHeight, video.width, video.height]).toEqual([32, 48, 32, 48]);
    const [turned] = await collect(video.frames());
    const clockwise = await sharp(flat[0].data, { raw: { width: 48, height: 32, channels: 3 } })
      .rotate(90)
      .raw()
      .toBuffer();
    const other = await sharp(flat[0].data, { raw: { width: 48, height: 32, channels: 3 } })
      .rotate(270)
      .raw()
      .toBuffer();
    const apart = [clockwise, other].map((data) => difference(turned, { width: 32, height: 48, data }).mean);
    expect(Math.min(...apart)).toBeLessThan(0.5);
  });

  it('makes pixels square when it scales', async () => {
    ffmpegMakes(ffmpeg, ['-i', at('smooth.mkv'), '-vf', 'setsar=2/1', '-c:v', 'ffv1', at('wide-pixels.mkv')]);
    const square = await openVideo(at('wide-pixels.mkv'), { size: { width: 64, height: 64 } });
    const [frame] = await collect(square.frames());
    // the middle 60 of 200 columns are as wide as all 120 rows are high
    expect(difference(frame, smoothAt(64, 64, 70, 0, 60 / 64, 120 / 64)).mean).toBeLessThan(0.8);
  });

  it('keeps frames whose times are uneven', async () => {
    const uneven = "setpts='(N*0.1+if(gt(N,10),0.5,0)-if(eq(mod(N,7),3),0.09,0))/TB'";
    ffmpegMakes(ffmpeg, ['-i', at('n.mkv'), '-vf', uneven, '-vsync', '0', '-c:v', 'ffv1', at('uneven.mkv')]);
    const video = await openVideo(at('uneven.mkv'), { exact: true });
    expect(await numbersOf(video.frames())).toEqual(range(0, 40));
  });

  it('ends ffmpeg when the loop is left, and when the signal says so', async () => {
    const video = await openVideo(at('n.mkv'));
    for await (const _ of video.frames()) break;
    const controller = new AbortController();
    const stopped = await openVideo(at('n.mkv'), { signal: controller.signal });
    const reason = new Error('enough');
    await expect(
      (async () => {
        for await (const _ of stopped.frames()) controller.abort(reason);
      })(),
    ).rejects.toBe(reason);
    await expect(openVideo(at('n.mkv'), { signal: controller.signal })).rejects.toBe(reason);
  });

  const { heard, onWarning } = warnings();
  it('says when a video is damaged', async () => {
    ffmpegMakes(ffmpeg, [
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=96x64:rate=10:duration=3',
      '-c:v',
      'libx264',
      at('whole.mp4'),
    ]);
    const bytes = readFileSync(at('whole.mp4'));
    const middle = bytes.indexOf('mdat') + 2500;
    bytes.fill(0x55, middle, middle + 1500);
    writeFileSync(at('damaged.mp4'), bytes);
    const video = await openVideo(at('damaged.mp4'), { onWarning });
    await collect(video.frames());
    expect(heard.join('\n')).toMatch(/damaged\.mp4': some of it is damaged/);
  });

  it('names what is wrong with a source', async () => {
    const refuses = async (name: string, options: object, message: RegExp) => {
      const opened = openVideo(at(name), options).then((video) => collect(video.frames()));
      await expect(opened, name).rejects.toThrow(message);
      await expect(opened, name).rejects.toBeInstanceOf(UsageError);
    };
    writeFileSync(at('notes.txt'), 'not a video at all\n'.repeat(50));
    writeFileSync(at('noise.mp4'), Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) % 251)));
    writeFileSync(at('empty.mp4'), '');
    writeFileSync(at('pointer.mp4'), 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
    ffmpegMakes(ffmpeg, ['-f', 'lavfi', '-i', 'sine=duration=0.2', at('tone.wav')]);
    await refuses('missing.mp4', {}, /there is no file '.*missing\.mp4'/);
    await refuses('notes.txt', {}, /notes\.txt' is not a video/);
    await refuses('noise.mp4', {}, /noise\.mp4' is not a video/);
    await refuses('empty.mp4', {}, /is empty/);
    await refuses('pointer.mp4', {}, /Git LFS pointer.*git lfs pull/);
    await refuses('tone.wav', {}, /has no video stream, only sound/);
    await refuses('n.mp4', { start: 9 }, /no frames from 9 s on in '.*', which lasts 4 s; start earlier/);
    await refuses('n.mp4', { start: 4 }, /no frames from 4 s on in '.*', which lasts 4 s/);
    await refuses('n.h264', { start: 9 }, /no frames from 9 s on/);
    await refuses('n.mp4', { size: 500 }, /a size of 500 is not a multiple of 8; the nearest are 496 and 504/);
    await refuses('n.mp4', { size: { width: 64, height: 33 } }, /height of 33 .* 32 and 40/);
    await refuses('n.mp4', { size: 0 }, /too small/);
    await refuses('n.mp4', { size: 64, exact: true }, /exclude each other/);
    await refuses('n.mp4', { crop: { x: 20, y: 0, width: 16, height: 8 } }, /reaches outside '.*', which is 32x24/);
    await refuses('n.mp4', { crop: { x: 0, y: 0, width: 7, height: 24 } }, /7x24 .* too small/);
    await refuses('n.mp4', { every: 0 }, /every is 0/);
    await refuses('n.mp4', { frames: 1.5 }, /frames is 1.5/);
    await refuses('n.mp4', { start: -1 }, /start of -1 s/);
    await refuses('n.mp4', { duration: 0 }, /duration of 0 s/);
    await refuses('n.mp4', { frameRate: 0 }, /frame rate of 0/);
    await refuses('n.mp4', { maxPixels: 32 * 24 - 1 }, /are 32x24, more than the limit of 767 pixels/);
  });

  it('opens a cover and its song as no video', async () => {
    ffmpegMakes(ffmpeg, [
      '-f',
      'lavfi',
      '-i',
      'sine=duration=0.2',
      '-i',
      at('n.gif'),
      '-map',
      '0',
      '-map',
      '1',
      '-frames:v',
      '1',
      '-c:v',
      'png',
      at('song.mp3'),
    ]);
    await expect(openVideo(at('song.mp3'))).rejects.toThrow(/only sound/);
  });

  it.skipIf(!hasMedia)(`reads the real videos${mediaNote}`, async () => {
    const car = await openVideo(join(MEDIA, 'car-turn.mp4'), { size: 128, frames: 3 });
    expect(car).toMatchObject({
      width: 128,
      height: 128,
      frameRate: 10,
      sourceWidth: 480,
      duration: 8,
      hasAudio: false,
    });
    const frames = await collect(car.frames());
    expect(frames.length).toBe(3);
    expect(difference(frames[0], frames[1]).mean).toBeGreaterThan(0.5);
    const grid = await openVideo(join(MEDIA, 'published-grid.gif'), {
      crop: { x: 192, y: 0, width: 192, height: 192 },
    });
    expect(grid).toMatchObject({ width: 192, height: 192, frameRate: 5, duration: 3, expectedFrames: 15 });
    const quadrant = await collect(grid.frames());
    // libvips decodes the same GIF with another decoder
    const page = await sharp(join(MEDIA, 'published-grid.gif'), { page: 7 })
      .extract({ left: 192, top: 0, width: 192, height: 192 })
      .removeAlpha()
      .raw()
      .toBuffer();
    expect(quadrant.length).toBe(15);
    expect(difference(quadrant[7], { width: 192, height: 192, data: page }).largest).toBe(0);
  });
});

describe('openVideo of pictures', () => {
  const shot = pattern(12, 24, 16);
  const pictures = join(folder, 'pictures');

  beforeAll(async () => {
    mkdirSync(pictures);
    // 1, 2, ... 10, 11, 12: alphabetical order would be wrong
    for (const [i, frame] of shot.entries()) {
      const image = sharp(frame.data, { raw: { width: 24, height: 16, channels: 3 } });
      await image.png().toFile(join(pictures, `frame${i + 1}.png`));
    }
    writeFileSync(join(pictures, 'notes.txt'), 'ignored');
    writeFileSync(join(pictures, '.frame0.png'), 'ignored');
  });

  it('reads a folder in natural order at 10 frames per second', async () => {
    const video = await openVideo(pictures);
    expect(video).toMatchObject({
      width: 24,
      height: 16,
      frameRate: 10,
      duration: 1.2,
      expectedFrames: 12,
      hasAudio: false,
    });
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf(shot));
  });

  it('takes the frame rate as the rate of the pictures', async () => {
    const video = await openVideo(pictures, { frameRate: 24, start: 0.25, every: 2, frames: 2 });
    expect(video.frameRate).toBe(12);
    expect(video.sourceFrameRate).toBe(24);
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf([shot[6], shot[8]]));
  });

  it('crops and scales them', async () => {
    const video = await openVideo(pictures, { crop: { x: 1, y: 2, width: 20, height: 10 }, exact: true });
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf(shot.map((frame) => cut(frame, 1, 2, 20, 10))));
  });

  it('scales them as it scales videos', async () => {
    const [picture] = smooth(1, 200, 120);
    const path = join(folder, 'smooth.png');
    await sharp(picture.data, { raw: { width: 200, height: 120, channels: 3 } }).toFile(path);
    const [smaller] = await collect((await openVideo(path, { size: { width: 64, height: 64 } })).frames());
    expect(difference(smaller, smoothAt(64, 64, 40, 0, 120 / 64, 120 / 64)).mean).toBeLessThan(0.8);
    const [larger] = await collect((await openVideo(path, { size: { width: 128, height: 128 } })).frames());
    expect(difference(larger, smoothAt(128, 128, 40, 0, 120 / 128, 120 / 128)).mean).toBeLessThan(0.8);
    const all = await collect((await openVideo(pictures, { size: { width: 16, height: 16 } })).frames());
    expect(all.map(({ width, height }) => [width, height])).toEqual(shot.map(() => [16, 16]));
    for await (const _ of (await openVideo(pictures, { size: { width: 16, height: 16 } })).frames()) break;
  });

  it('reads one picture as a video of one frame', async () => {
    const video = await openVideo(join(pictures, 'frame3.png'));
    expect(video.expectedFrames).toBe(1);
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf([shot[2]]));
    await expect(openVideo(join(pictures, 'frame3.png'), { start: 1 })).rejects.toThrow(/lasts 0.1 s/);
  });

  it('turns pictures upright and puts transparency on white', async () => {
    const turned = join(folder, 'turned.jpg');
    const raw = { raw: { width: 24, height: 16, channels: 3 as const } };
    await sharp(shot[0].data, raw).jpeg().withMetadata({ orientation: 6 }).toFile(turned);
    expect(await openVideo(turned, { exact: true })).toMatchObject({ width: 16, height: 24 });
    const clear = join(folder, 'clear.png');
    await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } } }).toFile(
      clear,
    );
    const [frame] = await collect((await openVideo(clear)).frames());
    expect([...frame.data]).toEqual(new Array(3 * 64).fill(255));
    const grey = join(folder, 'grey.png');
    await sharp(shot[0].data, raw).toColourspace('b-w').toFile(grey);
    const [same] = await collect((await openVideo(grey)).frames());
    expect(same.data.length).toBe(3 * 24 * 16);
    expect([...same.data].filter((v, i) => v !== same.data[i - (i % 3)])).toEqual([]);
  });

  it('names the first picture of another size, and an empty folder', async () => {
    const mixed = join(folder, 'mixed');
    mkdirSync(mixed);
    for (const [name, size] of [
      ['a1.png', 16],
      ['a2.png', 16],
      ['a10.jpg', 24],
    ] as const) {
      await sharp({ create: { width: size, height: 16, channels: 3, background: 'red' } }).toFile(join(mixed, name));
    }
    await expect(openVideo(mixed)).rejects.toThrow(/a10\.jpg' is 24x16 but 'a1\.png' is 16x16/);
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    await expect(openVideo(bare)).rejects.toThrow(/holds no PNG, JPEG or WebP pictures/);
    writeFileSync(join(bare, '1.png'), 'no picture');
    await expect(openVideo(bare)).rejects.toThrow(/1\.png' is not a picture/);
  });
});
