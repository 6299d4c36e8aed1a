// Proposed edits: that the ranking prefers what is worth learning from, and what is written, read, picked and continued.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/lib/base/hash.js';
import { createGenerator } from '../../src/lib/base/random.js';
import { chooseFrame } from '../../src/lib/edits/choose-frame.js';
import { editFrame } from '../../src/lib/edits/edit-frame.js';
import { pickEdit, readProposals, writeProposals } from '../../src/lib/edits/edits-folder.js';
import { byRank, editRank, type ProposedEdits, proposeEdits, scoreEdit } from '../../src/lib/edits/propose-edits.js';
import { type EditScores, readEdit } from '../../src/lib/edits/sidecar.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { readPicture } from '../../src/lib/video/still.js';
import { renderStyles } from '../../src/lib/world/picture/render-scene.js';
import { createDrive } from '../../src/lib/world/street/drive.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const same = (a: Frame, b: Frame) => Buffer.compare(a.data, b.data) === 0;

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
      expect([styles[i + 1], [...others, best].sort(byRank)[0] === best]).toEqual([styles[i + 1], true]);
      // By the number alone too.
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
    expect([lost, faint, good].sort(byRank)).toEqual([good, faint, lost]);
  });
});

describe('with a model', () => {
  const request = { prompt: 'a street', seeds: [7, 8], strengths: [0.5, 1], steps: 4, size: { width: 32, height: 32 } };
  let model: Model;
  let video: string;
  let frames: Frame[];
  let proposed: ProposedEdits;
  beforeAll(async () => {
    model = await loadModel(await smallestCheckpoint(scratch));
    video = await shot(scratch, 'street.mp4', { frames: 5 });
    frames = [];
    for await (const frame of (await openVideo(video, { size: { width: 32, height: 32 } })).frames())
      frames.push(frame);
    proposed = await proposeEdits(model, video, { ...request, frame: 2 });
  });
  afterAll(() => model.dispose());

  it('proposes the pictures that `editFrame` gives, the best first, with all that made them', async () => {
    const { edits } = await editFrame(model, video, { ...request, at: 0.2 });
    expect(proposed).toMatchObject({ frame: 2, at: 0.2 });
    expect(same(proposed.original, frames[2])).toBe(true);
    expect(proposed.proposals).toHaveLength(4);
    for (const { picture, sidecar, name } of proposed.proposals) {
      const edit = edits.find(({ seed, strength }) => seed === sidecar.seed && strength === sidecar.strength);
      expect(same(picture, edit!.frame)).toBe(true);
      expect(name).toBe(`strength-${sidecar.strength}-seed-${sidecar.seed}`);
      expect(sidecar).toEqual({
        frame: 2,
        prompt: 'a street',
        negativePrompt: '',
        guidance: 7.5,
        steps: 4,
        sampler: 'ddim',
        noiseDraw: 1,
        video: { name: 'street.mp4', frameSha256: sha256(frames[2].data) },
        model: model.path,
        seed: sidecar.seed,
        strength: sidecar.strength,
        firstTimestep: edit!.firstTimestep,
        scores: await scoreEdit(frames[2], picture),
      });
    }
    const scores = proposed.proposals.map(({ sidecar }) => sidecar.scores);
    expect([...scores].sort(byRank)).toEqual(scores);
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
    const work = join(scratch, 'work');
    const controller = new AbortController();
    const steps: number[] = [];
    const interrupted = proposeEdits(model, video, {
      ...request,
      frame: 2,
      work,
      signal: controller.signal,
      // Strengths 0.5 and 1 of 4 steps are 2 and 4 evaluations: stopped in the third edit.
      onProgress: ({ done }) => done === 6 && controller.abort(new Error('enough')),
    });
    await expect(interrupted).rejects.toThrow('enough');
    expect(readdirSync(work).filter((name) => name.endsWith('.png'))).toHaveLength(2);
    const onProgress = ({ done }: { done: number }): number => steps.push(done);
    const rest = await proposeEdits(model, video, { ...request, frame: 2, work, onProgress });
    expect(steps).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
    await writeProposals(join(scratch, 'rest'), rest);
    await writeProposals(join(scratch, 'whole'), proposed);
    expect(hashes(join(scratch, 'rest'))).toEqual(hashes(join(scratch, 'whole')));
    // Another prompt finds nothing of it.
    steps.length = 0;
    await proposeEdits(model, video, { ...request, prompt: 'a lake', frame: 2, work, onProgress });
    expect(steps).toHaveLength(12);
  });

  it('refuses settings that no edit can be made with', async () => {
    await expect(proposeEdits(model, video, { ...request, seeds: [] })).rejects.toThrow(/list of seeds is empty/);
    await expect(proposeEdits(model, video, { ...request, strengths: [1.2] })).rejects.toThrow(/outside \(0, 1\]/);
  });

  it('writes a folder, whole or not at all, from which one is picked', async () => {
    const out = join(scratch, 'new/edits');
    const written = await writeProposals(out, proposed, { settings: { prompt: 'a street' } });
    const names = proposed.proposals.flatMap(({ name }) => [`${name}.json`, `${name}.png`]);
    expect(readdirSync(out).sort()).toEqual([...names, 'original.png', 'result.json', 'sheet.png'].sort());
    expect(await readProposals(out, { prompt: 'a street' })).toEqual(written);
    expect(written.edits.map(({ name }) => name)).toEqual(proposed.proposals.map(({ name }) => name));
    const sheet = await readPicture(written.sheet);
    // Five pictures, enlarged to 256 pixels, in one row over their captions.
    expect(sheet.width).toBeGreaterThan(5 * 256);
    expect(sheet.height).toBeGreaterThan(256);

    const picked = await pickEdit(written, '2');
    expect(picked).toMatchObject({ name: proposed.proposals[1].name, picture: join(out, 'edit.png') });
    const edit = await readEdit(picked.picture);
    expect(edit).toMatchObject({ frame: 2, prompt: 'a street' });
    expect(same(edit.picture, proposed.proposals[1].picture)).toBe(true);
    await pickEdit(written, `${proposed.proposals[3].name}.png`);
    expect(JSON.parse(readFileSync(join(out, 'edit.json'), 'utf8'))).toEqual(proposed.proposals[3].sidecar);
    for (const choice of ['0', '5', 'strength-1', '']) {
      await expect(pickEdit(written, choice)).rejects.toThrow(/there is no edit '.*'; give a number from 1 to 4, or a/);
    }

    const twice = join(scratch, 'twice');
    await writeProposals(twice, proposed, { settings: { prompt: 'a street' }, pick: 2 });
    await pickEdit(await readProposals(twice), '4');
    expect(hashes(twice)).toEqual(hashes(out));
  });

  it('does not write into a folder that holds something, nor read one that holds something else', async () => {
    const taken = join(scratch, 'taken');
    mkdirSync(taken);
    writeFileSync(join(taken, 'note.txt'), '');
    await expect(writeProposals(taken, proposed)).rejects.toThrow(/is not empty/);
    expect(existsSync(join(taken, 'sheet.png'))).toBe(false);
    await expect(readProposals(taken)).rejects.toThrow(/holds no proposed edits \(ENOENT\); propose some first/);
    writeFileSync(join(taken, 'result.json'), '{}');
    await expect(readProposals(taken)).rejects.toThrow(/is not a list of proposed edits/);
    await expect(readProposals(join(scratch, 'new/edits'), { prompt: 'a lake' })).rejects.toThrow(
      /other settings \(prompt: "a street" before, "a lake" now\)/,
    );
  });
});
