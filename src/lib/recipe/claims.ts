// The claims of the recipe, tested on the numbers of one run.

import { type RecipeArm, type RecipeClaim, type RecipeResult, TRUTH } from './result.js';

/** A car counts as lost if its region's correlation with the truth is below this. */
const CAR_LOST = 0.5;
/** A video counts as frozen if its frame difference is below this share of the expected one. */
const FROZEN = 0.5;

type Verdict = Omit<RecipeClaim, 'arm'>;

/** The arms of the claims. */
export interface ClaimArms {
  /** The plain model at the low strength, at the high one, and at all strengths. */
  readonly low: RecipeArm;
  readonly high: RecipeArm;
  readonly plain: readonly RecipeArm[];
  readonly tuned: RecipeArm;
  /** The true styled shot, if known, and its error after a VAE round trip. */
  readonly truth: RecipeArm | null;
  readonly truthFloor: number | null;
}

/** Finds the arms that the claims about `tuned` need. Those of the plain model are in the order of the given strengths. */
export function claimArms(
  { arms, truthFloor }: Pick<RecipeResult, 'arms' | 'truthFloor'>,
  tuned: RecipeArm,
): ClaimArms {
  const plain = arms.filter(({ kind }) => kind === 'plain');
  const truth = arms.find(({ name }) => name === TRUTH) ?? null;
  return { low: plain[0], high: plain[Math.min(1, plain.length - 1)], plain, tuned, truth, truthFloor };
}

/** The claims about one finetuned arm, without those that need the truth if it is unknown. */
export function recipeClaims({ low, high, plain, tuned, truth, truthFloor }: ClaimArms): Verdict[] {
  const claims: Verdict[] = [];
  if (low.truth && high.truth && tuned.truth && truthFloor !== null) {
    const left = tuned.truth.truthError - truthFloor;
    const before = low.truth.truthError - truthFloor;
    claims.push({
      claim: 'The finetuned model comes much nearer to the true styled shot than the plain one at the same strength',
      expected: 'at most half of the error that is not the autoencoder’s own',
      measured: `${fixed(left)} of ${fixed(before)} (${fixed(left / before, 2)})`,
      held: left <= 0.5 * before,
    });
    const [keeps, loses] = [tuned.truth.carCorrelation, high.truth.carCorrelation];
    if (keeps !== null && loses !== null) {
      claims.push({
        claim: `The car is kept where the plain model at ${high.strength} loses it`,
        expected: `correlation with the truth around the car at least ${CAR_LOST}, below it at ${high.strength}`,
        measured: `${fixed(keeps, 2)}, and ${fixed(loses, 2)} at ${high.strength}`,
        held: keeps >= CAR_LOST && loses < CAR_LOST,
      });
    }
  }
  claims.push(belowTheCurve(plain, tuned), moves(tuned, truth));
  return claims;
}

/** At the same edit strength, the plain model's warping error is higher; not to be judged where it has no such edit. */
function belowTheCurve(plain: readonly RecipeArm[], tuned: RecipeArm): Verdict {
  const [x, y] = pointOf(tuned);
  const curve = plainCurve(plain);
  const at = valueAt(curve, x);
  const beyond = curve.length > 0 && (x < curve[0][0] || x > curve[curve.length - 1][0]);
  return {
    claim: 'As strong an edit of the plain model is less consistent',
    expected: 'normalised warping error below the plain model’s curve through all strengths',
    measured: beyond
      ? `${fixed(y, 3)} at edit strength ${fixed(x)}, where the plain model has no point; its nearest one has ${fixed(at, 3)}`
      : `${fixed(y, 3)} against ${fixed(at, 3)} at edit strength ${fixed(x)}`,
    held: !beyond && Number.isFinite(at) && Number.isFinite(y) ? y < at : null,
  };
}

/** The expected frame difference is the truth's, if known, because a style can change it; else the source's. */
function moves(tuned: RecipeArm, truth: RecipeArm | null): Verdict {
  const due = truth?.metrics.flicker_ratio ?? 1;
  const ratio = (tuned.metrics.flicker_ratio ?? Number.NaN) / due;
  return {
    claim: 'The video still moves: steadiness is not bought by freezing it',
    expected: `frame difference at least ${FROZEN} of ${truth ? 'the true styled shot’s' : 'the source’s'}`,
    measured: fixed(ratio, 2),
    held: Number.isFinite(ratio) ? ratio >= FROZEN : null,
  };
}

/** Edit strength and normalised warping error of the plain arms, by edit strength. */
export function plainCurve(plain: readonly RecipeArm[]): [x: number, y: number][] {
  return plain.map(pointOf).sort((a, b) => a[0] - b[0]);
}

function pointOf({ metrics }: RecipeArm): [number, number] {
  return [metrics.edit_strength ?? Number.NaN, metrics.warping_error_normalised ?? Number.NaN];
}

/** The curve at x: linear interpolation between points, constant beyond its ends. */
export function valueAt(curve: readonly (readonly [number, number])[], x: number): number {
  if (curve.length === 0) return Number.NaN;
  if (x <= curve[0][0]) return curve[0][1];
  for (let i = 1; i < curve.length; i++) {
    const [[x0, y0], [x1, y1]] = [curve[i - 1], curve[i]];
    if (x <= x1) return x1 === x0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  }
  return curve[curve.length - 1][1];
}

const fixed = (value: number, digits = 1): string => value.toFixed(digits);
