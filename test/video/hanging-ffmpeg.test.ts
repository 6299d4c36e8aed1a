// Substitutes for an ffmpeg that hangs, crashes or is killed: each is reported as such, and none as an error of the file.

import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/lib/base/errors.js';
import { runFfmpeg, startFfmpeg } from '../../src/lib/video/ffmpeg/ffmpeg.js';
import { findFfmpeg } from '../../src/lib/video/ffmpeg/find-ffmpeg.js';
import { watchFfmpeg } from '../../src/lib/video/ffmpeg/watch-ffmpeg.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { heldOutShot, shotFrames } from '../../src/lib/world/held-out-shots.js';
import { skipNote } from '../skipped.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const before = { ...process.env };
afterEach(() => {
  for (const name of ['FFMPEG_PATH', 'STEADYFRAME_FFMPEG_TIMEOUT']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

let video: string;
beforeAll(async () => {
  video = join(scratch, 'shot.mp4');
  const frames = shotFrames(heldOutShot('red-car-curve'), 'photo', { frames: 2, width: 32, height: 32 });
  await writeVideo(video, frames, { frameRate: 5 });
});

/** Uses a script as ffmpeg, which answers the initial queries and runs `then` for everything else. */
async function standIn(name: string, then: string): Promise<void> {
  const path = join(scratch, name);
  const answers = `case "$*" in *-version*) echo "ffmpeg version 5.1 of a test"; echo "libavformat 59. 27"; exit 0;;
    *-demuxers*) echo " D  mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV"; exit 0;; esac`;
  writeFileSync(path, `#!/bin/sh\n${answers}\n${then}\n`);
  chmodSync(path, 0o755);
  process.env.FFMPEG_PATH = path;
  await findFfmpeg();
}

describe.skipIf(process.platform === 'win32')(
  `an ffmpeg${skipNote(process.platform !== 'win32', 'there is no sh')}`,
  () => {
    it.each([
      ['hangs before it gives anything', 'exec sleep 1000'],
      ['hangs in the middle', 'printf xxx; exec sleep 1000'],
      ['does not listen to signals', "trap '' TERM INT HUP; exec sleep 1000"],
    ])('that %s is stopped', async (name, then) => {
      await standIn(name.replaceAll(' ', '-'), then);
      process.env.STEADYFRAME_FFMPEG_TIMEOUT = '1';
      const reading = startFfmpeg(() => [], { task: 'reading' }).then(async (run) => {
        run.end();
        for await (const _ of run.output);
        await run.done;
      });
      await expect(reading).rejects.toThrow(
        /^reading: ffmpeg has made no progress for \d+ seconds and was stopped; .*STEADYFRAME_FFMPEG_TIMEOUT$/,
      );
      await expect(openVideo(video)).rejects.toThrow(/^opening '.*shot\.mp4': ffmpeg has made no progress/);
    });

    it('that takes no more frames is stopped', async () => {
      await standIn('deaf', 'exec sleep 1000');
      process.env.STEADYFRAME_FFMPEG_TIMEOUT = '1';
      const run = await startFfmpeg(() => [], { task: 'writing' });
      const megabyte = new Uint8Array(1 << 20);
      await expect(
        (async () => {
          for (;;) await run.write(megabyte);
        })(),
      ).rejects.toThrow('writing: ffmpeg has made no progress');
    });

    it('that nothing is asked of may rest, and nobody waits for one that has given what is not read yet', async () => {
      process.env.STEADYFRAME_FFMPEG_TIMEOUT = '0.02';
      const child = spawn('sleep', ['1000']);
      const hangs = (isWaitedFor: boolean) =>
        new Promise<boolean>((resolve) => {
          const end = watchFfmpeg(child, {
            isWaitedFor: () => isWaitedFor,
            said: () => 0,
            onHang: () => resolve(true),
          });
          setTimeout(() => [end(), resolve(false)], isWaitedFor ? 60_000 : 1000);
        });
      expect(await hangs(false)).toBe(false);
      expect(await hangs(true)).toBe(true);
      child.kill('SIGKILL');
    });

    it.each([
      ['crashes', 'kill -SEGV $$', 'ffmpeg crashed (SIGSEGV), which is its fault and says little about the file'],
      ['aborts', 'kill -ABRT $$', 'ffmpeg crashed (SIGABRT)'],
      ['crashes in a script around it', 'exit 139', 'ffmpeg crashed (SIGSEGV)'],
      ['is killed', 'kill -KILL $$', 'ffmpeg was killed (SIGKILL), often because the system is out of memory'],
      ['is told to stop', 'kill -TERM $$', 'ffmpeg was stopped from outside (SIGTERM)'],
    ])('that %s is not taken for one that refuses the file', async (name, then, sentence) => {
      await standIn(name.replaceAll(' ', '-'), then);
      const opened = openVideo(video);
      await expect(opened).rejects.toThrow(FailureError);
      await expect(openVideo(video)).rejects.toThrow(`opening '${video}': ${sentence}`);
      const run = runFfmpeg(() => [], { task: 'doing', allowFailure: true });
      await expect(run).rejects.toThrow(`doing: ${sentence}`);
    });

    it('that complains is allowed to, where it always does', async () => {
      await standIn('complaining', 'echo "no output is named" >&2; exit 1');
      expect(await runFfmpeg(() => [], { task: 'doing', allowFailure: true })).toBe('no output is named\n');
      await expect(runFfmpeg(() => [], { task: 'doing' })).rejects.toThrow('doing: no output is named');
      await expect(openVideo(video)).rejects.toThrow('is not a video that ffmpeg can read: no output is named');
    });
  },
);
