// The recipe's renderings: of the plain model at each strength, and of each finetuned model at each guidance scale: all
// frames, and the keyframes alone.

import type { Rendering } from '../renderings/rendering.js';
import { givenSettings } from '../settings/defaults.js';
import { RENDER, STEADY } from '../settings/table.js';
import type { RecipePlan } from './plan.js';

/** A rendering with a finetuned model, and the training of its weights. */
export interface TunedRendering extends Rendering {
  readonly training: string;
}

/** The renderings with the plain model, in the order of the strengths. */
export function plainRenderings(options: RecipePlan): Rendering[] {
  return options.strengths.map((strength) => ({
    name: `plain-${strength}`,
    label: `strength ${strength}`,
    options: denoise(options, strength, options.guidanceScale),
  }));
}

/** The renderings with finetuned models, arm by arm, before their models are opened. */
export function tunedRenderings(options: RecipePlan): TunedRendering[] {
  const [strength] = options.strengths;
  return options.tuned.flatMap(({ name, label, guidance }) =>
    guidance.flatMap((scale) => {
      const rendering = {
        name: guidance.length > 1 ? `${name}-guidance-${scale}` : name,
        label: `${strength} ${label}${guidance.length > 1 ? `, guidance ${scale}` : ''}`,
        options: denoise(options, strength, scale),
        training: name,
      };
      if (!options.steady) return [rendering];
      const steady = { ...rendering.options, steady: true, ...givenSettings(STEADY, options) };
      return [
        rendering,
        { ...rendering, name: `${rendering.name}-steady`, label: `${rendering.label}, steady`, options: steady },
      ];
    }),
  );
}

function denoise(plan: RecipePlan, strength: number, guidanceScale: number): Rendering['options'] {
  return { ...givenSettings(RENDER, plan), prompt: plan.prompts[0], guidanceScale, strength };
}
