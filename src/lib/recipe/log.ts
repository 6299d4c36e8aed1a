// Remembers the experiment as a run: its arms and its trainings are parts of it.

import { join } from 'node:path';
import type { Settings } from '../base/settings.js';
import type { Model } from '../models/model.js';
import { cellParameters, comparisonRun, logRendering } from '../renderings/log-comparison.js';
import type { Cell } from '../renderings/rendering.js';
import { definedMetrics } from '../tracking/log/defined-metrics.js';
import type { TrackedWork, WorkOptions } from '../tracking/log/tracked-work.js';
import { trainingParameters } from '../training/finetune/log-finetune.js';
import { finetuneSettings } from '../training/finetune/options.js';
import type { RecipeOptions } from './options.js';
import { REPORT } from './report.js';
import type { RecipeResult } from './result.js';

/** The run that the experiment is. */
export function recipeRun(
  model: Model,
  path: string,
  plain: readonly Cell[],
  settings: Settings,
  options: RecipeOptions,
): WorkOptions {
  const { truth: _, ...asked } = options;
  const { parameters, ...run } = comparisonRun('experiment', model, path, plain, settings, {
    ...asked,
    prompt: options.prompts[0],
  });
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

/** Remembers what the experiment found; `cells` are its renderings with a model. */
export async function logRecipe(
  work: TrackedWork<unknown>,
  model: Model,
  out: string,
  result: RecipeResult,
  cells: readonly Cell[],
  options: RecipeOptions,
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
    const cell = cells.find((each) => each.name === name);
    const trained = options.tuned.find((arm) => arm.name === training);
    await logRendering(work, {
      name,
      parameters: {
        ...(cell ? cellParameters(model, result.video, cell, options) : { method: name }),
        ...(trained && trainingParameters(finetuneSettings({ ...trained.training, edits: [] }))),
        arm: kind,
      },
      device: model.device,
      measurement: { means: metrics, curves },
      metrics: truth ? { truth_error: truth.truthError, car_correlation: truth.carCorrelation } : {},
      video: join(out, video),
    });
  }
}
