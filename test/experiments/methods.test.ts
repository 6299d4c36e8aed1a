// The study of methods, on the smallest checkpoint: what is stored is not done again, a new method costs only itself, and the
// table compares at equal edit strength.

import { existsSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CaseOptions, studyCases } from '../../src/experiments/methods/cases.js';
import type { MethodPoint, MethodResult } from '../../src/experiments/methods/judge-method.js';
import { METHODS, REFERENCE } from '../../src/experiments/methods/methods.js';
import { remembered } from '../../src/experiments/methods/motions.js';
import { runStudy, type StudyOptions } from '../../src/experiments/methods/study.js';
import { studyChart } from '../../src/experiments/methods/study-chart.js';
import { formatStudy, studyTable } from '../../src/experiments/methods/study-table.js';
import type { SourceFrame } from '../../src/lib/video/flow/correspondence.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { heldOutShot, shotDrive, shotFrames, shotOfDrive } from '../../src/lib/world/held-out-shots.js';
import { isHeldOut } from '../../src/lib/world/sampling/training-sample.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();

test('a case is rendered once, and each method is made once', async () => {
  const out = join(scratch, 'methods');
  const options: StudyOptions = {
    ...{ model: await smallestCheckpoint(scratch), out, cache: scratch, frames: 3 },
    strengths: { plain: [1], true: [0.45], picked: [] },
    plan: { proposals: { strengths: [1], seeds: [42] }, steps: 3 },
    training: { trainingFrames: 1, iterations: 1, trainingBatch: 1 },
    only: ['red-car-curve-neon'],
  };
  const few = ['plain', REFERENCE, 'keyframes-3-true'];
  const table = await runStudy({ ...options, methods: few });
  expect(table.cases).toEqual(options.only);
  const rows = table.rows.filter(({ method, edit }) => method !== 'plain' && edit === 'true');
  expect(rows.map(({ method, judged }) => [method, judged])).toEqual([
    [REFERENCE, 1],
    ['keyframes-3-true', 1],
  ]);
  const [recipe, keyframes] = rows;
  expect(recipe.values.trueError).toEqual({ mean: 1, deviation: 0 });
  // Keys are the first and the last of the 3 frames.
  expect(keyframes.values.passes.mean).toBeCloseTo((2 / 3) * recipe.values.passes.mean, 12);
  expect(keyframes.own).toEqual(['trueError', 'trueDrift']);
  expect(recipe.own).toEqual([]);
  expect(existsSync(join(out, 'chart.png'))).toBe(true);

  const folder = join(out, 'red-car-curve-neon');
  const times = (): number[] =>
    [...few.map((name) => `methods/${name}.json`), 'finetune/true/result.json', 'costs.json'].map(
      (file) => statSync(join(folder, file)).mtimeMs,
    );
  const before = times();
  rmSync(join(folder, 'methods/plain.json'));
  await runStudy({ ...options, methods: [...few, 'filter-1-network'] });
  const [plain, ...others] = times();
  expect(plain).toBeGreaterThan(before[0]);
  expect(others).toEqual(before.slice(1));
  expect(existsSync(join(folder, 'methods/filter-1-network.json'))).toBe(true);
  await expect(runStudy({ ...options, methods: ['magic'] })).rejects.toThrow(
    'no method "magic", expected one of plain',
  );
}, 600_000);

test('real clips have no truth, and models learn with noise of their frames', async () => {
  const [out, clip] = [join(scratch, 'real'), join(scratch, 'clip.mp4')];
  await writeVideo(clip, shotFrames(heldOutShot('red-car-curve'), 'photo', { frames: 3 }));
  const notes: string[] = [];
  const table = await runStudy({
    ...{ model: await smallestCheckpoint(scratch), out, frames: 3, real: ['gone.mp4', clip] },
    ...{ strengths: { plain: [], true: [0.45], picked: [0.45] }, only: ['clip-pencil'] },
    plan: { proposals: { strengths: [1], seeds: [42] }, steps: 3 },
    training: { trainingFrames: 1, iterations: 1, trainingBatch: 1 },
    methods: [REFERENCE, 'warped-training-warped-noise', 'keyframes-3-dis', 'keyframes-3-true'],
    onNote: (text) => notes.push(text),
  });
  expect(notes).toContain('gone.mp4: there is no such file, it is left out');
  expect(table.rows.map(({ method, edit }) => [method, edit])).toEqual([
    [REFERENCE, 'picked'],
    ['keyframes-3-dis', 'picked'],
    ['warped-training-warped-noise', 'picked'],
  ]);
  const [recipe] = table.rows;
  expect(recipe.values.farnebackError.mean).toBe(1);
  expect(recipe.values.trueError.mean).toBeNaN();
  expect(recipe.values.truthError.mean).toBeNaN();
  expect(recipe.values.carriedSource.mean).toBeNaN();
  const stored = async (file: string) => JSON.parse(await readFile(join(out, 'clip-pencil', file), 'utf8'));
  const keyframes: MethodResult = await stored('methods/keyframes-3-dis.json');
  for (const { carriedSource } of keyframes.points) expect(carriedSource).toBeGreaterThan(0);
  expect(keyframes.points).toHaveLength(1);
  const settings = async (name: string): Promise<unknown> => (await stored(`finetune/${name}/result.json`)).settings;
  expect(await settings('picked')).not.toHaveProperty('warpedNoise');
  expect(await settings('picked-warped-training')).toHaveProperty('warpedNoise');
}, 600_000);

test('cases are of the bundled shots, of other drives, or of clips', () => {
  const names = (options: CaseOptions): string[] => studyCases(options).map(({ name }) => name);
  expect(names({})).toHaveLength(9);
  expect(names({ shotsSeed: 101 })).toEqual(
    [101, 102, 103].flatMap((drive) => ['neon', 'pencil', 'winter'].map((style) => `drive-${drive}-${style}`)),
  );
  expect(() => names({ shotsSeed: 101, real: [] })).toThrow('real clips have no drives; leave out one of the two');
  expect(() => names({ real: ['package.json', 'notebooks/package.json'] })).toThrow('two clips are called "package"');
  for (const drive of [0, 101, 2 ** 31 - 1]) {
    const shot = shotOfDrive(drive);
    expect(isHeldOut(shot.driveSeed)).toBe(true);
    expect(shotDrive(shot).car).not.toBeNull();
  }
  expect(() => shotOfDrive(2 ** 31)).toThrow(
    'no held-out drive 2147483648, expected a whole number from 0 to 2147483647',
  );
});

const point = (strength: number, edit: number, error: number): MethodPoint => ({
  ...{
    base: 'true',
    strength,
    curves: {},
    truthError: 20,
    carCorrelation: 0.75,
    carriedSource: null,
    passes: 22,
    seconds: 2,
  },
  metrics: { edit_strength: edit, warping_error_true_normalised: error },
});
const result = (method: string, points: readonly MethodPoint[]): MethodResult => ({
  ...{ case: 'one', method, source: {}, points },
});

test('values are interpolated to the edit strength of the recipe, and not beyond what was rendered', () => {
  const [first, second] = METHODS.filter(({ family }) => family?.startsWith('keys'));
  const table = studyTable([
    result(REFERENCE, [point(0.3, 40, 0.1), point(0.45, 50, 0.2), point(0.6, 60, 0.3)]),
    result(first.name, [point(0.3, 44, 0.02), point(0.45, 48, 0.04), point(0.6, 56, 0.12)]),
    result(second.name, [point(0.3, 30, 0.02), point(0.45, 40, 0.04), point(0.6, 48, 0.05)]),
  ]);
  const of = (method: string) => table.rows.find((row) => row.method === method && row.edit === 'true')!;
  // A quarter of the way from 48 to 56: 0.06 of the recipe's 0.2.
  expect(of(first.name).values.trueError.mean).toBeCloseTo(0.3, 12);
  // 48 is 4 % less than 50.
  expect(of(second.name)).toMatchObject({ judged: 0, cases: 1 });
  const text = formatStudy(table);
  expect(text).toMatch(new RegExp(`true +${first.label} +1/1 +0.30 `));
  expect(text).toMatch(new RegExp(`true +${second.label} +0/1 +- `));
  expect(studyChart(table).lines.flatMap(({ points }) => points)).toContainEqual([22, expect.closeTo(0.3, 12)]);
});

test('a motion is computed once for each pair, and charged to everyone who asks', async () => {
  const frames = [0, 1].map(
    (index): SourceFrame => ({ index, frame: { width: 1, height: 1, data: new Uint8Array(3) } }),
  );
  let computed = 0;
  const { motion, cost } = remembered(() => {
    computed++;
    const end = performance.now() + 20;
    while (performance.now() < end) Math.sqrt(end);
    return { flow: { width: 1, height: 1, data: new Float32Array(2) }, visible: new Uint8Array(1) };
  });
  await Promise.all([motion(frames[0], frames[1]), motion(frames[0], frames[1])]);
  const first = cost();
  await motion(frames[0], frames[1]);
  const second = cost();
  expect(computed).toBe(1);
  expect(first.spent).toBeGreaterThan(0);
  expect([second.spent, second.charged]).toEqual([0, first.charged]);
});
