// A rendering whose frames are rendered together: interrupted within a step, it continues at that step, to the same bits.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { type StrengthSweepOptions, strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const request: StrengthSweepOptions = {
  ...{ prompt: 'a street', strengths: [1], steps: 4, size: { width: 32, height: 32 }, track: false },
  ...{ anchor: 'first-previous', adain: 0.5 },
};
let model: Model;
let passes = 0;
let counting: Model;
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  counting = {
    ...model,
    predictAnchored(...inputs) {
      passes++;
      return model.predictAnchored(...inputs);
    },
  };
});
afterAll(() => model.dispose());

it('continues at the step in which it was stopped', async () => {
  const video = await shot(scratch, 'street.mp4', { frames: 3 });
  const whole = await strengthSweep(counting, video, { ...request, out: join(scratch, 'whole') });
  expect(passes).toBe(4 * 3);
  expect(readdirSync(whole.out).some((name) => name.includes('steps'))).toBe(false);

  const out = join(scratch, 'stopped');
  const controller = new AbortController();
  const seen: number[] = [];
  const onProgress = ({ label, done, total }: { label: string; done: number; total: number }): void => {
    if (!label.startsWith('denoising')) return;
    seen.push(done);
    expect(total).toBe(4 * 3);
    // In the third step, after the second frame.
    if (seen.length === 8) controller.abort(new Error('stopped here'));
  };
  const { signal } = controller;
  const stopped = strengthSweep(counting, video, { ...request, out, onProgress, signal });
  await expect(stopped).rejects.toThrow('stopped here');
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  passes = 0;
  await strengthSweep(counting, video, { ...request, out, resume: true });
  expect(passes).toBe(2 * 3);
  expect(hashes(out)).toEqual(hashes(whole.out));

  // It is another result than the plain one, and is not continued as such.
  const { anchor: _, ...plain } = request;
  await expect(strengthSweep(counting, video, { ...plain, out, resume: true })).rejects.toThrow(/anchor/);
});
