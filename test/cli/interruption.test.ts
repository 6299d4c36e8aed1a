// Interruptions of the command as a process: by Ctrl-C, by kill -9, by a full disk. No incomplete file has its final name,
// and --resume continues to bit-identical results.

import { spawnSync } from 'node:child_process';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { built, builtNote, COMMAND, interrupted, killed, mountSmall, start, startUpTo } from './process.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
let args: string[];
let expected: Record<string, string>;
/** The warning of every sweep here, about twice the model's training size. */
const FAR =
  'steadyframe: warning: a size of 64 is far from the 32 pixels that this model was trained at, where things appear several times\n';

beforeAll(async () => {
  if (!built) return;
  const model = await smallestCheckpoint(scratch);
  const video = await shot(scratch, 'street.mp4', { frames: 6, width: 64, height: 64 });
  args = ['sweep', video, '--model', model, ...'--prompt night --size 64 --steps 4 --strengths 0.5,1'.split(' ')];
  const out = join(scratch, 'whole');
  expect(await steadyframe([...args, '--out', out])).toMatchObject({ code: 0 });
  expected = hashes(out);
});

/** The final files, which must equal those of the uninterrupted run. */
const finalFiles = (out: string) =>
  Object.fromEntries(Object.entries(hashes(out)).filter(([name]) => !name.startsWith('.partial')));

/** Moments of a sweep. */
const MOMENTS: [name: string, point: string][] = [
  ['while frames are encoded', 'appended latents.f32 2'],
  ['in the first strength', 'appended strength-0.5.rgb 1'],
  ['in the second strength', 'appended strength-1.rgb 3'],
  ['after the last frame', 'appended strength-1.rgb 6'],
  ['while a video is written', 'appended strength-1.mp4 3'],
  ['before the grid is whole', 'writing grid.mp4'],
];
/** The one at which Ctrl-C is pressed; the process is killed at all others. */
const STOPPED = MOMENTS[4];

describe.skipIf(!built)(`kill -9${builtNote}`, () => {
  it('again and again on one folder: nothing half-written, untouched without --resume, and the rest to the same bits', async () => {
    const out = join(scratch, 'killed');
    for (const [name, point] of MOMENTS.filter(([name]) => name !== STOPPED[0])) {
      expect(await killed(await startUpTo(point, [...args, '--out', out, '--resume'])), name).toMatchObject({
        signal: 'SIGKILL',
        out: '',
      });
      expect(expected, name).toMatchObject(finalFiles(out));
      expect(existsSync(join(out, 'result.json')), name).toBe(false);
    }
    expect(await steadyframe([...args, '--out', out])).toMatchObject({ code: 2, out: '' });
    expect(await steadyframe([...args, '--out', out, '-q', '--resume'])).toMatchObject({ code: 0, err: FAR });
    expect(hashes(out)).toEqual(expected);
  });
});

describe.skipIf(!built)(`Ctrl-C${builtNote}`, () => {
  it.for([STOPPED])('%s: stops, exits with 130 and says how to continue', async ([name, point]) => {
    const out = join(scratch, `stopped ${name}`);
    const stopped = await startUpTo(point, [...args, '--out', out, '-q']);
    const { code, out: printed, err } = await interrupted(stopped);
    expect({ code, printed }).toEqual({ code: 130, printed: '' });
    expect(err).toBe(`${FAR}
steadyframe: stopping after the current step; once more stops at once
steadyframe: interrupted
What is done so far is kept in ${out}; continue with:
  steadyframe ${args.join(' ')} --out '${out}' -q --resume
`);
    expect(expected).toMatchObject(finalFiles(out));
    // Unlike a killed process, this one has removed its temporary files.
    expect(readdirSync(out).filter((file) => file.startsWith('.partial-'))).toEqual([]);
    expect(existsSync(join(out, '.partial/lock'))).toBe(false);
    expect(await steadyframe([...args, '--out', out, '-q', '--resume'])).toMatchObject({ code: 0, err: FAR });
    expect(hashes(out)).toEqual(expected);
  });
});

describe.skipIf(!built)(`two processes in one folder${builtNote}`, () => {
  it('do not disturb each other: the second one is refused', async () => {
    const out = join(scratch, 'shared');
    const first = await startUpTo('appended latents.f32 1', [...args, '--out', out, '-q']);
    const second = await steadyframe([...args, '--out', out, '-q', '--resume']);
    expect(second.code).toBe(2);
    expect(second.err).toMatch(/shared: process \d+ on .* is writing into it; wait for it, or choose another folder/);
    first.release();
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(hashes(out)).toEqual(expected);
  });
});

describe.skipIf(!built)(`no space left${builtNote}`, () => {
  const disk = join(scratch, 'disk');
  afterAll(() => {
    spawnSync('umount', [disk]);
  });

  // 6 frames of 12 KiB each: source, round trip and each strength need 72 KiB, followed by the videos.
  it.for([
    ['while strengths are rendered', 230],
    ['while videos are written', 312],
  ] as const)(
    '%s (%d KiB): one sentence, nothing half-written, and the rest to the same bits',
    async ([, kilobytes], ctx) => {
      if (!mountSmall(disk, kilobytes)) ctx.skip('a small file system cannot be mounted (that needs root on Linux)');
      try {
        const out = join(disk, 'run');
        const full = await start([...args, '--out', out, '-q']).ended;
        expect(full.code).toBe(1);
        expect(full.out).toBe('');
        const messages = full.err.split('\n').filter((line) => line.startsWith('steadyframe: '));
        expect(messages.at(-1)).toMatch(/(the disk is full \(ENOSPC\)|no space left on device).*; free some space/);
        expect(full.err).toContain(`What is done so far is kept in ${out}; continue with:\n  steadyframe sweep `);
        expect(expected).toMatchObject(finalFiles(out));
        expect(spawnSync('mount', ['-o', 'remount,size=20m', disk]).status).toBe(0);
        expect(await steadyframe([...args, '--out', out, '-q', '--resume'])).toMatchObject({ code: 0, err: FAR });
        expect(hashes(out)).toEqual(expected);
      } finally {
        spawnSync('umount', [disk]);
      }
    },
  );

  it('for the results on stdout: a sentence and exit code 1', (ctx) => {
    if (!existsSync('/dev/full')) ctx.skip('there is no /dev/full here');
    const info = [COMMAND, 'info', join(args[args.indexOf('--model') + 1])];
    const { status, stderr } = spawnSync(process.execPath, info, {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'steadyframe: the results could not be written (ENOSPC)\n',
    });
  });

  it('a reader that has seen enough is no error', () => {
    const info = `"${process.execPath}" "${COMMAND}" info "${args[args.indexOf('--model') + 1]}" | head -n 1`;
    const { stdout, stderr } = spawnSync(info, { shell: true, encoding: 'utf8' });
    expect(stdout).toMatch(/^checkpoint .*\n$/);
    expect(stderr).toBe('');
  });
});
