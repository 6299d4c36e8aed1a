// A table of the study: every arm over all cases, with standard deviations.

import { type Spread, spread } from '../../lib/base/mean.js';
import { textColumns } from '../../lib/base/text-columns.js';
import { claimArms, recipeClaims } from '../../lib/recipe/claims.js';
import type { Combination } from '../../lib/recipe/combinations.js';
import type { RecipeArm, RecipeResult } from '../../lib/recipe/result.js';

/** One arm over all cases. */
export interface StudyRow {
  readonly arm: string;
  readonly label: string;
  readonly kind: RecipeArm['kind'];
  readonly cases: number;
  /** Error relative to the truth beyond the autoencoder's own, divided by that of the plain model at the low strength. */
  readonly remainingError: Spread;
  readonly truthError: Spread;
  readonly carCorrelation: Spread;
  readonly editStrength: Spread;
  readonly flickerRatio: Spread;
  readonly warpingErrorNormalised: Spread;
  readonly tof: Spread;
  /** For finetuned arms: the number of cases in which each claim held, in the order of `recipeClaims`. */
  readonly held: readonly number[] | null;
}

/** The whole table, rows in the order of the arms. */
export interface StudyTable {
  readonly cases: readonly string[];
  readonly claims: readonly string[];
  readonly rows: readonly StudyRow[];
  /** Error of the picked edited frames relative to their truth: the target of a finetuning on them. */
  readonly pickedFrame: Spread;
}

/** The results of one case. */
export interface StudyCase {
  readonly combination: Combination;
  readonly result: RecipeResult;
  /** Mean absolute error of the picked edited frame relative to its truth. */
  readonly pickedError: number;
}

/** Aggregates the cases. */
export function studyTable(results: readonly StudyCase[]): StudyTable {
  const names = [...new Set(results.flatMap(({ result }) => result.arms.map(({ name }) => name)))];
  let claims: string[] = [];
  const rows = names.map((arm): StudyRow => {
    const found = results.flatMap(({ result }) => {
      const it = result.arms.find(({ name }) => name === arm);
      return it ? [{ it, result }] : [];
    });
    const [{ it: first }] = found;
    const of = (value: (arm: RecipeArm, result: RecipeResult) => number | null | undefined): Spread =>
      spread(found.map(({ it, result }) => value(it, result) ?? Number.NaN));
    const verdicts = first.kind === 'tuned' ? found.map(({ it, result }) => recipeClaims(claimArms(result, it))) : null;
    if (verdicts) claims = verdicts[0].map(({ claim }) => claim);
    return {
      arm,
      label: first.label,
      kind: first.kind,
      cases: found.length,
      remainingError: of(remainingError),
      truthError: of(({ truth }) => truth?.truthError),
      carCorrelation: of(({ truth }) => truth?.carCorrelation),
      editStrength: of(({ metrics }) => metrics.edit_strength),
      flickerRatio: of(({ metrics }) => metrics.flicker_ratio),
      warpingErrorNormalised: of(({ metrics }) => metrics.warping_error_normalised),
      tof: of(({ metrics }) => metrics.tof),
      held: verdicts ? claims.map((_, i) => verdicts.filter((each) => each[i].held).length) : null,
    };
  });
  const pickedFrame = spread(results.map(({ pickedError }) => pickedError));
  return { cases: results.map(({ combination }) => combination.name), claims, rows, pickedFrame };
}

function remainingError(arm: RecipeArm, { arms, truthFloor }: RecipeResult): number {
  const low = arms.find(({ kind }) => kind === 'plain');
  if (!arm.truth || !low?.truth || truthFloor === null) return Number.NaN;
  return (arm.truth.truthError - truthFloor) / (low.truth.truthError - truthFloor);
}

/** The table as text: mean and standard deviation over the cases. */
export function formatStudy({ cases, claims, rows, pickedFrame }: StudyTable): string {
  const show = ({ mean, deviation }: Spread, digits: number): string =>
    Number.isFinite(mean) ? `${mean.toFixed(digits)} ±${deviation.toFixed(digits)}` : '-';
  const head = ['', 'remaining error', 'truth error', 'car', 'edit', 'flicker', 'warping/var', 'tOF', 'claims held'];
  const lines = rows.map((row) => [
    row.label,
    show(row.remainingError, 2),
    show(row.truthError, 1),
    show(row.carCorrelation, 2),
    show(row.editStrength, 1),
    show(row.flickerRatio, 2),
    show(row.warpingErrorNormalised, 3),
    show(row.tof, 2),
    row.held ? row.held.map((count) => `${count}/${row.cases}`).join(' ') : '-',
  ]);
  return [
    `${cases.length} cases: ${cases.join(', ')}`,
    ...textColumns([head, ...lines]),
    `claims: ${claims.map((claim, i) => `(${i + 1}) ${claim}`).join('; ')}`,
    `truth error of the picked edited frames themselves: ${show(pickedFrame, 1)}`,
  ].join('\n');
}
