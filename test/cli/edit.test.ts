// `steadyframe edit`: proposes, ranks, picks now or later, and prints the next command.

import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../src/cli/run.js';
import { readPicture } from '../../src/lib/video/still.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { built, builtNote, interrupted, startUpTo } from './process.js';
import { type Outcome, steadyframe } from './run-command.js';

const scratch = scratchFolder();
let model: string;
let video: string;
beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street.mp4', { frames: 3, width: 32, height: 32 });
  proposed = await edit('--frame', '1', '--out', join(scratch, 'proposed'));
});
let proposed: Outcome;
let runs = 0;
const fresh = () => join(scratch, `out-${runs++}`);
/** A folder without a picked edit. */
const proposals = () => {
  const out = fresh();
  cpSync(join(scratch, 'proposed'), out, { recursive: true });
  return out;
};
const request = ['--steps', '4', '--size', '32x32', '--strengths', '0.5,1', '--seeds', '1,2'];
const args = (...more: string[]) => ['edit', video, '--model', model, '--prompt', 'night', ...request, ...more];
const edit = (...more: string[]) => steadyframe(args('-q', ...more));

describe('edit', () => {
  it('proposes edits in their order, and says how to pick one', () => {
    const out = join(scratch, 'proposed');
    const { code, out: text } = proposed;
    expect(code).toBe(0);
    const lines = text.split('\n');
    expect(lines[0]).toBe('no.  strength  first timestep  seed  outlines  in place  kept  edit  rank  picture');
    const { edits } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
    edits.forEach(
      ({ name, strength, seed, scores }: { [key: string]: never } & { scores: Record<string, number> }, i: number) => {
        const { edges, flow, kept, editStrength, rank } = scores;
        const numbers = [edges, flow, kept].map((value) => value.toFixed(2));
        const timestep = strength === 1 ? '751' : '251';
        expect(lines[i + 1].split(/ +/)).toEqual(
          [i + 1, strength, timestep, seed, ...numbers, editStrength.toFixed(1), rank.toFixed(2), `${name}.png`].map(
            String,
          ),
        );
      },
    );
    expect(text).toContain(`frame 1 of ${video}, into ${out}\nsheet:  ${join(out, 'sheet.png')}\n`);
    expect(text).toMatch(/pick one \(here the first\):\n {2}steadyframe edit .* --frame 1 --out \S+ --pick 1\n$/);
    expect(existsSync(join(out, 'edit.png'))).toBe(false);
    expect(readdirSync(scratch).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('picks without rendering again, by number or name, and prints the line for finetune', async () => {
    const out = proposals();
    const before = hashes(out);
    const { json, code } = await edit('--at', '0.1s', '--out', out, '--pick', '2', '--json');
    const picture = join(out, 'edit.png');
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      out,
      frame: 1,
      picked: { name: json().edits[1].name, picture },
      next: `steadyframe finetune ${video} --model ${model} --size 32x32 --edit ${picture}`,
    });
    expect(hashes(out)).toMatchObject(before);
    expect(readFileSync(join(out, 'edit.json'), 'utf8')).toBe(
      readFileSync(join(out, `${json().edits[1].name}.json`), 'utf8'),
    );
    const { out: text } = await edit('--frame', '1', '--out', out, '--pick', 'strength-1-seed-2');
    expect(text).toMatch(/strength-1-seed-2\.png {2}<- picked\n/);
    expect(text).toContain(
      `picked: ${picture}\nnext:\n  steadyframe finetune ${video} --model ${model} --size 32x32 --edit ${picture}\n`,
    );
    expect(await readPicture(picture)).toEqual(await readPicture(join(out, 'strength-1-seed-2.png')));
  });

  it('takes the best with --auto, the frame in the middle, and a folder under runs/', async () => {
    vi.stubEnv('STEADYFRAME_RUNS', join(scratch, 'runs'));
    try {
      const { json, err } = await edit('--auto', '--json');
      const out = join(scratch, 'runs/edit/street-frame-1/artifacts');
      expect(json()).toMatchObject({ out, frame: 1, picked: { name: json().edits[0].name } });
      // A model of random weights does not keep the composition.
      expect(err).toMatch(/^steadyframe: warning: strength-\S+ keeps 0\.\d\d of the composition, less than 0\.4: /);
      expect(existsSync(join(out, 'edit.json'))).toBe(true);
      // And --pick finds it there.
      expect((await edit('--pick', '3', '--json')).json()).toMatchObject({
        out,
        picked: { name: json().edits[2].name },
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('counts frames from --start by --every, as finetune does, which notices when it does not', async () => {
    const out = fresh();
    const part = ['--start', '0.1', '--every', '2'];
    const long = await shot(scratch, 'long.mp4', { frames: 5, width: 32, height: 32 });
    const asked = ['edit', long, ...args('--frame', '1', ...part, '--auto', '--out', out, '--json').slice(2)];
    const { json } = await steadyframe(asked);
    // Frame 1 of every second one from 0.1 s on is the fourth of all.
    const picture = join(out, 'edit.png');
    expect(json().next).toContain(`--size 32x32 --start 0.1 --every 2 --edit ${picture}`);
    const train = (...more: string[]) => {
      const few = ['--iterations', '1', '--training-frames', '1', '--preview-every', '0', '--no-track', '-q'];
      return steadyframe([
        ...['finetune', long, '--model', model, '--size', '32x32', '--edit', picture, ...few, ...more],
        ...['--out', fresh()],
      ]);
    };
    expect(await train(...part)).toMatchObject({ code: 0 });
    expect(await train()).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'edit 1: it was made from another picture than frame 1 of the frames that are trained, which is frame 3 of these; train on the same part of the video at the same size, or say which frame it is of',
      ),
    });
    expect(await train('--edit-frame', '3')).toMatchObject({ code: 0 });
  });

  it('asks where someone is there to answer, until the answer fits', async () => {
    const out = fresh();
    const answers = ['9', 'strength-1-seed-1'];
    let text = '';
    let err = '';
    const code = await runCli(args('--out', out), {
      out: (piece) => {
        text += piece;
      },
      err: { write: (piece) => (err += piece) },
      env: {},
      signal: new AbortController().signal,
      ask: async () => answers.shift() ?? '',
    });
    expect(code).toBe(0);
    expect(err).toContain(`sheet: ${join(out, 'sheet.png')}`);
    expect(err).toContain("there is no edit '9'; give a number from 1 to 4, or a name such as strength-");
    expect(text).toContain('strength-1-seed-1.png  <- picked');
    expect(answers).toEqual([]);
  });

  it.skipIf(!built)(`keeps finished edits when it is interrupted, and goes on with them${builtNote}`, async () => {
    const out = fresh();
    const kept = () => readdirSync(scratch).filter((name) => name.startsWith('.unfinished-edits-'));
    const stopped = await startUpTo('written strength-0.5-seed-2.png', args('--frame', '1', '--out', out));
    const ended = await interrupted(stopped);
    expect(ended.code).toBe(130);
    expect(ended.err).toMatch(/\d finished edits? kept; go on with:\n {2}steadyframe edit .* --out \S+\n$/);
    expect(existsSync(out)).toBe(false);
    expect((await edit('--frame', '1', '--out', out)).code).toBe(0);
    expect(hashes(out)).toEqual(hashes(join(scratch, 'proposed')));
    expect(kept()).toEqual([]);
  });
});

describe('edit refuses', () => {
  const refuses = async (sentence: RegExp, ...more: string[]): Promise<void> => {
    const out = fresh();
    const outcome = await edit('--out', out, ...more);
    expect(outcome.err).toMatch(sentence);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(out)).toBe(false);
  };

  it('frames that the video does not have', async () => {
    await refuses(/street\.mp4: there is no frame 3, its frames are 0 to 2; choose one of these/, '--frame', '3');
    await refuses(/street\.mp4: there is no frame at 9 s, it lasts 0\.3 s; choose an earlier time/, '--at', '9');
    await refuses(/by its number or by its time; give one of the two/, '--at', '0', '--frame', '0');
  });

  it('strengths and seeds that cannot be', async () => {
    await refuses(/strength: 1\.5 is outside \(0, 1\]/, '--strengths', '1.5');
    await refuses(/Expected a whole number/, '--seeds', '1.5');
  });

  it('to pick what is not there, or of other settings', async () => {
    await refuses(/holds no proposed edits \(ENOENT\); propose some first, without picking one/, '--pick', '1');
    await refuses(/--pick and --auto exclude each other/, '--pick', '1', '--auto');
    const out = proposals();
    expect((await edit('--out', out, '--pick', '7')).err).toMatch(/there is no edit '7'; give a number from 1 to 4/);
    expect((await edit('--out', out, '--pick', '1', '--prompt', 'day')).err).toMatch(
      /other settings \(denoise\.prompt: "night" before, "day" now\)/,
    );
    expect((await edit('--out', out)).err).toMatch(/is not empty; remove it or give another name/);
    expect(existsSync(join(out, 'edit.png'))).toBe(false);
  });
});
