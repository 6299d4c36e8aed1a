// Logs the recipe as a run, with its arms and trainings as child runs.

import { join } from 'node:path';
import type { Settings } from '../base/settings.js';
import type { Model } from '../models/model.js';
import type { Compared } from '../renderings/comparison-options.js';
import { comparisonRun, logRendering, renderingParameters } from '../renderings/log-comparison.js';
import type { Rendering } from '../renderings/rendering.js';
import { definedMetrics } from '../tracking/log/defined-metrics.js';
import type { TrackedWork, WorkOptions } from '../tracking/log/tracked-work.js';
import { trainingParameters } from '../training/finetune/log.js';
import { finetuneSettings } from '../training/finetune/options.js';
import type { RecipePlan } from './plan.js';
import { REPORT } from './report.js';
import type { RecipeResult } from './result.js';

/** Options of the recipe's run. */
export function recipeRun(model: Model, compared: Compared, settings: Settings, options: RecipePlan): WorkOptions {
  const { truth: _, ...asked } = options;
  const { parameters, ...run } = comparisonRun(model, compared, settings, { ...asked, prompt: options.prompts[0] });
  const { prompts, proposals, editFrame, tuned } = options;
  const trainings = Object.fromEntries(
    tuned.map(({ name, training, guidance }) => {
      const settings = finetuneSettings({ ...training, edits: [] });
      return [name, { ...trainingParameters(settings), guidance }];
    }),
  );
  return {
    ...run,
    parameters: { ...parameters, method: 'published-recipe', prompts, proposals, edit_frame: editFrame, ...trainings },
  };
}

/** The results of the recipe to log; `renderings` are those with a model. */
export interface LoggedRecipe {
  readonly out: string;
  readonly result: RecipeResult;
  readonly renderings: readonly Rendering[];
}

/** Logs the results of the recipe. */
export async function logRecipe(
  work: TrackedWork<unknown>,
  model: Model,
  { out, result, renderings }: LoggedRecipe,
  options: RecipePlan,
): Promise<void> {
  const { run } = work;
  if (!run.tracked) return;
  const { source, claims, arms, grid } = result;
  const held = claims.filter((claim) => claim.held).length;
  run.logMetrics({ ...definedMetrics(source.means, 'source.'), claims_held: held }, { step: 0 });
  for (const file of [grid.mp4, grid.webp, REPORT, 'curves.csv', 'result.json']) {
    await run.logArtifact(join(out, file));
  }
  for (const { name, kind, training, metrics, curves, truth, video } of arms) {
    const rendering = renderings.find((each) => each.name === name);
    const trained = options.tuned.find((arm) => arm.name === training);
    await logRendering(work, {
      name,
      parameters: {
        ...(rendering ? renderingParameters(model, result.video, rendering, options) : { method: name }),
        ...(trained && trainingParameters(finetuneSettings({ ...trained.training, edits: [] }))),
        arm: kind,
      },
      device: model.runsOn,
      label: rendering?.label,
      measurement: { means: metrics, curves },
      metrics: truth ? { truth_error: truth.truthError, car_correlation: truth.carCorrelation } : {},
      video: join(out, video),
    });
  }
}
