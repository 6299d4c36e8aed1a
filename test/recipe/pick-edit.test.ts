// The recipe's edited frame: proposals of one frame, the best one, and continuing after an interruption.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256 } from '../../src/lib/base/hash.js';
import { proposeEdits } from '../../src/lib/edits/propose-edits.js';
import { readEdit } from '../../src/lib/edits/sidecar.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { pickRecipeEdit } from '../../src/lib/recipe/pick-edit.js';
import type { RecipePlan } from '../../src/lib/recipe/plan.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import type { Video } from '../../src/lib/video/read/video.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { collect } from '../video/shots.js';

const scratch = scratchFolder();
const [out, work] = [join(scratch, 'recipe'), join(scratch, 'recipe/.partial')];
const denoise = { guidanceScale: 3, steps: 4 };
const lists = { seeds: [7, 8], strengths: [0.5, 1] };
const options: RecipePlan = {
  ...denoise,
  prompts: ['night', 'neon lights'],
  strengths: [0.5],
  proposals: lists,
  tuned: [{ name: 'tuned', label: 'tuned', edits: 'picked', training: {}, guidance: [1] }],
};
let model: Model;
let path: string;
let video: Video;
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  path = await shot(scratch, 'street.mp4', { frames: 3, width: 32, height: 32 });
  video = await openVideo(path, { size: { width: 32, height: 32 } });
  mkdirSync(work, { recursive: true });
});
afterAll(() => model.dispose());
const rendered = () => ({
  frames: 3,
  seen: async (index: number) => ({ frame: (await collect(video.frames()))[index] }),
});

it('is the best of the proposals that `proposeEdits` makes, once for each prompt, and goes on after an interruption', async () => {
  const controller = new AbortController();
  const stopped = pickRecipeEdit(
    model,
    rendered(),
    { out, work },
    {
      ...{ ...options, signal: controller.signal },
      // Strengths 0.5 and 1 of 4 steps are 2 and 4 evaluations: stopped in the third edit.
      onProgress: ({ done }) => done === 6 && controller.abort(new Error('enough')),
    },
  );
  await expect(stopped).rejects.toThrow('enough');
  const steps: number[] = [];
  const { edits, shown } = await pickRecipeEdit(
    model,
    rendered(),
    { out, work },
    {
      ...options,
      onProgress: ({ done, label }) => label === 'proposing edits' && steps.push(done),
    },
  );
  expect(steps).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);

  const proposed = await proposeEdits(model, path, {
    ...{ ...denoise, ...lists, prompt: 'night', frame: 1, size: { width: 32, height: 32 } },
    ...{ track: false, out: join(scratch, 'proposed') },
  });
  const [best] = proposed.edits;
  expect(edits).toEqual(options.prompts.map((prompt) => ({ picture: expect.anything(), frame: 1, prompt })));
  for (const { picture } of edits) expect(sha256(picture.data)).toBe(sha256(best.picture.data));
  expect(shown).toEqual({
    ...{ frame: 1, original: 'edit/original.png', given: [] },
    proposals: proposed.edits.map(({ name, strength, seed, scores: { kept, editStrength } }, i) => ({
      ...{ picture: `edit/${name}.png`, strength, seed, kept, editStrength },
      chosen: i === 0,
    })),
  });
  expect(await readEdit(join(out, `edit/${best.name}.png`))).toMatchObject({ frame: 1, prompt: 'night' });
});
