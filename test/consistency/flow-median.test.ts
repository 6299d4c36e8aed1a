// The flow-warped median removes changes of single frames, follows motion, and keeps a steady video unchanged.

import { expect, test } from 'vitest';
import { type FlowMedianOptions, flowMedian } from '../../src/lib/consistency/flow-median.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { estimateFlow } from '../../src/lib/video/flow/estimate-flow.js';
import { nonOccluded, warpFrame } from '../../src/lib/video/flow/warp.js';
import { HELD_OUT_SHOTS, shotDrive, shotFrames } from '../../src/lib/world/held-out-shots.js';
import { renderScene } from '../../src/lib/world/picture/render-scene.js';

async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

async function* streamOf(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}

const error = (a: Frame, b: Frame) =>
  a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]), 0) / a.data.length;

test('a flash of one frame goes, and the moving street stays', async () => {
  const drive = shotDrive(HELD_OUT_SHOTS[0]);
  const street = [0, 1, 2, 3, 4].map((t) => renderScene(drive, t / 60, 'photo', {}));
  const flashed = street.map((frame, t) => ({
    ...frame,
    data: frame.data.map((value) => (t === 2 ? 255 - value : value)),
  }));
  const steadied = await collect(flowMedian(streamOf(street), streamOf(flashed)));
  expect(steadied).toHaveLength(5);
  // The flash differs by tens of grey levels; the rest is where the motion is unknown: at edges and occlusions.
  expect(error(flashed[2], street[2])).toBeGreaterThan(40);
  expect(error(steadied[2], street[2])).toBeLessThan(0.45 * error(flashed[2], street[2]));
  expect(error(steadied[1], street[1])).toBeLessThan(6);
});

test('follows the chosen estimator of the motion, by default Farneback', async () => {
  const [a, b, c] = await collect(shotFrames(HELD_OUT_SHOTS[0], 'photo', { frames: 3 }));
  const run = (options?: FlowMedianOptions) => collect(flowMedian([a, b, c], [c, a, b], options));
  const byDefault = await run();
  expect(await run({ flow: 'farneback' })).toEqual(byDefault);
  const { there, back } = await estimateFlow(b, c, 'dis');
  const { there: next, back: before } = await estimateFlow(a, b, 'dis');
  const moved = [warpFrame(c, before).data, warpFrame(b, there).data];
  const seen = [nonOccluded(before, next), nonOccluded(there, back)];
  const expected = a.data.map((own, i) => {
    const three = [own, ...moved.map((data, k) => (seen[k][Math.floor(i / 3)] ? data[i] : own))];
    return three.sort((x, y) => x - y)[1];
  });
  const [, middle] = await run({ flow: 'dis' });
  expect(middle.data).toEqual(expected);
  expect(middle).not.toEqual(byDefault[1]);
});

test('a still video comes out unchanged but for rounding, and a single frame as it is', async () => {
  const [frame] = await collect(shotFrames(HELD_OUT_SHOTS[0], 'neon', { frames: 1 }));
  const still = [frame, frame, frame];
  // Farneback's flow between equal pictures is not zero in its last bits.
  for (const steadied of await collect(flowMedian(streamOf(still), streamOf(still)))) {
    expect(Math.max(...steadied.data.map((value, i) => Math.abs(value - frame.data[i])))).toBeLessThanOrEqual(8);
  }
  expect(await collect(flowMedian(streamOf([frame]), streamOf([frame])))).toEqual([frame]);
});

test('videos of different lengths or sizes are refused', async () => {
  const [frame] = await collect(shotFrames(HELD_OUT_SHOTS[0], 'photo', { frames: 1 }));
  const small: Frame = { width: 1, height: 1, data: new Uint8Array(3) };
  const run = (output: Frame[], source: Frame[]) => collect(flowMedian(streamOf(source), streamOf(output)));
  await expect(run([frame, frame], [frame])).rejects.toThrow(
    'the source has 1 frames but the output has 2; cut them to the same frames',
  );
  await expect(run([frame], [frame, frame])).rejects.toThrow(
    'the output has 1 frames but the source has 2; cut them to the same frames',
  );
  await expect(run([small], [frame])).rejects.toThrow('the output is 1x1 but the source is 128x128');
});
