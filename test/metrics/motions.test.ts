// Metrics along motions beside Farneback's: dense inverse search, the true one, and what accumulates from the first frame.

import { expect, test } from 'vitest';
import { metricTable } from '../../src/cli/actions/metric-table.js';
import { measure } from '../../src/lib/metrics/measure.js';
import { isOwnMotion } from '../../src/lib/metrics/measurement.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { type Correspondence, followedBy, type SourceFrame } from '../../src/lib/video/flow/correspondence.js';
import { heldOutShot, shotFrames, shotMotion } from '../../src/lib/world/held-out-shots.js';

const [WIDTH, HEIGHT] = [64, 48];
const STEP = 2;

/** A smooth texture whose window moves to the right by STEP pixels a frame, `more` brighter. */
function texture(t: number, more = 0): Frame {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let y = 0, i = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, i += 3) {
      const u = x + STEP * t;
      const value = 110 + 40 * Math.sin(u / 3 + y / 5) + 30 * Math.cos(u / 7 - y / 4);
      data.fill(Math.round(value) + more, i, i + 3);
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

/** What is at x in one frame is at x - STEP * frames in a later one, unless it has left the picture. */
function translation(from: SourceFrame, to: SourceFrame): Correspondence {
  const dx = -STEP * (to.index - from.index);
  const data = new Float32Array(2 * WIDTH * HEIGHT).map((_, i) => (i % 2 === 0 ? dx : 0));
  const visible = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, p) => ((p % WIDTH) + dx >= 0 ? 1 : 0));
  return { flow: { width: WIDTH, height: HEIGHT, data }, visible };
}

const BRIGHTER = [0, 25, -15, 20, 45];
const source = BRIGHTER.map((_, t) => texture(t));
const output = BRIGHTER.map((more, t) => texture(t, more));

test('along the true motion only what changes of itself counts', async () => {
  const { source: floor, outputs } = await measure(source, { output }, { trueMotion: translation });
  for (const name of ['warping_error_true', 'long_range_drift_true'] as const)
    expect(floor.means[name]).toBeLessThan(1e-12);
  const { means, curves } = outputs.output;
  const squares = (of: (t: number) => number) => BRIGHTER.slice(1).map((_, t) => (of(t) / 255) ** 2);
  const expectClose = (actual: readonly (number | null)[] | undefined, wanted: readonly number[], digits: number) =>
    wanted.forEach((value, t) => {
      expect(Math.abs(actual![t]! / value - 1), `${t}: ${actual![t]} of ${value}`).toBeLessThan(10 ** -digits);
    });
  const changes = squares((t) => BRIGHTER[t + 1] - BRIGHTER[t]);
  const variance = means.warping_error_true! / means.warping_error_true_normalised!;
  const drifts = squares((t) => BRIGHTER[t + 1] - BRIGHTER[0]).map((square) => square / variance);
  expectClose(curves.warping_error_true, changes, 5);
  expectClose(curves.long_range_drift_true, drifts, 5);
  // The estimator is off by a small part of a pixel.
  expectClose(curves.warping_error_dis, changes, 0.7);
  expectClose(curves.long_range_drift, drifts, 0.7);
  expect(floor.means.long_range_drift).toBeLessThan(0.01);
});

test('drift is judged while the first frame is in sight', async () => {
  const none = (from: SourceFrame, to: SourceFrame): Correspondence => {
    const { flow, visible } = translation(from, to);
    return { flow, visible: to.index > 2 ? visible.fill(0) : visible };
  };
  const { outputs } = await measure(source, { output }, { trueMotion: none });
  const { means, curves } = outputs.output;
  expect(curves.long_range_drift_true!.map((value) => value !== null)).toEqual([true, true, false, false]);
  expect(means.long_range_drift_true).toBeCloseTo(
    (curves.long_range_drift_true![0]! + curves.long_range_drift_true![1]!) / 2,
    12,
  );
});

test('two motions after each other are their sum, seen where both are', () => {
  const [first, second, third] = source.map((frame, index) => ({ index, frame }));
  const both = followedBy(translation(first, second), translation(second, third));
  expect(both).toEqual(translation(first, third));
});

test('a shot of the world fits its true motion, and not the one of other frames', async () => {
  const shot = heldOutShot('red-car-curve');
  const frames: Frame[] = [];
  for await (const frame of shotFrames(shot, 'photo', { frames: 3 })) frames.push(frame);
  const true_ = shotMotion(shot);
  const right = await measure(frames, {}, { trueMotion: true_ });
  const wrong = await measure(frames, {}, { trueMotion: (from, to) => true_(to, from) });
  expect(right.source.means.warping_error_true).toBeLessThan(0.5 * wrong.source.means.warping_error_true!);
  expect(right.source.means.long_range_drift_true).toBeGreaterThan(right.source.curves.warping_error_true![0]!);
});

test('metrics along the motion that a method used are marked', () => {
  expect(isOwnMotion('warping_error_dis', 'dis')).toBe(true);
  expect(isOwnMotion('warping_error', 'dis')).toBe(false);
  const means = { warping_error: 0.5, warping_error_dis: 0.25 };
  const lines = metricTable(means, { output: means }, 'dis').split('\n');
  expect(lines.filter((line) => line.includes(' *')).map((line) => line.split('*')[0].trim())).toEqual([
    'warping error along DIS (squared, 0..1)',
  ]);
  expect(lines.some((line) => line.startsWith('* judged'))).toBe(true);
  expect(metricTable(means, { output: means })).not.toContain('*');
});
