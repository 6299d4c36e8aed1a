// The nine cases of the study: three held-out shots, each under three prompts that name no car.

import { HELD_OUT_SHOTS, type HeldOutShot } from '../../lib/world/held-out-shots.js';
import type { Style } from '../../lib/world/styles/styles.js';

/** The prompts, and the corresponding style of the world. The second prompt is only trained. */
export interface StyledPrompt {
  readonly style: Style;
  readonly prompts: readonly [string, string];
}

const STYLED_PROMPTS: readonly StyledPrompt[] = [
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

/** All nine, by name such as `red-car-curve-neon`. */
export const COMBINATIONS: readonly Combination[] = HELD_OUT_SHOTS.flatMap((shot) =>
  STYLED_PROMPTS.map((prompt) => ({ ...prompt, shot, name: `${shot.name}-${prompt.style}` })),
);
