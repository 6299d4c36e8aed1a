// The arms of a result: floors, the plain model's renderings and the finetuned ones, each with what was measured.

import type { Cell, CellPlan } from '../renderings/rendering.js';
import type { TunedCell } from './cells.js';
import type { RecipeNumbers } from './judge.js';
import { type RecipeArm, TRUTH } from './result.js';

/** Names of the arms that are no cells. */
export const ROUND_TRIP = 'round-trip';
export const MEDIAN = 'flow-median';

/** A rendering with what it comes to. */
export interface PlannedCell {
  readonly cell: Cell | TunedCell;
  readonly plan: CellPlan;
}

/** All arms, in the order of tables. `numbers` are those of every arm, by its name. */
export function recipeArms(cells: readonly PlannedCell[], numbers: RecipeNumbers): RecipeArm[] {
  const arm = (
    name: string,
    rest: Pick<RecipeArm, 'label' | 'kind'> &
      Partial<Pick<RecipeArm, 'strength' | 'guidance' | 'firstTimestep' | 'training'>>,
  ): RecipeArm => ({
    ...{ name, strength: null, guidance: null, firstTimestep: null, training: null, ...rest },
    video: `${name}.mp4`,
    metrics: numbers.measured.outputs[name].means,
    curves: numbers.measured.outputs[name].curves,
    truth: numbers.truths.get(name) ?? null,
  });
  const [low] = cells;
  return [
    arm(ROUND_TRIP, { label: 'no edit', kind: 'floor' }),
    arm(MEDIAN, { label: `${low.cell.label}, flow-warped median`, kind: 'floor' }),
    ...(numbers.truths.has(TRUTH) ? [arm(TRUTH, { label: 'the true styled shot', kind: 'floor' })] : []),
    ...cells.map(({ cell, plan }) =>
      arm(cell.name, {
        label: cell.label,
        kind: 'training' in cell ? 'tuned' : 'plain',
        strength: plan.strength,
        guidance: cell.options.guidanceScale ?? null,
        firstTimestep: plan.firstTimestep,
        training: 'training' in cell ? cell.training : null,
      }),
    ),
  ];
}
