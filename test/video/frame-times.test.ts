// Times of frames: the arithmetic, then files with each ffmpeg, including synchronized sound of written files.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseFrame, frameShownAt } from '../../src/lib/edits/choose-frame.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { frameHeader, streamHeader } from '../../src/lib/video/ffmpeg/timed-stream.js';
import { grid } from '../../src/lib/video/layout/write-grid.js';
import { delaysToTimes, storedDelays } from '../../src/lib/video/probe/animation-delays.js';
import { type OpenVideoOptions, openVideo } from '../../src/lib/video/read/open-video.js';
import { checkSelection, selectFrames } from '../../src/lib/video/read/selection.js';
import { ascending, frameAt, steadyRate } from '../../src/lib/video/times/frame-times.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { collect, FFMPEGS, ffmpegMakes, ON_PATH, scratchFolder, useFfmpeg } from './shots.js';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);

/** A frame that can be identified by its grey level after any codec. */
function numbered(i: number): Frame {
  return { width: 32, height: 24, data: new Uint8Array(3 * 32 * 24).fill(5 * i) };
}

async function* shot(count: number) {
  for (let i = 0; i < count; i++) yield numbered(i);
}

const numberOf = (frame: Frame) => Math.round(frame.data[0] / 5);
const rounded = (seconds: readonly number[]) => seconds.map((value) => Math.round(value * 1000) / 1000);

/** A recording as by a browser, with times but without frame rate and duration. */
function recording(times: readonly number[]): Uint8Array {
  return Buffer.concat([
    streamHeader(32, 24),
    ...times.flatMap((time, i) => [frameHeader(time, 3 * 32 * 24), numbered(i).data]),
  ]);
}

describe('times of frames', () => {
  const slow = Array.from({ length: 10 }, (_, i) => i / 5);
  const source = { times: [...slow, 2, 2.04, 2.08, 2.12], end: 2.16, tick: 1 / 90_000 };
  const select = (options: OpenVideoOptions, from = source) =>
    selectFrames(from, checkSelection(options, 'it'), options.frameRate);

  it('finds the frame that is shown at a time', () => {
    expect([0, 0.1, 0.2, 0.3999, 2.1, 9].map((time) => frameAt(source.times, time))).toEqual([0, 0, 1, 2, 12, 13]);
    expect(frameAt([0.5, 1], 0.2), 'before any').toBe(0);
    // 2/29.97 s, which a container in milliseconds stores as 0.067
    expect(frameAt([0, 0.033, 0.067, 0.1], 2 / (30_000 / 1001))).toBe(2);
  });

  it('knows a rate where times are rounded, and that there is none', () => {
    const rounded = Array.from({ length: 100 }, (_, i) => Math.round((1000 * i * 1001) / 30_000) / 1000);
    expect(steadyRate(rounded, 0.001, [30_000 / 1001])).toBe(30_000 / 1001);
    expect(steadyRate(source.times, 1 / 90_000, [25, 13.89])).toBeUndefined();
    const missing = Array.from({ length: 50 }, (_, i) => (i < 25 ? i : i + 1) / 25);
    expect(steadyRate(missing, 0.04, [25]), 'one left out').toBeUndefined();
  });

  it('lets times ascend', () => {
    const place = ascending(0.04, 10);
    expect(rounded([1, 1.04, Number.NaN, 1.1, 1.05, 500, 500.04, 0.5, 0.54].map(place))).toEqual([
      1, 1.04, 1.08, 1.1, 1.14, 1.18, 1.22, 1.26, 1.3,
    ]);
  });

  it('selects by time', () => {
    expect(select({})).toMatchObject({ duration: 2.16, start: 0, variable: true });
    const two = select({ duration: 2 })!;
    expect([two.indices.length, two.duration, two.frameRate, two.variable]).toEqual([10, 2, 5, false]);
    const cut = select({ start: 1.9 })!;
    expect(cut.indices).toEqual([9, 10, 11, 12, 13]);
    expect(rounded(cut.times), 'the first is shown from 1.9 on only').toEqual([0, 0.1, 0.14, 0.18, 0.22]);
    expect([cut.start, Math.round(cut.duration * 1000)]).toEqual([1.9, 260]);
    const steady = { times: slow, end: 2, tick: 0, rates: [5] };
    expect(select({ start: 0.5, duration: 1 }, steady)).toMatchObject({
      indices: [2, 3, 4, 5, 6],
      start: 0.4,
      duration: 1,
    });
    const even = select({ frameRate: 10, start: 1.8 })!;
    expect(even.indices).toEqual([9, 9, 10, 12]);
    expect(select({ start: 1, frames: 2 })).toMatchObject({ indices: [5, 6], duration: expect.closeTo(0.4, 9) });
    expect(select({ start: 3 })).toBeUndefined();
  });

  it('shows delays as browsers do', () => {
    expect(delaysToTimes([0, 10, 20, 300])).toEqual({ times: [0, 0.1, 0.2, 0.22], end: 0.52 });
  });
});

describe.each(FFMPEGS)('times of files with %s', (_, ffmpeg) => {
  if (ffmpeg === undefined) return it.skip('has no ffmpeg to try', () => {});
  // 2 frames per second until 2 s, then 10: frame n is the one at n / 10 s, before frames were dropped
  const uneven = ['-vf', "select='not(lt(t\\,2)*mod(n\\,5))'", '-vsync', '0'];
  const shown = [0, 5, 10, 15, ...Array.from({ length: 20 }, (_, i) => 20 + i)];
  const h264 = ['-c:v', 'libx264', '-qp', '0', '-bf', '2', '-g', '100', '-pix_fmt', 'yuv444p'];
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=4,volume=enable=lt(t\\,2.5):volume=0', '-c:a', 'aac'];
  const frames = async (name: string, options: OpenVideoOptions = {}) => {
    const video = await openVideo(at(name), { exact: true, ...options });
    return { video, timing: await video.times(), numbers: (await collect(video.frames())).map(numberOf) };
  };

  beforeAll(async () => {
    useFfmpeg(ffmpeg);
    writeFileSync(at('even.mkv'), recording(Array.from({ length: 40 }, (_, i) => i / 10)));
    const make = (name: string, ...args: string[]) =>
      ffmpegMakes(ffmpeg, ['-i', at('even.mkv'), ...tone, ...h264, ...args, at(name)]);
    make('uneven.mp4', ...uneven);
    make('pieces.mp4', ...uneven, '-an', '-movflags', 'frag_keyframe+empty_moov');
    make('later.mp4', '-vf', 'select=gte(t\\,0.7)', '-vsync', '0');
    make('even.mp4');
    ffmpegMakes(ffmpeg, ['-i', at('uneven.mp4'), '-c', 'copy', '-output_ts_offset', '100', at('offset.mkv')]);
    ffmpegMakes(ffmpeg, ['-i', at('even.mp4'), '-an', '-c', 'copy', at('bare.h264')]);
  });

  it.each(['uneven.mp4', 'pieces.mp4'])('reads the times of %s', async (name) => {
    const { timing, numbers } = await frames(name);
    expect(numbers).toEqual(shown);
    expect(rounded(timing.times)).toEqual(shown.map((n) => n / 10));
    expect(timing).toMatchObject({ variable: true, start: 0 });
    expect(timing.duration).toBeCloseTo(4, 2);
    const two = await frames(name, { duration: 2 });
    expect([two.numbers, two.timing.duration]).toEqual([[0, 5, 10, 15], 2]);
    const later = await frames(name, { start: 1.7, duration: 1 });
    expect(later.numbers).toEqual([15, 20, 21, 22, 23, 24, 25, 26]);
    expect(rounded(later.timing.times)).toEqual([0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    const resampled = await frames(name, { frameRate: 4, start: 1.5 });
    expect(resampled.numbers).toEqual([15, 15, 20, 22, 25, 27, 30, 32, 35, 37]);
  });

  it.each(['uneven.mp4', 'pieces.mp4', 'offset.mkv', 'later.mp4'])(
    'chooses the frame of %s that is shown',
    async (name) => {
      const moments = [
        [2.38, 23],
        [1.03, 10],
        [3.98, 39],
      ];
      // A distribution's build starts ten times as slowly; nothing here depends on the build.
      for (const [seconds, number] of ffmpeg === ON_PATH ? moments.slice(0, 1) : moments) {
        // the sound of offset.mkv begins 23 ms before the pictures, that of later.mp4 0.7 s
        expect(numberOf((await chooseFrame(at(name), { at: seconds })).picture), `${seconds} s`).toBe(number);
      }
      await expect(chooseFrame(at(name), { at: 4.5 })).rejects.toThrow(/no frame at 4.5 s, it lasts 4(\.0\d{1,2})? s/);
      const { picture, frame } = await chooseFrame(at(name), { start: 1.03, at: 0.53 });
      expect([numberOf(picture), frame]).toEqual(name === 'later.mp4' ? [15, 5] : [15, 1]);
      const video = await openVideo(at(name), { start: 1.03 });
      expect(await frameShownAt(video, 0.53, 1.03)).toBe(frame);
    },
  );

  it('writes frames at their times, with the sound in step', async () => {
    const cases: [string, OpenVideoOptions, number][] = [
      ['uneven.mp4', {}, 2.5],
      ['uneven.mp4', { start: 1.23 }, 1.27],
      ['later.mp4', {}, 1.8],
      ['even.mp4', { start: 1.17, duration: 2 }, 1.4],
    ];
    for (const [name, options, change] of ffmpeg === ON_PATH ? cases.slice(1, 3) : cases) {
      const { video, timing } = await frames(name, options);
      const sound = { path: at(name), start: timing.start };
      await writeVideo(at('out.mp4'), video.frames(), { frameRate: video.frameRate, timing, audioFrom: sound });
      const written = await frames('out.mp4');
      const what = `${name} ${JSON.stringify(options)}`;
      expect(rounded(written.timing.times), what).toEqual(rounded(timing.times));
      expect(written.timing.duration, what).toBeCloseTo(timing.duration, 2);
      expect(written.timing.times[written.numbers.indexOf(25)], what).toBeCloseTo(change, 3);
      const listen = [
        '-vn',
        '-af',
        'aresample=async=1:first_pts=0',
        '-ac',
        '1',
        '-ar',
        '8000',
        '-f',
        's16le',
        'pipe:1',
      ];
      const samples = execFileSync(ffmpeg, ['-v', 'error', '-nostdin', '-i', at('out.mp4'), ...listen]);
      const loud = Array.from({ length: samples.length / 2 }, (_, i) => Math.abs(samples.readInt16LE(2 * i)));
      // the filter that silences it works in blocks of 1024 samples, 23 ms
      expect(Math.abs(loud.findIndex((value) => value > 1000) / 8000 - change), what).toBeLessThan(0.03);
    }
  });

  it('keeps how long the last frame is shown, and times in WebP and GIF', async () => {
    const timing = { times: [0, 0.2, 0.25, 1], duration: 3, start: 0, frameRate: 4 / 3, variable: true };
    for (const name of ['last.mp4', 'last.gif', 'last.webp']) {
      await writeVideo(at(name), shot(4), { frameRate: 10, timing });
      const { timing: read } = await frames(name);
      expect([rounded(read.times), Math.round(1000 * read.duration)], name).toEqual([timing.times, 3000]);
    }
  });

  it('takes the rate of a recording without one from its times', async () => {
    const times = [0, 0.04, 0.094, 0.1, 0.151, 0.3, 1, 2.9];
    writeFileSync(at('recording.webm'), recording(times));
    const { video, timing, numbers } = await frames('recording.webm');
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(rounded(timing.times)).toEqual(times);
    expect(timing.variable).toBe(true);
    expect(video.frameRate).toBeLessThan(4);
    expect(video.duration).toBeGreaterThan(2.9);
    expect(video.duration).toBeLessThan(3.5);
  });

  it('plays a bare stream at the rate of its frames', async () => {
    const { video, timing } = await frames('bare.h264');
    expect([video.frameRate, timing.times.length, timing.duration, timing.variable]).toEqual([10, 40, 4, false]);
  });

  it('pairs videos of a grid by time where one is uneven', async () => {
    await grid([at('even.mp4'), at('uneven.mp4')], at('grid.mp4'));
    const { video, timing } = await frames('grid.mp4');
    expect([timing.times.length, Math.round(100 * timing.duration)]).toEqual([40, 400]);
    const pairs = (await collect(video.frames())).map((frame) => [frame.data[0], frame.data[3 * 32]]);
    expect(pairs[13].map((value) => Math.round(value / 5))).toEqual([13, 10]);
    expect(pairs[27].map((value) => Math.round(value / 5))).toEqual([27, 27]);
  });

  it('shows a GIF and an APNG by their delays', async () => {
    await writeVideo(at('delays.gif'), shot(4), { frameRate: 10 });
    const gif = readFileSync(at('delays.gif'));
    const setDelays = (hundredths: readonly number[]) => {
      let from = 0;
      for (const delay of hundredths) {
        from = gif.indexOf(Buffer.from('21f904', 'hex'), from) + 4;
        gif.writeUInt16LE(delay, from);
      }
      writeFileSync(at('delays.gif'), gif);
    };
    for (const [delays, times, duration] of [
      [[0, 0, 0, 0], [0, 0.1, 0.2, 0.3], 0.4],
      [[0, 0, 0, 50], [0, 0.1, 0.2, 0.3], 0.8],
      [[3, 20, 1, 7], [0, 0.03, 0.23, 0.33], 0.4],
    ] as const) {
      setDelays(delays);
      expect(await storedDelays(at('delays.gif'))).toEqual(delays.map((delay) => 10 * delay));
      const { timing, numbers } = await frames('delays.gif');
      expect(numbers).toEqual([0, 1, 2, 3]);
      expect([rounded(timing.times), Math.round(1000 * timing.duration) / 1000]).toEqual([times, duration]);
    }
    ffmpegMakes(ffmpeg, ['-i', at('even.mkv'), '-frames:v', '4', '-f', 'apng', '-plays', '0', at('delays.png')]);
    const png = readFileSync(at('delays.png'));
    let from = 0;
    for (const [above, below] of [
      [1, 3],
      [0, 100],
      [7, 10],
      [250, 1000],
    ]) {
      from = png.indexOf('fcTL', from, 'latin1') + 4;
      png.writeUInt16BE(above, from + 20);
      png.writeUInt16BE(below, from + 22);
      png.writeUInt32BE(crc32(png.subarray(from - 4, from + 26)), from + 26);
    }
    writeFileSync(at('delays.png'), png);
    const { timing, numbers } = await frames('delays.png');
    expect(numbers).toEqual([0, 1, 2, 3]);
    expect(rounded(timing.times)).toEqual([0, 0.333, 0.433, 1.133]);
    expect(timing.duration).toBeCloseTo(1 / 3 + 0.1 + 0.7 + 0.25, 6);
  });
});
