// What made the videos of the recipe, for their metadata: the command that makes all of them again, and its settings.

import { basename } from 'node:path';
import { given } from '../base/given.js';
import { sha256File } from '../base/hash.js';
import type { Settings } from '../base/settings.js';
import type { Model } from '../models/model.js';
import { commentsOf } from '../renderings/made-with.js';
import { givenSettings } from '../settings/defaults.js';
import { RENDER, STEADY } from '../settings/table.js';
import type { RepeatableVideo } from '../video/read/video.js';
import type { AskedRecipe, RecipePlan } from './plan.js';

/** The names of the asked examples, and the files among them by their content. */
export async function namedExamples(
  examples: readonly unknown[] | undefined,
): Promise<Pick<AskedRecipe, 'example' | 'inputs'>> {
  if (examples === undefined) return { inputs: [] };
  const files = examples.filter((each) => typeof each === 'string' && each !== 'true' && each !== 'picked') as string[];
  const inputs = files.map(async (file) => ({
    kind: 'picture' as const,
    name: basename(file),
    sha256: await sha256File(file),
  }));
  return {
    example: examples.map((each) => (typeof each === 'string' ? basename(each) : 'a frame in memory')),
    inputs: await Promise.all(inputs),
  };
}

/** The text for the videos of the recipe. */
export function recipeComment(
  model: Model,
  { asked, ...from }: { readonly video: RepeatableVideo; readonly hashes: Settings; readonly asked: AskedRecipe },
  plan: RecipePlan,
): string | undefined {
  const { prompts, strengths, guidanceScale, proposals, editFrame, steady } = plan;
  const { preset, training, tunedGuidance, shot, example, inputs } = asked;
  const { batch, seed } = RENDER;
  return commentsOf(
    model,
    { ...from, inputs },
    { ...plan, prompt: prompts[0] },
  )('recipe', {
    ...(shot && { video: undefined, ...shot }),
    ...{ prompt: prompts, preset, strengths, guidanceScale, tunedGuidance, steady },
    ...given({ editFrame, example }),
    ...{ proposalStrengths: proposals.strengths, proposalSeeds: proposals.seeds },
    ...given({ proposalGuidance: proposals.guidanceScale }),
    ...givenSettings({ batch, seed, ...STEADY }, plan),
    ...training,
  });
}
