// The renderings that the experiment makes with a model: the plain one's at each strength, each finetuned one's at each guidance.

import { given } from '../base/given.js';
import type { Cell } from '../renderings/rendering.js';
import type { RecipeOptions } from './options.js';

/** One finetuned rendering: its cell, and which training made its weights. */
export interface TunedCell extends Cell {
  readonly training: string;
}

/** The renderings with the model as it came, in the order of the strengths. */
export function plainCells(options: RecipeOptions): Cell[] {
  return options.strengths.map((strength) => ({
    name: `plain-${strength}`,
    label: `strength ${strength}`,
    options: denoise(options, strength, options.guidanceScale),
  }));
}

/** The renderings with finetuned models, arm by arm; their models are not opened yet. */
export function tunedCells(options: RecipeOptions): TunedCell[] {
  const [strength] = options.strengths;
  return options.tuned.flatMap(({ name, label, guidance }) =>
    guidance.map((scale) => ({
      name: guidance.length > 1 ? `${name}-guidance-${scale}` : name,
      label: `${strength} ${label}${guidance.length > 1 ? `, guidance ${scale}` : ''}`,
      options: denoise(options, strength, scale),
      training: name,
    })),
  );
}

function denoise(
  { negativePrompt, steps, sampler, batch, prompts, seed = 42 }: RecipeOptions,
  strength: number,
  guidanceScale: number,
): Cell['options'] {
  return { ...given({ negativePrompt, steps, sampler, batch }), prompt: prompts[0], guidanceScale, strength, seed };
}
