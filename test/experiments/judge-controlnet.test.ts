// What a ControlNet changes, measured on held-out views: on the smallest checkpoint, by its definition.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeControlNet } from '../../src/experiments/demo-model/judge-controlnet.js';
import { tinyControl } from '../models/tiny-control.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();

test('errors and kept composition without and with it, and a row of pictures for each view', async () => {
  const path = await smallestCheckpoint(scratch);
  const control = await tinyControl(path, join(scratch, 'control'));
  const options = { control, drives: 2, strengths: [0.5, 1], steps: 2, threads: 1 };
  const { judgements, sheet } = await judgeControlNet(path, options);
  expect(judgements.map(({ strength }) => strength)).toEqual([0.5, 1]);
  for (const { error, kept } of judgements) {
    expect(error[0]).toBeGreaterThan(5);
    expect(error[1]).not.toBe(error[0]);
    for (const value of kept) expect(value >= 0 && value <= 1).toBe(true);
  }
  // Photograph, edges, truth, and two edits a strength.
  expect(sheet.width).toBeGreaterThanOrEqual(7 * 128);
  expect(sheet.height).toBeGreaterThanOrEqual(2 * 128);
  expect(sheet.height).toBeLessThan(3 * 128);
  expect((await judgeControlNet(path, options)).judgements).toEqual(judgements);
});
