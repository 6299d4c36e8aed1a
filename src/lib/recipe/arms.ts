// The arms of a result: floors, renderings of the plain model and of the finetuned ones, each with its measurements.

import type { Rendering, RenderingPlan } from '../renderings/rendering.js';
import type { RecipeNumbers } from './judge.js';
import type { TunedRendering } from './renderings.js';
import { type RecipeArm, TRUTH } from './result.js';

/** Names of the arms that are not rendered with a model. */
export const ROUND_TRIP = 'round-trip';
export const MEDIAN = 'flow-median';

/** A rendering with its plan. */
export interface PlannedRendering {
  readonly rendering: Rendering | TunedRendering;
  readonly plan: RenderingPlan;
}

/** All arms, in the order of tables. `numbers` are the measurements of the arms, by name. */
export function recipeArms(renderings: readonly PlannedRendering[], numbers: RecipeNumbers): RecipeArm[] {
  const arm = (
    name: string,
    rest: Pick<RecipeArm, 'label' | 'kind'> &
      Partial<Pick<RecipeArm, 'strength' | 'guidance' | 'firstTimestep' | 'training' | 'steady'>>,
  ): RecipeArm => ({
    ...{ name, strength: null, guidance: null, firstTimestep: null, training: null, steady: false, ...rest },
    video: `${name}.mp4`,
    metrics: numbers.measured.outputs[name].means,
    curves: numbers.measured.outputs[name].curves,
    truth: numbers.truths.get(name) ?? null,
  });
  const [low] = renderings;
  return [
    arm(ROUND_TRIP, { label: 'no edit', kind: 'floor' }),
    arm(MEDIAN, { label: `${low.rendering.label}, flow-warped median`, kind: 'floor' }),
    ...(numbers.truths.has(TRUTH) ? [arm(TRUTH, { label: 'the true styled shot', kind: 'floor' })] : []),
    ...renderings.map(({ rendering, plan }) =>
      arm(rendering.name, {
        label: rendering.label,
        kind: 'training' in rendering ? 'tuned' : 'plain',
        strength: plan.strength,
        guidance: rendering.options.guidanceScale ?? null,
        firstTimestep: plan.firstTimestep,
        training: 'training' in rendering ? rendering.training : null,
        steady: rendering.options.steady ?? false,
      }),
    ),
  ];
}

/** The arms beside the original in the 2x2 grid: both strengths of the plain model, and the steadiest of the first training. */
export function gridArms(arms: readonly RecipeArm[]): RecipeArm[] {
  const plain = arms.filter(({ kind }) => kind === 'plain');
  const tuned = arms.filter(({ kind }) => kind === 'tuned');
  const best = tuned.find(({ steady }) => steady) ?? tuned[0];
  return [...plain.slice(0, 2), ...(best ? [best] : [])];
}

/** What the grid writes over an arm: a picture's side has room for a few words. */
export function gridLabel({ kind, strength, steady, label }: RecipeArm): string {
  return kind === 'tuned' ? `${strength} finetuned${steady ? ', steady' : ''}` : label;
}
