// The studies, on the smallest checkpoint: existing results are kept, and tables and charts have the measured values.

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  DEMO_STUDY,
  type FramesAndIterationsOptions,
  formatStops,
  runFramesAndIterations,
  type Stop,
} from '../../src/experiments/frames-and-iterations/study.js';
import { runStudy, type StudyOptions } from '../../src/experiments/published-recipe/study.js';
import { studyChart } from '../../src/experiments/published-recipe/study-chart.js';
import type { StudyRow, StudyTable } from '../../src/experiments/published-recipe/study-table.js';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import { readPicture } from '../../src/lib/video/still.js';
import { heldOutShot, shotPicture } from '../../src/lib/world/held-out-shots.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();

test('frames and iterations: every stop is judged, a second run trains nothing, one training is made anew alone', async () => {
  const out = join(scratch, 'frames');
  const options: FramesAndIterationsOptions = {
    ...DEMO_STUDY,
    model: await smallestCheckpoint(scratch),
    out,
    length: { frames: 12, frameRate: 30 },
    judged: { from: 3, frames: 2 },
    trainingFrames: [1, 3],
    iterations: 4,
    every: 2,
    batch: 1,
  };
  const stops = await runFramesAndIterations(options);
  expect(stops.map(({ trainingFrames, iterations }) => [trainingFrames, iterations])).toEqual([
    ...[0, 2, 4].map((iterations) => [1, iterations]),
    ...[0, 2, 4].map((iterations) => [3, iterations]),
  ]);
  // Before the first iteration all models are equal, and after it they differ.
  expect(stops[0].truthError).toBe(stops[3].truthError);
  expect(new Set(stops.map(({ truthError }) => truthError)).size).toBe(5);
  expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')).stops).toEqual(JSON.parse(JSON.stringify(stops)));
  expect(existsSync(join(out, 'chart.png'))).toBe(true);

  const finished = join(out, 'frames-1/stops.json');
  const { mtimeMs } = statSync(finished);
  rmSync(join(out, 'frames-3'), { recursive: true });
  expect(await runFramesAndIterations(options)).toEqual(JSON.parse(JSON.stringify(stops)));
  expect(statSync(finished).mtimeMs).toBe(mtimeMs);
});

test('frames and iterations: the table has a row for each number of iterations', () => {
  const stop = (trainingFrames: number, iterations: number, truthError: number): Stop => ({
    ...{ trainingFrames, iterations, truthError, carCorrelation: 0.5 },
    metrics: { warping_error_normalised: 0.25, flicker_ratio: 0.75 },
  });
  const [head, first, second] = formatStops([stop(1, 0, 60), stop(1, 100, 40), stop(30, 0, 60)]).split('\n');
  expect(head.split(/ {2,}/)).toEqual(['iterations', '1 frame', '30 frames']);
  expect(first.trim().split(/ {2,}/)).toEqual(['0', ...[1, 2].flatMap(() => ['60.0', '0.50', '0.250', '0.75'])]);
  expect(second.trim().split(/ {2,}/)).toEqual(['100', '40.0', '0.50', '0.250', '0.75', '-']);
});

test('published recipe: a case has all arms, a second run does nothing, and the truth is without error', async () => {
  const out = join(scratch, 'recipe');
  const options: StudyOptions = {
    ...{ model: await smallestCheckpoint(scratch), out, cache: scratch, frames: 2, guidance: [1] },
    only: ['red-car-curve-neon'],
    recipe: { strengths: [0.5, 1], proposals: { strengths: [1], seeds: [42] }, steps: 2 },
    training: { trainingFrames: 1, iterations: 1, trainingBatch: 1, heldAsidePrompts: [] },
  };
  const table = await runStudy(options);
  const tuned = ['rendering-path', 'noised-original'].flatMap((objective) =>
    ['picked', 'true'].map((edit) => `${objective}-${edit}`),
  );
  expect(table.cases).toEqual(['red-car-curve-neon']);
  expect(table.rows.map(({ arm, kind, cases }) => [arm, kind, cases])).toEqual([
    ...['round-trip', 'flow-median', 'truth'].map((arm) => [arm, 'floor', 1]),
    ...['plain-0.5', 'plain-1'].map((arm) => [arm, 'plain', 1]),
    ...tuned.map((arm) => [arm, 'tuned', 1]),
  ]);
  const truth = table.rows.find(({ arm }) => arm === 'truth');
  expect(truth?.truthError).toEqual({ mean: 0, deviation: 0 });
  // By definition, for the plain model at the low strength.
  expect(table.rows.find(({ arm }) => arm === 'plain-0.5')?.remainingError).toEqual({ mean: 1, deviation: 0 });
  const { arms, editedFrame } = JSON.parse(readFileSync(join(out, 'red-car-curve-neon/result.json'), 'utf8'));
  expect(arms).toHaveLength(5 + tuned.length);
  const [{ picture }] = editedFrame.proposals;
  const picked = await readPicture(join(out, 'red-car-curve-neon', picture));
  const { absolute } = compareFrames(picked, shotPicture(heldOutShot('red-car-curve'), 1, 'neon'));
  expect(table.pickedFrame).toEqual({ mean: absolute, deviation: 0 });
  expect(JSON.parse(readFileSync(join(out, 'study.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(table)));
  expect(existsSync(join(out, 'chart.png'))).toBe(true);

  const result = join(out, 'red-car-curve-neon/result.json');
  const { mtimeMs } = statSync(result);
  expect(await runStudy(options)).toEqual(table);
  expect(statSync(result).mtimeMs).toBe(mtimeMs);
});

test('published recipe: the chart has the plain model’s curve, a line for each training, and the truth', () => {
  const spread = (mean: number) => ({ mean, deviation: 0 });
  const row = (arm: string, kind: StudyRow['kind'], edit: number, warping: number): StudyRow => {
    const other = spread(Number.NaN);
    return {
      ...{ arm, label: arm, kind, cases: 9, held: null, editStrength: spread(edit) },
      ...{ warpingErrorNormalised: spread(warping), remainingError: other, truthError: other, carCorrelation: other },
      ...{ flickerRatio: other, tof: other },
    };
  };
  const table: StudyTable = {
    cases: Array.from({ length: 9 }, (_, i) => `case ${i}`),
    claims: [],
    pickedFrame: spread(30),
    rows: [
      row('truth', 'floor', 61, 0.12),
      row('plain-0.45', 'plain', 18, 0.1),
      row('plain-0.3', 'plain', 14, 0.08),
      row('rendering-path-picked-guidance-1', 'tuned', 36, 0.12),
      row('rendering-path-picked-guidance-2', 'tuned', 46, 0.13),
      row('noised-original-true-guidance-1', 'tuned', 60, 0.02),
    ],
  };
  const { title, lines } = studyChart(table);
  expect(title).toContain('9 cases');
  expect(lines).toEqual([
    {
      label: 'plain',
      points: [
        [14, 0.08],
        [18, 0.1],
      ],
    },
    {
      label: 'second, picked',
      points: [
        [36, 0.12],
        [46, 0.13],
      ],
    },
    { label: 'first, true', points: [[60, 0.02]] },
    { label: 'truth', points: [[61, 0.12]] },
  ]);
});
