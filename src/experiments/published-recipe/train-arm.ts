// Finetunes the model for one arm of the experiment, and opens what came out.

import { join, relative } from 'node:path';
import { loadModel, type Model } from '../../lib/models/model.js';
import type { RenderedCells } from '../../lib/sweeps/render-cells.js';
import { type FinetuneStep, finetune } from '../../lib/training/finetune.js';
import type { FinetuneResult } from '../../lib/training/finetune-result.js';
import type { EditedFrame } from '../../lib/training/items.js';
import type { RecipeOptions, TunedArm } from './recipe-options.js';
import type { RecipeTraining } from './recipe-result.js';

/** Trains, or goes on where an earlier process stopped. The finetuned model is the caller's to dispose of. */
export async function trainArm(
  model: Model,
  rendered: RenderedCells,
  picked: readonly EditedFrame[],
  arm: TunedArm,
  out: string,
  options: RecipeOptions,
): Promise<{ model: Model; training: RecipeTraining }> {
  const { strengths, seed, steps: denoisingSteps, sampler, signal, onProgress, onWarning } = options;
  const folder = join(out, 'finetune', arm.name);
  const steps = finetune(
    model,
    { frames: () => rendered.source() },
    {
      ...arm.training,
      out: folder,
      resume: true,
      edits: arm.edits === 'picked' ? picked : arm.edits,
      previewEvery: 100,
      preview: {
        strength: strengths[0],
        guidanceScale: arm.guidance[0],
        ...(seed !== undefined && { seed }),
        ...(denoisingSteps !== undefined && { steps: denoisingSteps }),
        ...(sampler !== undefined && { sampler }),
      },
      ...(signal && { signal }),
      ...(onWarning && { onWarning }),
    },
  );
  const previews: RecipeTraining['previews'][number][] = [];
  const learningRates: number[] = [];
  const note = (preview: FinetuneStep['preview']): void => {
    if (!preview) return;
    const { iteration, sheet, metrics } = preview;
    previews.push({ iteration, sheet: relative(out, sheet), metrics });
  };
  let result: FinetuneResult | undefined;
  for (;;) {
    const next = await steps.next();
    if (next.done) {
      result = next.value;
      break;
    }
    const { iteration, secondsLeft, preview, before, learningRate } = next.value;
    note(before);
    note(preview);
    learningRates.push(learningRate);
    const total = arm.training.iterations ?? 1000;
    const label = `finetuning ${arm.label}`;
    onProgress?.({ done: iteration, total, label, ...(secondsLeft !== undefined && { secondsLeft }) });
  }
  const { losses, gradientNorms, forgetting, seconds, settings } = result;
  const tuned =
    result.kind === 'diffusers'
      ? await loadModel(result.result, { device: model.device, loras: model.loras })
      : await loadModel(model.path, { device: model.device, loras: [...model.loras, { file: result.result }] });
  const training = { name: arm.name, label: arm.label, seconds, losses, gradientNorms, learningRates };
  return { model: tuned, training: { ...training, forgetting, previews, settings } };
}
