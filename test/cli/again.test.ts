// `steadyframe again` and `info` of pictures and videos: what is made again is the same to the byte, wherever its files are now.

import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { readMetadata } from '../../src/lib/video/metadata/read-metadata.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
const at = (name: string): string => join(scratch, name);
const env = { STEADYFRAME_RUNS: at('runs') };
let model: string;
let video: string;
let common: string[];
let sweep: string;
beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street.mp4', { width: 32, height: 32, frames: 2 });
  const prompt = ['--prompt', 'a street; "at" night', '--negative-prompt', 'blur'];
  common = [video, '--model', model, ...prompt, '--steps', '4', '--size', '32x32', '--no-track'];
  sweep = at('sweep');
  const { err, code } = await steadyframe(['sweep', ...common, '--strengths', '0.5,1', '--seed', '7', '--out', sweep]);
  expect(code, err).toBe(0);
});

/** Runs a command and fails with what it said. */
async function ran(...args: string[]) {
  const outcome = await steadyframe(args, { env });
  expect(outcome.code, outcome.err).toBe(0);
  return outcome;
}
let runs = 0;
const same = (a: string, b: string): boolean => readFileSync(a).equals(readFileSync(b));

describe('again', () => {
  it('repeats one rendering of a sweep, or all, to the byte', async () => {
    await ran('again', join(sweep, 'strength-0.5.mp4'), '--out', at('one'), '--', '--no-track');
    expect(same(at('one/strength-0.5.mp4'), join(sweep, 'strength-0.5.mp4'))).toBe(true);
    const { out } = await ran('again', join(sweep, 'grid.mp4'), '--dry-run');
    expect(out).toBe(
      `steadyframe sweep ${video} --model ${model} --size 32x32 --prompt 'a street; "at" night' --negative-prompt blur --steps 4 --strengths 0.5,1 --seed 7\n`,
    );
  });

  it('repeats a picture of a frame, an edit and its pick', async () => {
    const lists = ['--strengths', '1', '--seeds', '3,4'];
    await ran('frame', ...common, '--at', '0.1', ...lists, '--out', at('frame'));
    await ran('again', at('frame/strength-1-seed-4.png'), '--out', at('frame-2'), '--', '--no-track');
    expect(same(at('frame/strength-1-seed-4.png'), at('frame-2/strength-1-seed-4.png'))).toBe(true);
    await ran('edit', ...common, '--frame', '1', ...lists, '--out', at('edit'), '--auto');
    const [{ text }] = await readMetadata(at('edit/edit.png'));
    expect(JSON.parse(text)).toMatchObject({
      command: 'edit',
      settings: { frame: 1, strengths: [1], seeds: { length: 1 } },
    });
    await ran('again', at('edit/sheet.png'), '--out', at('edit-2'), '--', '--no-track');
    expect(same(at('edit/sheet.png'), at('edit-2/sheet.png'))).toBe(true);
  });

  it('repeats what is made of videos alone: steady, grid, control', async () => {
    const made = join(sweep, 'strength-1.mp4');
    await ran('steady', made, '--source', video, '--key-every', '2', '-o', at('steady.mp4'));
    await ran('again', at('steady.mp4'), '--in', sweep, '-o', at('steady-2.mp4'));
    await ran('grid', video, made, '-o', at('pair.webp'), '--labels', 'source,edited');
    await ran('again', at('pair.webp'), '--in', sweep, '-o', at('pair-2.webp'));
    await ran('control', video, '--kind', 'canny', '-o', at('edges.gif'));
    await ran('again', at('edges.gif'), '-o', at('edges-2.gif'));
    for (const name of ['steady.mp4', 'pair.webp', 'edges.gif']) {
      expect(same(at(name), at(name.replace('.', '-2.')))).toBe(true);
    }
  });

  it('repeats a point of a sweep file', async () => {
    const file = {
      method: 'grid',
      video,
      model,
      prompt: 'a city',
      size: '32x32',
      parameters: { steps: { value: 4 }, strength: { value: 0.5 } },
    };
    writeFileSync(at('night.json'), JSON.stringify(file));
    const point = async (path: string, more: object = {}): Promise<string> => {
      const read = await readSweepFile(path);
      const options = { out: at(`points-${runs++}`), track: false, executor: localExecutor() };
      const { points } = await runSweep({ ...read, sweep: { ...read.sweep, ...more } }, options);
      return points[0].folder;
    };
    const first = await point(at('night.json'));
    const { out } = await ran('again', join(first, 'output.mp4'), '--dry-run');
    const [, written] = /^steadyframe run (.*)\n$/.exec(out) ?? [];
    const second = await point(written);
    expect(basename(second)).toBe(basename(first));
    for (const name of ['output.mp4', 'comparison.mp4']) expect(same(join(first, name), join(second, name))).toBe(true);
    // Without metadata it is another point.
    const bare = await point(at('night.json'), { metadata: false });
    expect(basename(bare)).not.toBe(basename(first));
    expect((await readMetadata(join(bare, 'output.mp4'))).map(({ name }) => name)).not.toContain('comment');
  });

  it('finds the source beside the picture, says where it is another, and takes one that is given', async () => {
    for (const folder of ['moved', 'moved/results', 'lost', 'other']) mkdirSync(at(folder));
    const made = join(sweep, 'strength-0.5.mp4');
    const place = { runs: { STEADYFRAME_RUNS: at('none') } };
    const moved = (file: string, ...more: string[]) =>
      steadyframe(['again', file, '--dry-run', ...more], { env: place.runs });
    renameSync(video, at('moved/street.mp4'));
    try {
      copyFileSync(made, at('moved/results/made.mp4'));
      expect((await moved(at('moved/results/made.mp4'))).out).toContain(`sweep ${at('moved/street.mp4')} `);
      copyFileSync(made, at('lost/made.mp4'));
      const lost = await moved(at('lost/made.mp4'));
      expect(lost.code).toBe(2);
      expect(lost.err).toMatch(
        /was made with the video 'street\.mp4' \(SHA-256 [0-9a-f]{16}\.\.\.\), but it is neither here/,
      );
      await shot(at('lost'), 'street.mp4', { width: 32, height: 32, frames: 3 });
      const other = await moved(at('lost/made.mp4'));
      expect(other.code).toBe(2);
      expect(other.err).toContain(`but '${at('lost/street.mp4')}' is another one; put it here, or say where it is`);
      const taken = await moved(at('lost/made.mp4'), '--video', at('lost/street.mp4'));
      expect(taken.out).toContain(`sweep ${at('lost/street.mp4')} `);
      expect(taken.err).toContain(`is another video than 'street.mp4'`);
    } finally {
      renameSync(at('moved/street.mp4'), video);
    }
  });

  it('refuses a model of the same name with other weights, and takes one that is given', async () => {
    mkdirSync(at('swapped'));
    copyFileSync(join(sweep, 'strength-0.5.mp4'), at('swapped/made.mp4'));
    renameSync(model, `${model}-before`);
    const another = await smallestCheckpoint(scratch, { seed: 9 });
    renameSync(another, model);
    try {
      const refused = await steadyframe(['again', at('swapped/made.mp4'), '--dry-run'], { env });
      expect(refused.code).toBe(2);
      expect(refused.err).toMatch(/was made with other weights than '.*checkpoint-.*'/);
      const taken = await ran('again', at('swapped/made.mp4'), '--model', model, '--dry-run');
      expect(taken.err).toContain('the result will be another');
    } finally {
      renameSync(model, `${model}-other`);
      renameSync(`${model}-before`, model);
    }
  });

  it('says what it cannot repeat', async () => {
    const plain = await steadyframe(['again', video], { env });
    expect(plain).toMatchObject({ code: 2 });
    expect(plain.err).toMatch(/its metadata holds no settings; it was not made by steadyframe/);
  });
});

describe('info', () => {
  it('shows how a video was made, in words and as JSON', async () => {
    const file = join(sweep, 'strength-0.5.mp4');
    const { out } = await ran('info', file);
    expect(out).toMatch(/^made by +steadyframe \S+, sweep on cpu\nvideo +street\.mp4\nmodel +checkpoint-/);
    expect(out).toMatch(/\nprompt +a street; "at" night\nnegative prompt +blur\n/);
    expect(out).toContain(`again:\n  steadyframe again ${file}\n`);
    expect(out).not.toContain(`video  ${scratch}`);
    expect((await ran('info', file, '--json')).json()).toMatchObject({
      kind: 'own',
      made: { command: 'sweep', settings: { strengths: [0.5], seed: 7 } },
    });
  });

  it('says in a sentence where there is nothing', async () => {
    expect((await ran('info', video)).out).toMatch(/^.*street\.mp4: its metadata holds no settings; .*\n$/);
  });

  it('finds nothing with --no-metadata', async () => {
    await ran(
      'frame',
      ...common,
      '--at',
      '0',
      '--strengths',
      '1',
      '--seeds',
      '3',
      '--no-metadata',
      '--out',
      at('bare'),
    );
    expect(await readMetadata(at('bare/strength-1-seed-3.png'))).toEqual([]);
  });
});
