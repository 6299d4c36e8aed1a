// The recipe's claims on numbers with known verdicts.

import { expect, test } from 'vitest';
import { recipeClaims, valueAt } from '../../src/lib/recipe/claims.js';
import type { RecipeArm } from '../../src/lib/recipe/result.js';

function arm(
  edit: number,
  warping: number,
  truthError: number,
  car: number,
  flicker = 1,
  strength: number | null = 0.45,
): RecipeArm {
  return {
    ...{
      name: `${edit}`,
      label: '',
      kind: 'plain',
      video: '',
      strength,
      guidance: 3,
      firstTimestep: 421,
      ...{ training: null, steady: false },
    },
    metrics: { edit_strength: edit, warping_error_normalised: warping, flicker_ratio: flicker },
    curves: {},
    truth: { truthError, carCorrelation: car, curve: [] },
  };
}

const plain = [arm(20, 0.2, 60, 0.9), arm(60, 0.6, 55, 0.2, 1, 0.75), arm(10, 0.1, 65, 0.95)];
const claimsOf = (tuned: RecipeArm) =>
  recipeClaims({ low: plain[0], high: plain[1], plain, tuned, truth: null, truthFloor: 10 }).map(({ held }) => held);

test('a finetuned model that does what is promised', () => {
  // Remaining error 20 of 50; the car at 0.8 against 0.2; 0.3 against 0.4, halfway up the curve at 40; it moves.
  expect(claimsOf(arm(40, 0.3, 30, 0.8))).toEqual([true, true, true, true]);
});

test('each promise fails on its own', () => {
  expect(claimsOf(arm(40, 0.3, 36, 0.8))).toEqual([false, true, true, true]);
  expect(claimsOf(arm(40, 0.3, 30, 0.4))).toEqual([true, false, true, true]);
  expect(claimsOf(arm(40, 0.45, 30, 0.8))).toEqual([true, true, false, true]);
  expect(claimsOf(arm(40, 0.3, 30, 0.8, 0.2))).toEqual([true, true, true, false]);
});

test('an edit of a strength that the plain model does not have is not judged by it', () => {
  expect(claimsOf(arm(60, 0.3, 30, 0.8))[2]).toBe(true);
  expect(claimsOf(arm(61, 0.3, 30, 0.8))[2]).toBe(null);
  expect(claimsOf(arm(9, 0.05, 30, 0.8))[2]).toBe(null);
});

test('a style that calms the video is no frozen video', () => {
  const tuned = arm(40, 0.3, 30, 0.8, 0.3);
  const verdict = (truth: RecipeArm | null) =>
    recipeClaims({ low: plain[0], high: plain[1], plain, tuned, truth, truthFloor: 10 })[3].held;
  expect(verdict(null)).toBe(false);
  expect(verdict(arm(50, 0.3, 0, 1, 0.5))).toBe(true);
});

test('without the truth only two claims are made', () => {
  const [low, high] = plain.map((each) => ({ ...each, truth: null }));
  const tuned = { ...arm(40, 0.3, 0, 0), truth: null };
  expect(recipeClaims({ low, high, plain, tuned, truth: null, truthFloor: null })).toHaveLength(2);
});

test('the curve is straight between its points and level beyond them', () => {
  const curve = [
    [10, 1],
    [20, 3],
  ] as const;
  expect([0, 10, 15, 20, 99].map((x) => valueAt(curve, x))).toEqual([1, 1, 2, 3, 3]);
  expect(valueAt([], 1)).toBeNaN();
});
