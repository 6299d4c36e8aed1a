// `steadyframe finetune`: its output and files, its errors, and bit-identical results after interruptions.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeEdit } from '../../src/lib/edits/sidecar.js';
import { writePicture } from '../../src/lib/video/still.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { neonFrame } from '../training/tiny-finetune.js';
import { built, builtNote, interrupted, killed, mountSmall, start, startUpTo } from './process.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
let common: string[];
let edit: string;
let bare: string;

beforeAll(async () => {
  const model = await smallestCheckpoint(scratch);
  const video = await shot(scratch, 'street', { frames: 6, width: 32, height: 32 });
  const { picture, frame, prompt } = await neonFrame(2);
  edit = join(scratch, 'neon.png');
  bare = join(scratch, 'bare.png');
  await writeEdit(edit, picture, { frame, prompt });
  await writePicture(bare, picture);
  common = [
    'finetune',
    video,
    '--model',
    model,
    '--size',
    '32x32',
    '--training-frames',
    '3',
    '--learning-rate',
    '1e-3',
  ];
});

const quick = ['--preview-steps', '8', '--preview-guidance', '1', '--preview-frames', '2'];
const out = (name: string) => join(scratch, name);

describe('steadyframe finetune', () => {
  it('takes frame and prompt from the sidecar unless given, and says how to render with the result', async () => {
    const edits = ['--edit', edit, '--edit', edit, '--edit-prompt', 'a pencil sketch', '--edit', bare];
    const args = [...common, ...edits, '--edit-frame', '0.25s', '--edit-prompt', 'dusk', ...quick];
    const done = await steadyframe([...args, '--iterations', '4', '--preview-every', '2', '--out', out('text')]);
    expect(done.code, done.err).toBe(0);
    const result = JSON.parse(readFileSync(join(out('text'), 'result.json'), 'utf8'));
    expect(result.items).toEqual([
      ...[1, 3, 5].map((frame) => ({ frame, prompt: '', edited: false })),
      { frame: 2, prompt: 'a neon city at night', edited: true },
      { frame: 2, prompt: 'a pencil sketch', edited: true },
      // The frame shown at 0.25 s at 10 frames per second.
      { frame: 2, prompt: 'dusk', edited: true },
    ]);
    expect(done.out).toMatch(/^preview at +edit strength +flicker +warping error +per variance +forgetting\n0 /);
    expect(done.out).toMatch(
      /\n4 +[\d.]+ +[\d.]+ .*\n\n4 iterations over 6 items, 3 of them edited; mean loss of the last 1: /,
    );
    expect(done.out).toContain(`LoRA file: ${join(out('text'), 'lora.safetensors')}\n`);
    expect(done.err).toMatch(/training {2}1\/4 {2}25 %.* loss \d\.\d+/);
    expect(done.err).toMatch(
      /preview at iteration 2: edit strength [\d.]+, flicker [\d.]+, .*previews.000002.sheet\.png/,
    );

    const next = done.out.split('\n').at(-2)!;
    expect(next).toMatch(
      /^ {2}steadyframe sweep .* --lora .*lora\.safetensors --size 32x32 --prompt 'a neon city at night' /,
    );
    const rendering = [...next.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain).slice(1);
    const rendered = await steadyframe([...rendering, '--steps', '4', '--frames', '2', '--out', out('rendered')]);
    expect(rendered.code, rendered.err).toBe(0);
  });

  it('trains weights themselves into a diffusers folder, prints JSON, and goes on to more iterations', async () => {
    const args = [
      ...common,
      '--edit',
      edit,
      '--train',
      'attention',
      '--preview-every',
      '0',
      '--out',
      out('json'),
      '--json',
    ];
    const first = await steadyframe([...args, '--iterations', '2', '-q']);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.json()).toMatchObject({ kind: 'diffusers', iterations: 2, out: out('json'), previews: [] });
    expect(first.json().render).toContain(`--model ${join(out('json'), 'model')} --size 32x32`);
    const more = await steadyframe([...args, '--iterations', '3', '-q', '--resume']);
    expect(more.json()).toMatchObject({ iterations: 3, checkpoints: [2, 3] });
    expect(await steadyframe(['info', join(out('json'), 'model')])).toMatchObject({ code: 0, err: '' });
    const other = await steadyframe([...args, '--iterations', '4', '--resume', '--training-seed', '1']);
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.err).toMatch(/json: cannot be continued with other settings \(seed: 0 before, 1 now\)/);
  });

  it('shows the published recipe as its defaults', async () => {
    const { out: help } = await steadyframe(['finetune', '--help']);
    const told = help.replace(/\s+/g, ' ');
    for (const [option, value] of [
      ['--iterations <n>', '1000'],
      ['--training-frames <n>', '30'],
      ['--timestep-range <from,to>', '0,500'],
      ['--learning-rate <rate>', '0.00001'],
      ['--training-batch <n>', '1'],
      ['--objective <name>', '"noised-original"'],
      ['--preview-strength <s>', '0.45'],
    ]) {
      const at = told.indexOf(option);
      expect(told.slice(at, at + 200), option).toContain(`(default: ${value})`);
    }
    expect(help).toMatch(/Examples:\n {2}steadyframe /);
  });

  it.each([
    [
      '--edit-frame without an edit',
      () => ['--edit-frame', '3', '--edit', edit],
      /It belongs to an --edit, which comes before/,
    ],
    ['no sidecar', () => ['--edit', bare], /bare\.png: has no bare\.json beside it.*--edit-frame T --edit-prompt TEXT/],
    ['an empty prompt', () => ['--edit', edit, '--edit-prompt', ' '], /neon\.png: --edit-prompt is empty/],
    [
      'a frame that is not there',
      () => ['--edit', edit, '--edit-frame', '6'],
      /frame 6, which is not in the video \(its frames are 0 to 5\)/,
    ],
    ['another size', () => ['--edit', edit, '--size', '64'], /the picture is 32x32 but the video's frames are 64x64/],
    ['nothing to learn', () => ['--no-edit', '--training-frames', '0'], /the training set has 0 items/],
    [
      'a rank of all weights',
      () => ['--edit', edit, '--train', 'all', '--lora-rank', '4'],
      /--lora-rank belongs to --train lora/,
    ],
    [
      'one timestep',
      () => ['--edit', edit, '--timestep-range', '500'],
      /--timestep-range.*500.*Expected two whole numbers, such as 0,500/,
    ],
    [
      'an unknown objective',
      () => ['--edit', edit, '--objective', 'third'],
      /Expected one of noised-original, rendering-path/,
    ],
  ])('%s is refused in one sentence, and leaves nothing behind', async (_, more, sentence) => {
    const { code, out: printed, err } = await steadyframe([...common, ...more(), '--out', out('refused')]);
    expect({ code, printed }).toEqual({ code: 2, printed: '' });
    expect(err).toMatch(sentence);
    expect(existsSync(out('refused'))).toBe(false);
  });
});

/** The final files, without durations. */
const bits = (folder: string) =>
  Object.fromEntries(
    Object.entries(hashes(folder)).filter(([name]) => !/(^|\/)(\.partial-|record\.json|result\.json|lock$)/.test(name)),
  );

describe.skipIf(!built)(`interrupted${builtNote}`, () => {
  let args: string[];
  let expected: Record<string, string>;
  beforeAll(async () => {
    args = [
      ...common,
      '--edit',
      edit,
      '--iterations',
      '12',
      '--checkpoint-every',
      '4',
      '--preview-every',
      '8',
      ...quick,
    ];
    expect(await steadyframe([...args, '--out', out('whole'), '-q'])).toMatchObject({ code: 0, err: '' });
    expected = bits(out('whole'));
  });

  it('again and again by kill -9 and Ctrl-C: nothing half-written, and the same bits in the end', async () => {
    const folder = out('interrupted');
    const resume = [...args, '--out', folder, '-q', '--resume'];
    const first = await startUpTo('written settings.json', [...args, '--out', folder, '-q']);
    const second = await steadyframe(resume);
    expect(second.code).toBe(2);
    expect(second.err).toMatch(
      /interrupted: process \d+ on .* is writing into it; wait for it, or choose another folder/,
    );
    expect(await killed(first)).toMatchObject({ signal: 'SIGKILL' });

    const resumed = await startUpTo('writing checkpoints/000004', resume);
    expect(await killed(resumed)).toMatchObject({ signal: 'SIGKILL', out: '' });
    expect(expected).toMatchObject(bits(folder));
    expect(existsSync(join(folder, 'lora.safetensors'))).toBe(false);

    // It has replaced incomplete files, and continues.
    const { code, err } = await interrupted(await startUpTo('written previews/000008', resume));
    expect(code).toBe(130);
    expect(err).toMatch(
      /Checkpoints up to iteration \d+ are kept in .*interrupted; continue with:\n {2}steadyframe finetune .*--resume\n$/,
    );
    expect(await steadyframe(resume)).toMatchObject({ code: 0, err: '' });
    expect(bits(folder)).toEqual(expected);
    const files = readdirSync(folder, { recursive: true }).map(String);
    expect(files.filter((file) => /\.partial-|^lock$/.test(file))).toEqual([]);
  });

  it('no space left: one sentence, the checkpoints so far are kept, and the rest to the same bits', async (ctx) => {
    const disk = out('disk');
    // Space for the files of a training up to its first checkpoint, but not for the second.
    const used = spawnSync('du', ['-sk', join(out('whole'), 'checkpoints/000002')], { encoding: 'utf8' });
    const kilobytes = Number.parseInt(used.stdout, 10);
    if (!(kilobytes > 0) || !mountSmall(disk, Math.round(1.9 * kilobytes) + 120)) {
      ctx.skip('a small file system cannot be mounted (that needs root on Linux)');
    }
    try {
      const folder = join(disk, 'run');
      const full = await start([...args, '--out', folder, '-q']).ended;
      expect(full).toMatchObject({ code: 1, out: '' });
      expect(full.err).toMatch(/the disk is full \(ENOSPC\)/);
      expect(full.err).toMatch(
        /Checkpoints up to iteration \d+ are kept in .*continue with:\n {2}steadyframe finetune /,
      );
      expect(expected).toMatchObject(bits(folder));
      expect(spawnSync('mount', ['-o', 'remount,size=20m', disk]).status).toBe(0);
      expect(await steadyframe([...args, '--out', folder, '-q', '--resume'])).toMatchObject({ code: 0, err: '' });
      expect(bits(folder)).toEqual(expected);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
