// Proposed edits: their ranking, and how they are written, read, picked and continued.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/lib/base/hash.js';
import { createGenerator } from '../../src/lib/base/random.js';
import { chooseFrame } from '../../src/lib/edits/choose-frame.js';
import { editFrame } from '../../src/lib/edits/edit-frame.js';
import type { EditedFrame } from '../../src/lib/edits/edited-frame.js';
import { pickEdit, readProposals } from '../../src/lib/edits/edits-folder.js';
import type { EditScores, FrameEdit, FrameEdits } from '../../src/lib/edits/frame-edit.js';
import { findProposals, proposeEdits } from '../../src/lib/edits/propose-edits.js';
import { editRank, rankEdits, scoreEdit } from '../../src/lib/edits/score-edits.js';
import { readEdit } from '../../src/lib/edits/sidecar.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { readPicture } from '../../src/lib/video/still.js';
import { renderStyles } from '../../src/lib/world/picture/render-scene.js';
import { createDrive } from '../../src/lib/world/street/drive.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const same = (a: Frame, b: Frame) => Buffer.compare(a.data, b.data) === 0;
/** An edit with a hash in place of its picture, because files are read into a different array type. */
const hashed = <T extends EditedFrame>({ picture, ...edit }: T) => ({ ...edit, picture: sha256(picture.data) });
const asExample = ({ picture, frame, prompt, originalSha256 }: FrameEdit) =>
  hashed({ picture, frame, prompt, originalSha256 });

describe('the ranking', () => {
  it('puts the true restyling before no edit, a faint one, the wrong moment, and noise', async () => {
    const drive = createDrive(2 ** 31 + 503, { car: 'red' });
    const styles = ['photo', 'neon', 'pencil', 'winter'] as const;
    const [photo, ...truths] = renderStyles(drive, 2, styles);
    const [laterPhoto, ...laters] = renderStyles(drive, 2.5, styles);
    const grain = createGenerator(1).randn(photo.data.length);
    const noise = { ...photo, data: Uint8Array.from(grain, (v) => Math.min(255, Math.max(0, 128 + 60 * v))) };
    const score = (edit: Frame): Promise<EditScores> => scoreEdit(photo, edit);
    const always = await Promise.all([photo, laterPhoto, noise].map(score));
    for (const [i, truth] of truths.entries()) {
      const faint = { ...photo, data: photo.data.map((v, p) => Math.round(0.9 * v + 0.1 * truth.data[p])) };
      const [best, ...others] = [...(await Promise.all([truth, faint, laters[i]].map(score))), ...always];
      const [first] = rankEdits([...others, best].map((scores) => ({ scores })));
      expect([styles[i + 1], first.scores]).toEqual([styles[i + 1], best]);
      // Also by the number.
      expect(others.every(({ rank }) => rank < best.rank)).toBe(true);
    }
  });

  it('is kept times a strength that saturates', () => {
    expect(editRank(0.5, 0)).toBe(0);
    // 1 - 1/e at 40.
    expect(editRank(0.5, 40)).toBeCloseTo(0.5 * 0.6321205588, 9);
    expect(editRank(1, 255)).toBeGreaterThan(0.99);
  });

  it('puts what lost the composition last', () => {
    const scores = (kept: number, rank: number): EditScores => ({ edges: 0, flow: 0, kept, editStrength: 0, rank });
    const [lost, faint, good] = [scores(0.39, 0.38), scores(0.9, 0.1), scores(0.6, 0.5)];
    const ranked = rankEdits([lost, faint, good].map((each) => ({ scores: each })));
    expect(ranked.map((each) => each.scores)).toEqual([good, faint, lost]);
  });
});

describe('with a model', () => {
  const root = join(scratch, 'runs');
  const request = {
    ...{ prompt: 'a street', seeds: [7, 8], strengths: [0.5, 1], steps: 4, size: { width: 32, height: 32 } },
    ...{ track: false, root },
  };
  let model: Model;
  let video: string;
  let frames: Frame[];
  let proposed: FrameEdits;
  beforeAll(async () => {
    model = await loadModel(await smallestCheckpoint(scratch));
    video = await shot(scratch, 'street.mp4', { frames: 5 });
    frames = [];
    for await (const frame of (await openVideo(video, { size: { width: 32, height: 32 } })).frames())
      frames.push(frame);
    proposed = await proposeEdits(model, video, { ...request, frame: 2, out: join(scratch, 'proposed') });
  });
  afterAll(() => model.dispose());
  let copies = 0;
  const copy = (): string => {
    const out = join(scratch, `copy-${copies++}`);
    cpSync(proposed.out, out, { recursive: true });
    return out;
  };

  it('proposes the pictures that `editFrame` gives, the best first, with all that made them', async () => {
    const { edits } = await editFrame(model, video, { ...request, at: 0.2 });
    expect(proposed).toMatchObject({ frame: 2, at: 0.2 });
    expect(same(proposed.original, frames[2])).toBe(true);
    expect(proposed.edits).toHaveLength(4);
    const stored = (await readProposals(proposed.out)).edits;
    for (const [i, edit] of proposed.edits.entries()) {
      const { picture, name, file, seed, strength, scores } = edit;
      const tried = edits.find((each) => seed === each.seed && strength === each.strength)!;
      expect(same(picture, tried.picture)).toBe(true);
      expect(edit).toEqual({ ...tried, file });
      expect(file).toBe(join(scratch, `proposed/strength-${strength}-seed-${seed}.png`));
      expect(scores).toEqual(await scoreEdit(frames[2], picture));
      const sidecar = {
        frame: 2,
        prompt: 'a street',
        negativePrompt: '',
        guidance: 7.5,
        steps: 4,
        sampler: 'ddim',
        noiseDraw: 1,
        video: { name: 'street.mp4', frameSha256: sha256(frames[2].data) },
        model: model.path,
        ...{ strength, seed, firstTimestep: tried.firstTimestep, scores },
      };
      expect(readFileSync(file.replace('.png', '.json'), 'utf8')).toBe(`${JSON.stringify(sidecar, null, 1)}\n`);
      expect(stored[i]).toEqual({ name, picture: file, ...sidecar });
      // Training examples from memory and from disk are equal.
      expect(hashed(await readEdit(file))).toEqual(asExample(edit));
    }
    expect(rankEdits(proposed.edits)).toEqual(proposed.edits);
  });

  it('takes the frame that is shown at a time, the one of a number, or the one in the middle', async () => {
    const number = async (which: object): Promise<number> =>
      (await chooseFrame(video, { size: { width: 32, height: 32 }, ...which })).frame;
    // 10 frames a second.
    expect([await number({ at: 0.09 }), await number({ at: 0.1 }), await number({ at: 0.49 })]).toEqual([0, 1, 4]);
    expect([await number({ frame: 4 }), await number({})]).toEqual([4, 2]);
    for (const [which, sentence] of [
      [{ frame: 5 }, /street\.mp4: there is no frame 5, its frames are 0 to 4; choose/],
      [{ frame: -1 }, /there is no frame -1; give a whole number from 0 on/],
      [{ at: 3 }, /there is no frame at 3 s, it lasts 0\.5 s; choose an earlier time/],
      [{ at: Number.NaN }, /there is no frame at NaN s; give seconds from 0 on/],
      [{ at: 0, frame: 0 }, /by its number or by its time; give one of the two/],
    ] as const) {
      await expect(number(which)).rejects.toThrow(sentence);
    }
  });

  it('goes on from the edits that an interrupted proposal has made, to the same bits', async () => {
    const out = join(scratch, 'work/rest');
    mkdirSync(join(scratch, 'work'));
    const controller = new AbortController();
    const steps: number[] = [];
    const interrupted = proposeEdits(model, video, {
      ...{ ...request, frame: 2, out, signal: controller.signal },
      // Strengths 0.5 and 1 of 4 steps are 2 and 4 evaluations: stopped in the third edit.
      onProgress: ({ done, label }) => label === 'denoising' && done === 6 && controller.abort(new Error('enough')),
    });
    await expect(interrupted).rejects.toThrow('enough');
    const [kept] = readdirSync(join(scratch, 'work'));
    expect(kept).toMatch(/^\.unfinished-edits-/);
    expect(readdirSync(join(scratch, 'work', kept)).sort()).toEqual([
      ...['strength-0.5-seed-7.png', 'strength-0.5-seed-7.png.sha256'],
      ...['strength-0.5-seed-8.png', 'strength-0.5-seed-8.png.sha256'],
    ]);
    const onProgress = ({ done, label }: { done: number; label: string }): void => {
      if (label === 'denoising') steps.push(done);
    };
    // A damaged one is rendered again.
    writeFileSync(join(scratch, 'work', kept, 'strength-0.5-seed-8.png'), 'cut');
    // They are not found with a different prompt.
    await proposeEdits(model, video, { ...request, prompt: 'a lake', frame: 2, out: `${out}-lake`, onProgress });
    expect(steps).toHaveLength(12);
    steps.length = 0;
    await proposeEdits(model, video, { ...request, frame: 2, out, onProgress });
    expect(steps).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(hashes(out)).toEqual(hashes(proposed.out));
    expect(readdirSync(join(scratch, 'work')).sort()).toEqual(['rest', 'rest-lake']);
  });

  it('refuses settings that no edit can be made with', async () => {
    await expect(proposeEdits(model, video, { ...request, seeds: [] })).rejects.toThrow(/list of seeds is empty/);
    await expect(proposeEdits(model, video, { ...request, strengths: [1.2] })).rejects.toThrow(/outside \(0, 1\]/);
  });

  it('is a run with the scores of the best, unless `track` is false', async () => {
    const { out, edits } = await proposeEdits(model, video, { ...request, track: true, at: 0.1, auto: true });
    const runs = await listRuns({ root });
    expect(runs).toHaveLength(1);
    const { kept, editStrength, rank } = edits[0].scores;
    expect(runs[0]).toMatchObject({
      ...{ experiment: 'edit', name: 'street-frame-1', status: 'finished' },
      parameters: { frame: 1, strength: [0.5, 1], seed: [7, 8] },
      metrics: { kept: { last: kept }, edit_strength: { last: editStrength }, rank: { last: rank } },
    });
    expect(out).toBe(join(runs[0].folder, 'artifacts'));
    expect(same((await readEdit(join(out, 'edit.png'))).picture, edits[0].picture)).toBe(true);
    expect(await findProposals(model, video, { ...request, track: true, frame: 1 })).toMatchObject({ out, frame: 1 });
    await proposeEdits(model, video, { ...request, at: 0.1, strengths: [0.5], seeds: [7] });
    expect(await listRuns({ root })).toHaveLength(1);
    await expect(findProposals(model, video, { ...request, frame: 0 })).rejects.toThrow(
      /were proposed yet; propose some/,
    );
  });

  it('writes a folder, whole or not at all, from which one is picked', async () => {
    const out = copy();
    const names = proposed.edits.flatMap(({ name }) => [`${name}.json`, `${name}.png`]);
    expect(readdirSync(out).sort()).toEqual([...names, 'original.png', 'result.json', 'sheet.png'].sort());
    const sheet = await readPicture(join(out, 'sheet.png'));
    expect(same(sheet, proposed.sheet)).toBe(true);
    // Five pictures, enlarged to 256 pixels, in one row above their captions.
    expect(sheet.width).toBeGreaterThan(5 * 256);
    expect(sheet.height).toBeGreaterThan(256);

    const file = join(out, 'edit.png');
    const [, second, , last] = proposed.edits;
    expect(hashed(await pickEdit(out, 2))).toEqual(hashed({ ...second, file }));
    expect(hashed(await readEdit(file))).toEqual(asExample(second));
    expect(hashed(await pickEdit(out, `${last.name}.png`))).toEqual(hashed({ ...last, file }));
    expect(readFileSync(join(out, 'edit.json'))).toEqual(readFileSync(join(out, `${last.name}.json`)));
    for (const which of ['0', 5, 'strength-1', '']) {
      await expect(pickEdit(out, which)).rejects.toThrow(/there is no edit '.*'; give a number from 1 to 4, or a/);
    }
  });

  it('picks no picture that is not the proposed one, and needs none but that', async () => {
    const out = copy();
    const [best, second] = proposed.edits;
    writeFileSync(join(out, `${best.name}.png`), readFileSync(second.file));
    await expect(pickEdit(out, 1)).rejects.toThrow(/is damaged .*; propose the edits again, or, where you changed it/);
    expect(existsSync(join(out, 'edit.png'))).toBe(false);
    expect((await pickEdit(out, 2)).name).toBe(second.name);
  });

  it('does not read a folder that holds something else, or proposals of other settings', async () => {
    const taken = join(scratch, 'taken');
    mkdirSync(taken);
    await expect(readProposals(taken)).rejects.toThrow(/holds no proposed edits \(ENOENT\); propose some first/);
    writeFileSync(join(taken, 'result.json'), '{}');
    await expect(readProposals(taken)).rejects.toThrow(/is not a list of proposed edits/);
    const same = { ...request, frame: 2, out: proposed.out };
    expect(await findProposals(model, video, same)).toEqual(await readProposals(proposed.out));
    await expect(findProposals(model, video, { ...same, prompt: 'a lake' })).rejects.toThrow(
      /other settings \(denoise\.prompt: "a street" before, "a lake" now\)/,
    );
    await expect(proposeEdits(model, video, { ...same, out: taken })).rejects.toThrow(/is not empty/);
  });
});
