// Finetunes the model for one arm of the recipe, and opens the result.

import { join, relative } from 'node:path';
import { given } from '../base/given.js';
import type { EditedFrame } from '../edits/edited-frame.js';
import type { Model } from '../models/model.js';
import type { ComparisonFolder } from '../renderings/comparison-folder.js';
import type { RenderedVideo } from '../renderings/rendered-video.js';
import { continueChild } from '../tracking/log/continue-run.js';
import type { Run } from '../tracking/log/run.js';
import { trackRun } from '../tracking/log/track-run.js';
import type { TrackedWork } from '../tracking/log/tracked-work.js';
import { finetune } from '../training/finetune/finetune.js';
import type { FinetuneOptions } from '../training/finetune/options.js';
import type { FinetuneResult } from '../training/finetune/result.js';
import type { FinetuneStep } from '../training/finetune/step.js';
import type { RecipePlan, TunedArm } from './plan.js';
import type { RecipeTraining } from './result.js';

/** Trains, or continues where an earlier process stopped. The caller disposes of the finetuned model. */
export async function trainArm(
  model: Model,
  rendered: Pick<RenderedVideo, 'opened'>,
  { arm, picked }: { readonly arm: TunedArm; readonly picked: readonly EditedFrame[] },
  { work, options }: { readonly work: TrackedWork<ComparisonFolder>; readonly options: RecipePlan },
): Promise<{ model: Model; training: RecipeTraining }> {
  const { out } = work.folder;
  const { strengths, seed, steps: denoisingSteps, sampler, signal, onProgress, onWarning } = options;
  const folder = join(out, 'finetune', arm.name);
  const previews: RecipeTraining['previews'][number][] = [];
  const learningRates: number[] = [];
  const note = (preview: FinetuneStep['preview']): void => {
    if (!preview) return;
    const { iteration, sheet, metrics } = preview;
    previews.push({ iteration, sheet: relative(out, sheet), metrics });
  };
  const train = async (track: Run | false): Promise<FinetuneResult> => {
    const options: FinetuneOptions = {
      ...arm.training,
      ...{ track, out: folder, resume: true, edits: arm.edits === 'picked' ? picked : arm.edits, previewEvery: 100 },
      preview: {
        strength: strengths[0],
        guidanceScale: arm.guidance[0],
        ...given({ seed, steps: denoisingSteps, sampler }),
      },
      onStep({ preview, before, learningRate }) {
        note(before);
        note(preview);
        learningRates.push(learningRate);
      },
      onProgress: (progress) => onProgress?.({ ...progress, label: `${progress.label} ${arm.label}` }),
      ...given({ signal, onWarning }),
    };
    return await finetune(model, rendered.opened, options);
  };
  // The training is a child of the recipe's run.
  const part = await continueChild(work.run, { name: `finetuning-${arm.name}`, device: model.runsOn }, work.resumed);
  const result = part ? await trackRun(part, train, { signal }) : await train(false);
  const { losses, gradientNorms, forgetting, seconds, settings } = result;
  const training = { name: arm.name, label: arm.label, seconds, losses, gradientNorms, learningRates };
  return { model: await result.model(given({ onWarning })), training: { ...training, forgetting, previews, settings } };
}
