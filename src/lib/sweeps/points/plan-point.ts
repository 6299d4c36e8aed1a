// Plans a sweep's points: checks them against video and model, and computes the work of each.

import { UsageError } from '../../base/errors.js';
import { shownFiles } from '../../diffusion/seen-frames.js';
import { loadModel, type Model } from '../../models/model.js';
import { openSource } from '../../renderings/comparison-plan.js';
import { planRendering, renderedFrames } from '../../renderings/rendering.js';
import { givenSettings } from '../../settings/defaults.js';
import { promptKeys } from '../../settings/schedule.js';
import { MASKED } from '../../settings/table.js';
import { trainingItems } from '../../training/finetune/items.js';
import { assertTrainable, finetuneSettings } from '../../training/finetune/options.js';
import type { PointSettings, StoredSettingName } from '../file/point-settings.js';
import { pointLabel } from '../file/sweep-points.js';
import type { PlannedPoint } from '../jobs/job.js';
import { pointRendering } from '../jobs/render-point.js';
import type { ContentHasher } from './content-hash.js';
import { type IdentifiedPoint, identifyPoint } from './identify-point.js';
import { modelOptions, sourceOptions, trainingOptions } from './point-options.js';

/** Plans points; models and videos are opened once for all points. */
export interface PointPlanner {
  /**
   * Checks a point and computes its amount of work.
   *
   * @throws UsageError naming the point when its settings are invalid
   */
  plan(settings: PointSettings): Promise<PlannedPoint>;
  close(): Promise<void>;
}

/** Creates a planner. */
export function pointPlanner(
  hasher: ContentHasher,
  varying: readonly StoredSettingName[],
  { onWarning, signal }: { onWarning?: (message: string) => void; signal?: AbortSignal },
): PointPlanner {
  const models = new Map<string, Promise<Model>>();
  /** Those that models have read without complaint. */
  const prompts = new Set<string>();
  const frameCounts = new Map<string, Promise<number | undefined>>();
  const once = <T>(known: Map<string, Promise<T>>, key: object, make: () => Promise<T>): Promise<T> => {
    const text = JSON.stringify(key);
    const made = known.get(text) ?? make();
    known.set(text, made);
    return made;
  };
  const check = async ({ settings, trainingId }: IdentifiedPoint, model: Model): Promise<number> => {
    const { model: path, video } = settings;
    const rendering = pointRendering(settings);
    const { evaluations } = planRendering(model, rendering);
    for (const prompt of [settings.prompt, settings.negative]) {
      const text = JSON.stringify([path, settings.embeddings, prompt]);
      if (!prompts.has(text)) for (const { value } of promptKeys(prompt)) model.tokenize(value);
      prompts.add(text);
    }
    const masked = givenSettings(MASKED, rendering.options);
    const source = { ...sourceOptions(settings), ...masked, signal, onWarning };
    const shown = shownFiles(model, masked);
    const frames = await once(frameCounts, { video, source: sourceOptions(settings), path, shown }, async () => {
      return (await openSource(model, video, source)).expectedFrames;
    });
    if (trainingId) {
      assertTrainable(model);
      checkTraining(settings, frames);
    }
    if (frames === undefined) return 0;
    return Math.ceil(renderedFrames(rendering.options, frames) / settings.batch) * evaluations;
  };
  return {
    async plan(settings) {
      const label = pointLabel(settings, varying);
      try {
        const options = modelOptions(settings);
        const model = await once(models, { path: settings.model, options }, () =>
          loadModel(settings.model, { ...options, onWarning }),
        );
        const point = await identifyPoint(settings, model, hasher);
        return { ...point, label, passes: await check(point, model) };
      } catch (error) {
        if (!(error instanceof UsageError) || varying.length === 0) throw error;
        throw new UsageError(`${label}: ${error.message}`, { cause: error });
      }
    },
    async close() {
      for (const model of models.values()) await (await model.catch(() => undefined))?.dispose();
    },
  };
}

function checkTraining(settings: PointSettings, frames: number | undefined): void {
  const { iterations, training_frames = 30, edits = [] } = settings;
  finetuneSettings({ ...trainingOptions(settings), out: '', edits: [], iterations });
  const items = edits.map((edit) => edit as { file: string; frame: number; prompt: string });
  if (frames === undefined) return;
  // Estimates can be one frame too low.
  const last = Math.max(...items.map(({ frame }) => frame), 0);
  trainingItems(last === frames ? frames + 1 : frames, training_frames, items);
}
