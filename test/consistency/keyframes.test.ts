// Keyframes carried by the source's motion: flicker goes, motion stays, nothing crosses a cut, and few frames are held.

import { expect, test } from 'vitest';
import { carryKeyframes } from '../../src/lib/consistency/keyframes.js';
import type { Correspondence, SourceFrame } from '../../src/lib/consistency/motion.js';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { HELD_OUT_SHOTS, shotDrive, shotPicture, shotTime } from '../../src/lib/world/held-out-shots.js';
import { sceneFlow } from '../../src/lib/world/truth/scene-flow.js';

const [shot] = HELD_OUT_SHOTS;
const drive = shotDrive(shot);
const numbers = (count: number) => Array.from({ length: count }, (_, t) => t);
const source = numbers(8).map((t) => shotPicture(shot, t));
const truth = numbers(8).map((t) => shotPicture(shot, t, 'neon'));
/** The true edit with another brightness in each frame, as a restyled video flickers. */
const gains = [0, 14, -12, 9, -15, 0, 12, -9];
const flickering = truth.map((frame, t) => ({
  ...frame,
  data: frame.data.map((value) => Math.min(255, Math.max(0, value + gains[t]))),
}));
const trueMotion = (from: SourceFrame, to: SourceFrame): Correspondence => {
  const { visible, ...flow } = sceneFlow(drive, shotTime(shot, from.index), shotTime(shot, to.index));
  return { flow, visible };
};

async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}
const error = (a: Frame, b: Frame) => compareFrames(a, b).absolute;
const brightness = ({ data }: Frame) => data.reduce((sum, value) => sum + value, 0) / data.length;

test('between keys the flicker is gone along the true motion, and the picture moves on', async () => {
  const carried = await collect(carryKeyframes(source, flickering, { keyEvery: 5, motion: trueMotion }));
  expect(carried).toHaveLength(8);
  // Keys: 0, 5, and the last frame.
  for (const key of [0, 5, 7]) expect(carried[key]).toEqual(flickering[key]);
  // Between the keys 0 and 5, which are the true edit itself, only resampling and holes are left.
  for (const t of [1, 2, 3, 4]) {
    expect(Math.abs(brightness(carried[t]) - brightness(truth[t]))).toBeLessThan(0.25 * Math.abs(gains[t]));
    // A frozen video would be nearer to its key than to the truth of its own time.
    expect(error(carried[t], truth[t])).toBeLessThan(error(carried[t], truth[0]));
  }
});

test('with estimated motion a still street under flicker becomes its keys', async () => {
  const still = numbers(6).map(() => source[0]);
  const flicker = numbers(6).map((t) => ({
    ...truth[0],
    data: flickering[t].data.map((_, i) => {
      return Math.min(255, Math.max(0, truth[0].data[i] + gains[t]));
    }),
  }));
  const carried = await collect(carryKeyframes(still, flicker));
  for (const t of [1, 2, 3, 4]) expect(error(carried[t], truth[0])).toBeLessThan(0.1 * error(flicker[t], truth[0]));
});

test('a pixel that is taken for hidden leaves no speck, and what is hidden comes from the other key', async () => {
  const side = 90;
  const grey = (value: number): Frame => ({
    width: side,
    height: side,
    data: new Uint8Array(3 * side * side).fill(value),
  });
  const [dark, middle, light] = [grey(60), grey(120), grey(180)];
  const hiding = (hidden: (x: number, y: number) => boolean) =>
    collect(
      carryKeyframes([middle, middle, middle], [dark, middle, light], {
        keyEvery: 2,
        newShare: 1,
        motion: (_, { index }) => ({
          flow: { width: side, height: side, data: new Float32Array(2 * side * side) },
          visible: Uint8Array.from({ length: side * side }, (_, p) =>
            index === 0 && hidden(p % side, Math.floor(p / side)) ? 0 : 1,
          ),
        }),
      }),
    );
  const [, specks] = await hiding((x, y) => x % 9 === 4 && y % 9 === 4);
  // The mean of both keys, and 1 of 81 pixels is hidden in the dark one.
  for (const value of specks.data) expect(Math.abs(value - 120)).toBeLessThan(3);
  const [, half] = await hiding((x) => x < side / 2);
  const at = (x: number): number => half.data[3 * (45 * side + x)];
  expect([at(0), at(30), at(60), at(89)]).toEqual([174, 174, 120, 120]);
  for (let x = 1; x < side; x++) expect(Math.abs(at(x) - at(x - 1))).toBeLessThan(15);
});

test('nothing is carried across a cut: both of its frames are kept', async () => {
  const dark: Frame[] = source.slice(0, 3).map((frame) => ({ ...frame, data: frame.data.map((value) => value / 6) }));
  const asked: [number, number][] = [];
  const motion = (from: SourceFrame, to: SourceFrame) => {
    asked.push([from.index, to.index]);
    return trueMotion(from, to);
  };
  const carried = await collect(
    carryKeyframes([...source.slice(0, 3), ...dark], flickering.slice(0, 6), { keyEvery: 5, motion }),
  );
  for (const t of [0, 2, 3, 5]) expect(carried[t]).toEqual(flickering[t]);
  expect(asked.sort()).toEqual([
    [1, 0],
    [1, 2],
    [4, 3],
    [4, 5],
  ]);
});

test('from a keyframe on, the video is what it is without all that comes before', async () => {
  const whole = await collect(carryKeyframes(source, flickering, { keyEvery: 3, motion: trueMotion }));
  const later: typeof trueMotion = (from, to) =>
    trueMotion({ ...from, index: from.index + 3 }, { ...to, index: to.index + 3 });
  const part = carryKeyframes(source.slice(3), flickering.slice(3), { keyEvery: 3, motion: later });
  expect(await collect(part)).toEqual(whole.slice(3));
});

test('every frame is a key at a distance of 1, and of the two videos no more is read than a segment needs', async () => {
  const motion = () => {
    throw new Error('there is nothing between keys');
  };
  expect(await collect(carryKeyframes(source, flickering, { keyEvery: 1, motion }))).toEqual(flickering);
  let read = 0;
  async function* counted(): AsyncGenerator<Frame> {
    for (const frame of source) {
      read++;
      yield frame;
    }
  }
  const carrying = carryKeyframes(counted(), flickering, { keyEvery: 3, motion: trueMotion });
  await carrying.next();
  await carrying.next();
  expect(read).toBe(4);
  await carrying.return();
});

test('videos that do not belong together are refused, and so is a distance that is none', async () => {
  const run = (a: Frame[], b: Frame[], every = 5) =>
    collect(carryKeyframes(a, b, { keyEvery: every, motion: trueMotion }));
  await expect(run(source, truth.slice(1))).rejects.toThrow('the styled video has 7 frames but the source has 8');
  await expect(run(source.slice(1), truth)).rejects.toThrow('the source has 7 frames but the styled video has 8');
  const small: Frame = { width: 1, height: 1, data: new Uint8Array(3) };
  await expect(run(source.slice(0, 1), [small])).rejects.toThrow('the styled video is 1x1 but the source is 128x128');
  await expect(run(source, truth, 0)).rejects.toThrow('keyEvery: the distance of keyframes');
});
