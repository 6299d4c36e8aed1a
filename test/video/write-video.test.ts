// Writing frames with each available ffmpeg, and reading them.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../../src/lib/base/errors.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import {
  bytesOf,
  collect,
  cut,
  difference,
  FFMPEGS,
  ffmpegMakes,
  pattern,
  scratchFolder,
  smooth,
  stream,
  useFfmpeg,
} from './shots.js';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);
const leftovers = (inside = folder) => readdirSync(inside).filter((name) => name.startsWith('.'));

describe.each(FFMPEGS)('writeVideo with %s', (_, ffmpeg) => {
  if (ffmpeg === undefined) return it.skip('has no ffmpeg to try', () => {});
  const shot = smooth(12, 48, 32);
  beforeAll(() => useFfmpeg(ffmpeg));

  it('writes an mp4 with the colours, the rate and every frame', async () => {
    const rate = 30000 / 1001;
    expect(await writeVideo(at('a.mp4'), stream(shot), { frameRate: rate })).toEqual({ frames: 12 });
    const video = await openVideo(at('a.mp4'), { exact: true });
    expect(video).toMatchObject({ width: 48, height: 32, frameRate: rate, hasAudio: false });
    const read = await collect(video.frames());
    expect(read.length).toBe(12);
    // crf 18 on a picture this small; the frame before or after would be 12 off
    for (const [i, frame] of read.entries()) expect(difference(frame, shot[i]).mean, `frame ${i}`).toBeLessThan(5);
    const bytes = readFileSync(at('a.mp4'));
    expect(bytes.indexOf('moov'), 'the index stands before the pictures').toBeLessThan(bytes.indexOf('mdat'));
    const profile = bytes[bytes.indexOf('avcC') + 5];
    expect([66, 77, 100], 'H.264 baseline, main or high: 8 bits, 4:2:0').toContain(profile);
    expect(bytes.includes('colr'), 'says its colours').toBe(true);
  });

  it('keeps colours, and keeps them in their place', async () => {
    await writeVideo(at('colours.mp4'), stream(shot.slice(0, 2)), { frameRate: 10, crf: 0 });
    const [frame] = await collect((await openVideo(at('colours.mp4'), { exact: true })).frames());
    // measured 0.5 away from edges; the matrix of BT.601 would differ by 7, chroma shifted by half a pixel by 2.5
    expect(difference(cut(frame, 4, 4, 40, 24), cut(shot[0], 4, 4, 40, 24)).mean).toBeLessThan(1);
  });

  it('gives the same bytes again', async () => {
    for (const name of ['same.mp4', 'same.gif', 'same.webp']) {
      await writeVideo(at(name), stream(shot), { frameRate: 24 });
      const first = readFileSync(at(name));
      await writeVideo(at(name), stream(shot), { frameRate: 24 });
      expect(readFileSync(at(name)).equals(first), name).toBe(true);
    }
  });

  it('repeats the last column and row of odd sides', async () => {
    const odd = smooth(2, 97, 65);
    await writeVideo(at('odd.mp4'), stream(odd), { frameRate: 10, crf: 0 });
    const [frame] = await collect((await openVideo(at('odd.mp4'), { exact: true })).frames());
    expect([frame.width, frame.height]).toEqual([98, 66]);
    expect(difference(cut(frame, 0, 0, 97, 65), odd[0]).mean).toBeLessThan(1);
    // black or white there would be more than 60 off
    expect(difference(cut(frame, 97, 0, 1, 65), cut(odd[0], 96, 0, 1, 65)).mean).toBeLessThan(4);
    expect(difference(cut(frame, 0, 65, 97, 1), cut(odd[0], 0, 64, 97, 1)).mean).toBeLessThan(4);
  });

  it('writes a GIF', async () => {
    // few enough colours to be exact; equal frames must not be merged
    const flat = [0, 0, 60, 120, 120, 120].map((v) => ({
      width: 16,
      height: 8,
      data: new Uint8Array(3 * 128).fill(v),
    }));
    await writeVideo(at('flat.gif'), stream(flat), { frameRate: 10 });
    const video = await openVideo(at('flat.gif'), { exact: true });
    expect(video.frameRate).toBe(10);
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf(flat));
    await expect(writeVideo(at('fast.gif'), stream(flat), { frameRate: 60 })).rejects.toThrow(/at most 50 frames/);
  });

  it('takes sound along, from the same second and for as long', async () => {
    const picture = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=10:duration=3'];
    // silence, then a tone from 1.5 s on: its start in the result shows what was cut
    const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3,volume=enable=lt(t\\,1.5):volume=0'];
    const sources = { aac: 'sound.mp4', libmp3lame: 'sound3.mp4', libvorbis: 'sound.mkv' };
    for (const [codec, name] of Object.entries(sources)) {
      ffmpegMakes(ffmpeg, [...picture, ...sound, '-c:v', 'libx264', '-g', '250', '-c:a', codec, at(name)]);
      const video = await openVideo(at(name), { start: 1, duration: 1 });
      expect(video.hasAudio).toBe(true);
      const options = { frameRate: video.frameRate, audioFrom: { path: at(name), start: 1 } };
      expect(await writeVideo(at('with-sound.mp4'), video.frames(), options)).toEqual({ frames: 10 });
      const written = await openVideo(at('with-sound.mp4'));
      expect(written.hasAudio, codec).toBe(true);
      expect(written.duration, codec).toBeGreaterThan(0.95);
      expect(written.duration, codec).toBeLessThan(1.1);
      expect((await collect(written.frames())).length, codec).toBe(10);
      const samples = execFileSync(
        ffmpeg,
        [
          '-v',
          'error',
          '-nostdin',
          '-i',
          at('with-sound.mp4'),
          '-vn',
          '-ac',
          '1',
          '-ar',
          '8000',
          '-f',
          's16le',
          'pipe:1',
        ],
        { maxBuffer: 1 << 24 },
      );
      const loud = Array.from({ length: samples.length / 2 }, (_, i) => Math.abs(samples.readInt16LE(2 * i)));
      const begins = loud.findIndex((value) => value > 1000) / 8000;
      expect(Math.abs(begins - 0.5), `${codec}: the tone begins at ${begins} s`).toBeLessThan(0.08);
    }
    await expect(writeVideo(at('none.mp4'), stream(shot), { frameRate: 10, audioFrom: at('a.mp4') })).rejects.toThrow(
      /a\.mp4' has no sound to take/,
    );
    await expect(
      writeVideo(at('none.webp'), stream(shot), { frameRate: 10, audioFrom: at('sound.mp4') }),
    ).rejects.toThrow(/cannot hold sound/);
  });

  it('leaves nothing behind when frames fail, differ, end at once, or are given up', async () => {
    writeFileSync(at('kept.mp4'), 'what stood there');
    const failing = async function* () {
      yield* shot;
      throw new Error('no more frames');
    };
    const mixed = async function* () {
      yield shot[0];
      yield* smooth(1, 32, 32);
    };
    const short = stream([{ ...shot[0], data: shot[0].data.subarray(1) }]);
    const cases: [AsyncIterable<(typeof shot)[number]>, RegExp][] = [
      [failing(), /^no more frames$/],
      [mixed(), /frame 1 of '.*' is 32x32 but frame 0 was 48x32/],
      [stream([]), /there are no frames for/],
      [short, /has 4607 bytes, expected 4608/],
    ];
    for (const [frames, message] of cases) {
      await expect(writeVideo(at('kept.mp4'), frames, { frameRate: 10 })).rejects.toThrow(message);
    }
    for (const name of ['gone.webp', 'gone.gif', 'gone/']) {
      await expect(writeVideo(at(name), failing(), { frameRate: 10 }), name).rejects.toThrow(/^no more frames$/);
    }
    const controller = new AbortController();
    let closed = false;
    const endless = async function* () {
      try {
        for (let i = 0; ; i++) {
          if (i === 20) controller.abort(new Error('given up'));
          yield shot[i % 12];
        }
      } finally {
        closed = true;
      }
    };
    for (const name of ['kept.mp4', 'gone.webp', 'gone/']) {
      const options = { frameRate: 10, signal: controller.signal };
      await expect(writeVideo(at(name), endless(), options), name).rejects.toThrow(/^given up$/);
    }
    expect(closed).toBe(true);
    expect(readFileSync(at('kept.mp4'), 'utf8')).toBe('what stood there');
    expect(leftovers()).toEqual([]);
    expect(['gone.webp', 'gone.gif', 'gone'].filter((name) => existsSync(at(name)))).toEqual([]);
  });

  it('says that the disk is full and leaves nothing there', async ({ skip }) => {
    const small = at('small');
    mkdirSync(small, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      skip('mounting a small disk is not permitted here');
    }
    try {
      const noise = async function* () {
        for (let i = 0; i < 60; i++) {
          const data = new Uint8Array(3 * 128 * 128);
          for (let j = 0, state = i + 1; j < data.length; j++) {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
            data[j] = state >>> 24;
          }
          yield { width: 128, height: 128, data };
        }
      };
      for (const name of ['x.mp4', 'x.gif', 'x.webp', 'x/']) {
        const writing = writeVideo(join(small, name), noise(), { frameRate: 10 });
        await expect(writing, name).rejects.toThrow(FailureError);
        await expect(writing, name).rejects.toThrow(/the disk is full \(ENOSPC\)/);
        expect(readdirSync(small), name).toEqual([]);
      }
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

describe('writeVideo without ffmpeg', () => {
  const shot = pattern(7, 24, 16);

  it('writes an animated WebP frame by frame', async () => {
    await writeVideo(at('lossless.webp'), stream(shot), { frameRate: 24, quality: 'lossless' });
    const about = await sharp(at('lossless.webp')).metadata();
    expect(about).toMatchObject({ width: 24, height: 16, pages: 7, loop: 0 });
    expect(about.delay, 'whole milliseconds that keep 24 frames per second').toEqual([42, 41, 42, 42, 41, 42, 42]);
    const video = await openVideo(at('lossless.webp'), { exact: true });
    expect(video.expectedFrames).toBe(7);
    expect(bytesOf(await collect(video.frames()))).toEqual(bytesOf(shot));
    const some = await openVideo(at('lossless.webp'), { exact: true, start: 0.05, every: 2 });
    expect(bytesOf(await collect(some.frames()))).toEqual(bytesOf([shot[1], shot[3], shot[5]]));
    const lossy = smooth(3, 48, 32);
    await writeVideo(at('lossy.webp'), stream(lossy), { frameRate: 10 });
    const read = await collect((await openVideo(at('lossy.webp'))).frames());
    for (const [i, frame] of read.entries()) expect(difference(frame, lossy[i]).mean).toBeLessThan(3);
  });

  it('reads a long WebP in several runs', async () => {
    // 3 MiB per frame: one chunk of the decoder is 21 of them
    const long = Array.from({ length: 24 }, (_, i) => ({
      width: 1024,
      height: 1024,
      data: new Uint8Array(3 * 1024 * 1024).fill(10 * i),
    }));
    await writeVideo(at('long.webp'), stream(long), { frameRate: 50, quality: 'lossless' });
    const read = await collect(
      (await openVideo(at('long.webp'), { crop: { x: 500, y: 600, width: 8, height: 8 } })).frames(),
    );
    expect(bytesOf(read)).toEqual(bytesOf(long.map((frame) => cut(frame, 500, 600, 8, 8))));
  });

  it('writes a folder of PNG that is read back to the same frames', async () => {
    await writeVideo(`${at('frames')}/`, stream(shot), { frameRate: 24 });
    expect(readdirSync(at('frames')).sort()).toEqual(shot.map((_, i) => `0000${i + 1}.png`));
    expect(bytesOf(await collect((await openVideo(at('frames'))).frames()))).toEqual(bytesOf(shot));
    await expect(writeVideo(at('frames'), stream(shot), { frameRate: 24 })).rejects.toThrow(/is not empty/);
    mkdirSync(at('ready'));
    expect(await writeVideo(at('ready'), stream(shot), { frameRate: 24 })).toEqual({ frames: 7 });
    expect(leftovers()).toEqual([]);
  });

  it('refuses names and options that cannot be, before the first frame is made', async () => {
    let asked = false;
    const untouched = async function* () {
      asked = true;
      yield* shot;
    };
    const refuses = async (name: string, options: object, message: RegExp) => {
      const writing = writeVideo(at(name), untouched(), { frameRate: 10, ...options });
      await expect(writing, name).rejects.toThrow(message);
      await expect(writing, name).rejects.toBeInstanceOf(UsageError);
    };
    mkdirSync(at('folder.mp4'));
    await refuses('x.avi', {}, /does not say what to write; end the name in \.mp4/);
    await refuses('no/such/x.mp4', {}, /folder '.*no\/such' does not exist/);
    await refuses('no/such/x/', {}, /does not exist/);
    await refuses('folder.mp4', {}, /is a folder/);
    await refuses('lossless.webp/', {}, /cannot become a folder/);
    await refuses('x.mp4', { frameRate: 0 }, /frame rate of 0/);
    await refuses('x.mp4', { frameRate: Number.NaN }, /frame rate of NaN/);
    await refuses('x.mp4', { crf: 60 }, /crf of 60/);
    await refuses('x.webp', { quality: 0 }, /quality of 0/);
    await refuses('x.mp4', { audioFrom: at('missing.mp4') }, /there is no file '.*missing\.mp4'/);
    expect(asked).toBe(false);
  });
});
