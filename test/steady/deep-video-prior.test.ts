// The deep video prior at small width: the published order of its updates, the same bits after an interruption, and one output
// for one source frame.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { type DeepVideoPriorOptions, deepVideoPrior } from '../../src/lib/steady/deep-video-prior.js';
import { initialPrior, priorNetwork } from '../../src/lib/steady/prior-network.js';
import { croppedFrame, pictureOf } from '../../src/lib/steady/prior-pictures.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { adamw } from '../../src/lib/training/loop/adamw.js';
import { compileGradients } from '../../src/lib/training/loop/gradient-program.js';
import { stopAfter } from '../stop-after.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const channels = [4, 6];
const [width, height] = [11, 8];
const frame = (seed: number): Frame => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 37 + 91 * seed + ((i * i) % 53)) % 256),
});
const source = [frame(1), frame(2), frame(1)];
const styled = [frame(11), frame(12), frame(13)];

async function made(options: DeepVideoPriorOptions = {}): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const each of deepVideoPrior(source, styled, { passes: 5, channels, ...options })) frames.push(each);
  return frames;
}

test('passes over the frames in order, four of five at half the size, with Adam on the absolute difference', async () => {
  const padded = { width: 12, height: 8 };
  const loss = async (w: number, h: number) => {
    const scope = createScope();
    const output = priorNetwork(scope, g.input('source', [1, 3, h, w]), channels);
    const difference = g.mean(g.abs(g.subtract(output, g.input('styled', [1, 3, h, w]))));
    const trained = [...scope.weights.keys()];
    return { scope, output, program: await compileGradients(difference, scope, { trained }) };
  };
  const [half, full] = [await loss(6, 4), await loss(12, 8)];
  const weights = initialPrior(half.scope, 3);
  const optimizer = adamw({ weightDecay: 0 });
  const state = optimizer.init(weights);
  for (let pass = 0; pass < 5; pass++) {
    const [{ program }, scale] = pass < 4 ? [half, 2] : [full, 1];
    for (let i = 0; i < 3; i++) {
      const pictures = { source: pictureOf(source[i], padded, scale), styled: pictureOf(styled[i], padded, scale) };
      optimizer.update(weights, (await program.run(pictures, weights)).gradients, state, 1e-4);
    }
  }
  const network = await compile({ output: full.output }, weights);
  const expected: Frame[] = [];
  for (const each of source) {
    const { output } = await network.run({ source: pictureOf(each, padded, 1) });
    expected.push(croppedFrame(output, each));
  }
  const found = await made({ seed: 3 });
  expect(found).toEqual(expected);
  expect(found[2]).toEqual(found[0]); // whatever was styled there
  expect(found[1]).not.toEqual(found[0]);
  for (const { dispose } of [network, half.program, full.program]) await dispose();
});

test('a frame is padded by its border, averaged, and comes back', () => {
  const picture = pictureOf(source[0], { width: 12, height: 8 }, 1);
  expect(croppedFrame(picture, source[0])).toEqual(source[0]);
  expect(picture.data[11]).toBe(picture.data[10]);
  const half = pictureOf(source[0], { width: 12, height: 8 }, 2);
  expect(half.shape).toEqual([1, 3, 4, 6]);
  const [a, b] = [picture.data.subarray(10, 12), picture.data.subarray(22, 24)];
  expect(half.data[5]).toBeCloseTo((a[0] + a[1] + b[0] + b[1]) / 4, 6);
});

test('interrupted, it continues to the same bits, and not with other videos or settings', async () => {
  const whole = await made();
  const work = join(scratch, 'work');
  for (const done of [4, 11]) {
    const { signal, onProgress, heard } = stopAfter(done);
    await expect(made({ work, signal, onProgress })).rejects.toThrow('enough');
    expect(heard.at(-1)).toMatchObject({ done, total: 15 });
    expect(heard).toHaveLength(done === 4 ? 4 : 7);
  }
  expect(await made({ work })).toEqual(whole);
  expect(await made({ work })).toEqual(whole);
  await expect(made({ work, passes: 6 })).rejects.toThrow('passes: 5 before, 6 now');
  await expect(made({ passes: 0 })).rejects.toThrow('the number of passes');
  await expect(deepVideoPrior(source, styled.slice(1), { channels }).next()).rejects.toThrow('cut them to the same');
});
