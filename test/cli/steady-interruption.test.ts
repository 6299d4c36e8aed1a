// Steady renderings of `sweep` and `run`, killed with kill -9 and continued with --resume: the same bytes as without.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { built, builtNote, killed, start, startUpTo } from './process.js';

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
    expect(await start(args(whole)).ended).toMatchObject({ code: 0, err: '' });
    for (const [i, point] of [
      'appended noise-42-1-network.f32 3',
      'appended strength-0.5.rgb 6',
      'appended strength-1.rgb 5',
    ].entries()) {
      await killed(await startUpTo(point, [...args(cut), ...(i > 0 ? ['--resume'] : [])]));
    }
    expect(await start([...args(cut), '--resume']).ended).toMatchObject({ code: 0, err: '' });
    expect(hashes(cut)).toEqual(hashes(whole));
  });

  it('run: within a segment of a point', async () => {
    const file = join(scratch, 'sweep.yaml');
    const head = `method: grid\nvideo: ${video}\nmodel: ${model}\nprompt: night\nsize: 32x32\nsteady: true\nkey_every: 3\n`;
    writeFileSync(file, `${head}parameters: {steps: {value: 2}, strength: {values: [0.5, 1]}}\n`);
    const args = (out: string) => ['run', file, '--out', out, '--no-track', '-q'];
    const [whole, cut] = [join(scratch, 'run'), join(scratch, 'killed run')];
    expect(await start(args(whole)).ended).toMatchObject({ code: 0, err: '' });
    await killed(await startUpTo('appended output.rgb 6', args(cut)));
    expect(await start([...args(cut), '--resume']).ended).toMatchObject({ code: 0, err: '' });
    const points = (out: string) => hashes(join(out, 'points'));
    expect(Object.keys(points(whole)).length).toBeGreaterThan(0);
    expect(points(cut)).toEqual(points(whole));
  });
});
