// The nine cases of studies with the demo model: three held-out shots, each under three prompts that name no car.

import type { EditedFrame } from '../edits/edited-frame.js';
import { PROPOSED_SEEDS } from '../settings/lists.js';
import { HELD_OUT_SHOTS, type HeldOutShot, shotPicture } from '../world/held-out-shots.js';
import type { Style } from '../world/styles/styles.js';
import type { RecipePlan, TunedArm } from './plan.js';
import { DEMO_GUIDANCE, DEMO_PROPOSALS, RECIPE_BATCH, RECIPE_STRENGTHS } from './presets.js';

/** The prompts, and the corresponding style of the world. The second prompt is only trained. */
export interface StyledPrompt {
  readonly style: Style;
  readonly prompts: readonly [string, string];
}

/** The three prompts. */
export const STYLED_PROMPTS: readonly StyledPrompt[] = [
  {
    style: 'neon',
    prompts: ['a cyberpunk neon painting of a city street at night', 'a neon painting of a street at night'],
  },
  { style: 'pencil', prompts: ['a pencil sketch of a city street', 'a pencil drawing of a street'] },
  { style: 'winter', prompts: ['a photo of a snowy city street', 'a winter photo of a city street in winter'] },
];

/** One case. */
export interface Combination extends StyledPrompt {
  readonly shot: HeldOutShot;
  readonly name: string;
}

/** Shots under each of the prompts, by name such as `red-car-curve-neon`. */
export function combinationsOf(shots: readonly HeldOutShot[]): readonly Combination[] {
  return shots.flatMap((shot) =>
    STYLED_PROMPTS.map((prompt) => ({ ...prompt, shot, name: `${shot.name}-${prompt.style}` })),
  );
}

/** All nine. */
export const COMBINATIONS: readonly Combination[] = combinationsOf(HELD_OUT_SHOTS);

/** The edited frame of a case: the middle one of so many. */
export const editedFrameOf = (frames: number): number => Math.floor(frames / 2);

/** The true edited frame of a case, once for each prompt. */
export function trueEdits({ shot, style, prompts }: Combination, frames: number): EditedFrame[] {
  const frame = editedFrameOf(frames);
  const picture = shotPicture(shot, frame, style);
  return prompts.map((prompt) => ({ picture, frame, prompt }));
}

/** The recipe for the demo model on the first frames of a video. */
export function demoPlan(
  { prompts }: Pick<Combination, 'prompts'>,
  frames: number,
  tuned: readonly TunedArm[],
): RecipePlan {
  return {
    prompts,
    strengths: RECIPE_STRENGTHS,
    guidanceScale: DEMO_GUIDANCE.plain,
    proposals: { strengths: DEMO_PROPOSALS, seeds: PROPOSED_SEEDS, guidanceScale: DEMO_GUIDANCE.proposals },
    editFrame: editedFrameOf(frames),
    frames,
    size: 128,
    batch: RECIPE_BATCH,
    tuned,
  };
}
