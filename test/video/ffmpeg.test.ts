// Finding and running ffmpeg, and protection against malicious files.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../../src/lib/base/errors.js';
import { reasonOf, runFfmpeg, startFfmpeg, untrustedInput } from '../../src/lib/video/ffmpeg/ffmpeg.js';
import { findFfmpeg, packagedProgram } from '../../src/lib/video/ffmpeg/find-ffmpeg.js';
import { describeInput } from '../../src/lib/video/probe/describe-input.js';
import { mapInOrder } from '../../src/lib/video/read/in-order.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { rateAsFraction, rateFromPrinted } from '../../src/lib/video/times/frame-rate.js';
import { encodeFrames } from '../../src/lib/video/write/encode.js';
import {
  collect,
  FFMPEGS,
  ffmpegMakes,
  INSTALLED,
  ON_PATH,
  pattern,
  scratchFolder,
  stream,
  useFfmpeg,
} from './shots.js';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);

describe('findFfmpeg', () => {
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
    useFfmpeg(undefined);
  });

  it.skipIf(!INSTALLED || !ON_PATH)('looks at FFMPEG_PATH, then the PATH, then the packages', async () => {
    useFfmpeg(INSTALLED);
    expect(await findFfmpeg()).toMatchObject({ path: INSTALLED, origin: '$FFMPEG_PATH' });
    useFfmpeg(undefined);
    expect(await findFfmpeg()).toMatchObject({ path: ON_PATH, origin: 'PATH' });
  });

  it.skipIf(!INSTALLED)('warns once when the build of 2018 is all there is', async () => {
    process.env.PATH = folder;
    useFfmpeg(undefined);
    const heard: string[] = [];
    const found = await findFfmpeg((message) => heard.push(message));
    if (found.origin === 'ffmpeg-static') return; // no warning is expected
    expect(found.origin).toBe('@ffmpeg-installer/ffmpeg');
    await findFfmpeg((message) => heard.push(message));
    expect(heard.length).toBe(1);
    expect(heard[0]).toMatch(/ffmpeg of 2018 .* FFMPEG_PATH/);
  });

  it('takes a program of a package, made one where the install script was left out; not one whose download failed', () => {
    writeFileSync(at('unmade'), '#!/bin/sh\n', { mode: 0o644 });
    expect(packagedProgram(at('unmade'))).toBe(at('unmade'));
    expect(spawnSync(at('unmade')).status).toBe(0);
    expect(packagedProgram(at('never-fetched'))).toBeUndefined();
    expect(packagedProgram(folder)).toBeUndefined();
  });

  it('refuses an FFMPEG_PATH that is no program, and one that is no ffmpeg', async () => {
    useFfmpeg(at('nothing-here'));
    await expect(findFfmpeg()).rejects.toThrow(UsageError);
    await expect(findFfmpeg()).rejects.toThrow(/FFMPEG_PATH is '.*nothing-here', which is not a program/);
    writeFileSync(at('impostor'), '#!/bin/sh\necho hello\n');
    chmodSync(at('impostor'), 0o755);
    useFfmpeg(at('impostor'));
    await expect(findFfmpeg()).rejects.toThrow(FailureError);
    await expect(findFfmpeg()).rejects.toThrow(/impostor' \(from \$FFMPEG_PATH\) does not run/);
  });
});

describe.each(FFMPEGS)('a run of %s', (_, ffmpeg) => {
  if (ffmpeg === undefined) return it.skip('has no ffmpeg to try', () => {});
  beforeAll(() => {
    useFfmpeg(ffmpeg);
    ffmpegMakes(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=10:duration=1', '-c:v', 'libx264', at('v.mp4')]);
  });

  it('takes bytes only as fast as they are read, and gives them back whole', async () => {
    const run = await startFfmpeg(
      () => ['-v', 'error', '-f', 'u8', '-ar', '8000', '-ac', '1', '-i', 'pipe:0', '-f', 'u8', 'pipe:1'],
      { task: 'copying' },
    );
    let written = 0;
    const block = new Uint8Array(1 << 16).map((_, i) => i % 251);
    const writing = (async () => {
      for (; written < 200; written++) await run.write(block);
      run.end();
    })();
    await new Promise((wake) => setTimeout(wake, 300));
    expect(written, 'nobody reads yet, so ffmpeg cannot have taken it all').toBeLessThan(150);
    let read = 0;
    for await (const chunk of run.output) {
      for (const [i, byte] of chunk.entries())
        if (byte !== ((read + i) % 65536) % 251) throw new Error(`byte ${read + i}`);
      read += chunk.length;
    }
    await writing;
    await run.done;
    expect(read).toBe(200 * 65536);
  });

  it('says in one sentence what went wrong', async () => {
    const failing = runFfmpeg(() => ['-v', 'error', '-i', `file:${at('missing.mp4')}`, '-f', 'null', '-'], {
      task: 'trying',
    });
    await expect(failing).rejects.toThrow(FailureError);
    await expect(failing).rejects.toThrow(/^trying: .*No such file or directory$/);
  });

  it('answers a write after its end with the cause, not with EPIPE', async () => {
    const run = await startFfmpeg(
      () => [
        '-v',
        'error',
        '-f',
        'rawvideo',
        '-video_size',
        '8x8',
        '-i',
        'pipe:0',
        '-c:v',
        'nonsense',
        '-f',
        'null',
        '-',
      ],
      {
        task: 'writing',
      },
    );
    const writing = (async () => {
      for (;;) await run.write(new Uint8Array(1 << 16));
    })();
    await expect(writing).rejects.toThrow(/^writing: .*nonsense/);
  });

  it('is ended by kill and by the signal', async () => {
    const controller = new AbortController();
    const endless = () => ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc', '-f', 'rawvideo', 'pipe:1'];
    const run = await startFfmpeg(endless, { task: 'running', signal: controller.signal });
    controller.abort(new Error('stop'));
    await expect(run.done).rejects.toThrow(/^stop$/);
    const other = await startFfmpeg(endless, { task: 'running' });
    other.kill();
    await expect(other.done).rejects.toThrow(/running: ffmpeg ended with SIGKILL/);
  });

  it('says that the disk is full', async (ctx) => {
    if (!existsSync('/dev/full')) ctx.skip('there is no /dev/full here');
    const writing = encodeFrames('/dev/full', stream(pattern(3, 64, 64)), ['-c:v', 'libx264', '-f', 'mpegts'], {
      frameRate: 10,
      name: 'x.mp4',
    });
    await expect(writing).rejects.toThrow(FailureError);
    await expect(writing).rejects.toThrow(/writing 'x\.mp4': the disk is full \(ENOSPC\)/);
  });

  it('treats every name as the name of a file', async () => {
    const inside = at('odd names');
    mkdirSync(inside, { recursive: true });
    const before = process.cwd();
    process.chdir(inside);
    try {
      for (const name of [
        '-i.mp4',
        'concat:a|b.mp4',
        'http:x.mp4',
        '%03d.mp4',
        "it's, a [name]; \\really.mp4",
        '日本.mp4',
      ]) {
        writeFileSync(name, '');
        execFileSync('cp', ['--', at('v.mp4'), name.startsWith('-') ? `./${name}` : name]);
        expect((await collect((await openVideo(name)).frames())).length, name).toBe(10);
      }
    } finally {
      process.chdir(before);
    }
    await expect(openVideo('http://localhost/v.mp4')).rejects.toThrow(/there is no file/);
  });

  it('does not follow files that name other files', async () => {
    writeFileSync(at('list.mp4'), `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${at('v.mp4')}\n#EXT-X-ENDLIST\n`);
    writeFileSync(at('join.mkv'), `ffconcat version 1.0\nfile v.mp4\n`);
    writeFileSync(at('lines.txt'), 'some text that a terminal would show\n'.repeat(99));
    writeFileSync(at('drawing.svg'), `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>`);
    for (const name of ['list.mp4', 'join.mkv', 'lines.txt', 'drawing.svg']) {
      await expect(openVideo(at(name)), name).rejects.toThrow(UsageError);
      await expect(openVideo(at(name)), name).rejects.toThrow(/is not a video/);
    }
    rmSync(at('link.mp4'), { force: true });
    symlinkSync(at('v.mp4'), at('link.mp4'));
    expect((await openVideo(at('link.mp4'))).width).toBe(64);
  });

  it('has no network', async () => {
    const tried = runFfmpeg(
      (found) => [
        '-v',
        'error',
        ...untrustedInput(found, at('v.mp4'), 1e6).slice(0, -1),
        'http://127.0.0.1:9/x',
        '-f',
        'null',
        '-',
      ],
      { task: 'trying' },
    );
    await expect(tried).rejects.toThrow(/whitelist|Invalid argument/);
  });
});

describe('reasonOf', () => {
  it('keeps the lines that tell a cause', () => {
    expect(reasonOf('[h264 @ 0x55] [IMGUTILS @ 0x7f] Picture too big\nConversion failed!\n')).toBe('Picture too big');
    expect(reasonOf('file:/a/b.mp4: Invalid data found when processing input\n')).toBe(
      '/a/b.mp4: Invalid data found when processing input',
    );
    expect(reasonOf("Unknown encoder 'libx264'\n")).toMatch(/built without libx264; set FFMPEG_PATH/);
    expect(reasonOf('')).toBe('');
  });
});

describe('describeInput', () => {
  // Descriptions as printed by the builds of 2018 and 2022 for the same kind of file.
  const old = `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/x.mp4':
  Metadata:
    Stream #0:9(xxxxx): Video: h264, yuv420p, 9999x9999, 99 fps
  Duration: 01:02:03.50, start: 0.000000, bitrate: 129 kb/s
    Stream #0:0(und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)
    Stream #0:1(und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 320x240 [SAR 4:3 DAR 16:9], 44 kb/s, 29.97 fps, 29.97 tbr, 30k tbn, 59.94 tbc (default)
    Metadata:
      rotate          : 270
    Side data:
      displaymatrix: rotation of 90.00 degrees
At least one output file must be specified
`;
  it('reads what the old build prints, and believes no line that the file made up', () => {
    expect(describeInput(old)).toEqual({
      container: 'mov,mp4,m4a,3gp,3g2,mj2',
      duration: 3723.5,
      startTime: 0,
      audioCodec: 'aac',
      pictures: [
        {
          ...{ stream: 1, width: 240, height: 320, pixelAspect: 3 / 4, frameRate: 30000 / 1001, chroma: 'left' },
          ...{ codec: 'h264', format: 'yuv420p', isDefault: true, isTransparent: false },
          ...{ baseRate: 30000 / 1001, tick: 1 / 30_000 },
        },
      ],
      exceeded: undefined,
    });
  });
  it.each([
    ['hevc (Main 10), yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67), 64x64', 'hdr.transfer', 'arib-std-b67'],
    ['hevc (Main 10), yuv420p10le(tv, unknown/bt2020/smpte2084), 64x64', 'hdr.primaries', 'bt2020'],
    ['h264 (High), yuv420p(tv, bt709, top coded first (swapped)), 64x64', 'fields', 'interlaced'],
    ['mpeg2video (Main), yuv420p(tv, bottom first), 64x64 [SAR 1:1 DAR 1:1]', 'fields', 'interlaced'],
    ['prores (4444) (ap4h / 0x68347061), yuva444p12le(tv, progressive), 64x16', 'isTransparent', true],
    ['qtrle (rle  / 0x20656C72), argb, 64x16', 'isTransparent', true],
    ['rawvideo (BGRA / 0x41524742), bgra, 64x16', 'isTransparent', false],
    ['gif, bgra, 64x16', 'isTransparent', false],
  ])('understands %s', (about, key, value) => {
    const text = `Input #0, x, from 'file:/x':\n  Duration: N/A, start: 0.0\n  Stream #0:0: Video: ${about}, 25 fps, 25 tbr\n`;
    expect(describeInput(text)?.pictures[0]).toHaveProperty(key, value);
  });
  it('reads what newer builds print', () => {
    const text = `Input #0, matroska,webm, from 'file:/x.mkv':
  Duration: N/A, start: 0.000000, bitrate: 498 kb/s
  Stream #0:0[0x1](eng): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 960x506, 495 kb/s, 25 fps, 25 tbr, 25 tbn (default)
`;
    expect(describeInput(text)?.pictures).toEqual([
      {
        ...{ stream: 0, width: 960, height: 506, pixelAspect: 1, frameRate: 25, chroma: 'left', codec: 'h264' },
        ...{
          format: 'yuv420p',
          isDefault: true,
          isTransparent: false,
          fields: 'progressive',
          baseRate: 25,
          tick: 0.04,
        },
      },
    ]);
    expect(describeInput(text)?.duration).toBeUndefined();
    expect(describeInput('file:/x: Invalid data found when processing input\n')).toBeUndefined();
  });
});

describe('frame rates', () => {
  it.each([
    [25, '25/1'],
    [30000 / 1001, '30000/1001'],
    [24000 / 1001, '24000/1001'],
    [12.5, '25/2'],
    [100 / 3, '100/3'],
    [10 / 3, '10/3'],
    [0.5, '1/2'],
  ])('writes %d as %s', (rate, fraction) => {
    expect(rateAsFraction(rate)).toBe(fraction);
  });
  it.each([
    [29.97, 30000 / 1001],
    [23.98, 24000 / 1001],
    [59.94, 60000 / 1001],
    [33.33, 100 / 3],
    [8.33, 25 / 3],
    [12.5, 12.5],
    [24.375, 24.375],
    [24.39, 24.39],
    [15, 15],
  ])('understands %d as %d', (printed, rate) => {
    expect(rateFromPrinted(printed)).toBe(rate);
  });
});

describe('mapInOrder', () => {
  it('keeps the order, works on so many at once and no more, and closes its source', async () => {
    let working = 0;
    let most = 0;
    let closed = false;
    async function* source() {
      try {
        for (let i = 0; i < 20; i++) yield i;
      } finally {
        closed = true;
      }
    }
    const work = async (i: number) => {
      most = Math.max(most, ++working);
      await new Promise((wake) => setTimeout(wake, (i * 7) % 5));
      working--;
      return i * i;
    };
    const results: number[] = [];
    for await (const result of mapInOrder(source(), 3, work)) results.push(result);
    expect(results).toEqual(Array.from({ length: 20 }, (_, i) => i * i));
    expect(most).toBe(3);
    closed = false;
    for await (const _ of mapInOrder(source(), 3, work)) break;
    expect([closed, working]).toEqual([true, 0]);
    const failing = mapInOrder(source(), 3, async (i) => {
      if (i === 4) throw new Error('four');
      return i;
    });
    await expect(
      (async () => {
        for await (const _ of failing);
      })(),
    ).rejects.toThrow('four');
  });
});
