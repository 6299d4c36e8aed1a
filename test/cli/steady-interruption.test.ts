// Steady renderings of `sweep` and `run`, killed with kill -9 and continued with --resume: the same bytes as without.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { built, builtNote, killed, startUpTo } from './process.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
let model: string;
let video: string;
beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street.mp4', { frames: 8, width: 32, height: 32 });
});

describe.skipIf(!built)(`kill -9${builtNote}`, () => {
  // Keyframes are 0, 3, 6 and 7.
  it('a sweep with noise that moves: in the noise, within a segment, in the second strength', async () => {
    const args = (out: string) => [
      ...['sweep', video, '--model', model, '--prompt', 'night', '--out', out, '--no-track', '-q'],
      ...'--size 32x32 --steps 2 --strengths 0.5,1 --steady --key-every 3 --new-share 1 --noise warped'.split(' '),
    ];
    const [whole, cut] = [join(scratch, 'whole'), join(scratch, 'killed')];
    expect(await steadyframe(args(whole))).toMatchObject({ code: 0, err: '' });
    for (const [i, point] of [
      'appended noise-42-1-network.f32 3',
      'appended strength-0.5.rgb 6',
      'appended strength-1.rgb 5',
    ].entries()) {
      await killed(await startUpTo(point, [...args(cut), ...(i > 0 ? ['--resume'] : [])]));
    }
    expect(await steadyframe([...args(cut), '--resume'])).toMatchObject({ code: 0, err: '' });
    expect(hashes(cut)).toEqual(hashes(whole));
  });

  it('run: within a segment of a point', async () => {
    const file = join(scratch, 'sweep.yaml');
    const head = `method: grid\nvideo: ${video}\nmodel: ${model}\nprompt: night\nsize: 32x32\nsteady: true\nkey_every: 3\n`;
    writeFileSync(file, `${head}parameters: {steps: {value: 2}, strength: {values: [0.5, 1]}}\n`);
    const [whole, cut] = [join(scratch, 'run'), join(scratch, 'killed run')];
    const inThisProcess = async (out: string, resume = false) =>
      runSweep(await readSweepFile(file), { out, resume, track: false, executor: localExecutor() });
    await inThisProcess(whole);
    await killed(await startUpTo('appended output.rgb 6', ['run', file, '--out', cut, '--no-track', '-q']));
    await inThisProcess(cut, true);
    const points = (out: string) => hashes(join(out, 'points'));
    expect(Object.keys(points(whole)).length).toBeGreaterThan(0);
    expect(points(cut)).toEqual(points(whole));
  });
});
