// The parts of a finetuning around its loop: the compiled loss, its batches, previews, and the measurement of forgetting.

import { noiseSchedule } from '../../diffusion/noise-schedule.js';
import type { WeightSource } from '../../engine/program.js';
import { openLoras } from '../../models/lora/lora.js';
import type { Model } from '../../models/model.js';
import type { Adapter } from '../../models/networks/scope.js';
import type { Weights } from '../loop/adamw.js';
import type { GradientProgram } from '../loop/gradient-program.js';
import { restingProgram } from '../loop/resting-program.js';
import type { TrainOptions } from '../loop/train.js';
import { type BatchOptions, batchInputs, type Draw, describeDraw, drawOf } from '../loss/denoising-batch.js';
import { denoisingProgram } from '../loss/denoising-program.js';
import type { EncodedItems } from './encode-items.js';
import { type ForgettingProbe, forgettingProbe } from './forgetting.js';
import type { FinetuneSettings } from './options.js';
import { type Preview, type PreviewPlan, renderPreview } from './preview.js';
import { priorRows } from './prior-preservation.js';
import { trainedModel, unetBytes } from './trained-model.js';
import type { TrainedWeights } from './trained-weights.js';

/** Up to this size of the UNet, preview sessions stay open: compiling them again costs more than their memory. */
const SMALL_BYTES = 2 ** 28;

/** Measurements of the model during its training. */
export interface Look {
  readonly preview?: Preview;
  readonly forgetting?: number;
}

/** The prepared work of a finetuning. */
export interface FinetuneWork {
  readonly program: GradientProgram;
  readonly batch: TrainOptions['batch'];
  readonly describe: NonNullable<TrainOptions['describe']>;
  /** The draws of a micro-batch: its items, timesteps and noise. */
  readonly draws: (iteration: number, micro: number) => Draw[];
  /** Measures forgetting with these weights (null for the base model's), and renders a preview if `plan` is given. */
  look(weights: Weights | null, iteration: number, plan: PreviewPlan | null): Promise<Look>;
  /** Closes all its sessions. */
  dispose(): Promise<void>;
}

/**
 * Compiles the loss and prepares the other parts.
 *
 * @throws FailureError when the base model's latents turn NaN
 */
export async function prepareFinetuning(
  model: Model,
  { names, adapters }: TrainedWeights,
  { items, latentShape, contextShape }: EncodedItems,
  settings: FinetuneSettings,
): Promise<FinetuneWork> {
  const {
    trainingBatch: batch,
    accumulate,
    trainingSeed: seed,
    priorPreservation,
    priorPrompts,
    heldAsidePrompts,
    signal,
  } = settings;
  const loras = await openLoras(model.loras, model.checkpoint, () => {});
  const frozen: WeightSource = new Map([...model.checkpoint.unet.weights, ...loras.weights]);
  const all = joined(loras.unet, adapters);
  const base = trainedModel(model, { frozen, adapters: loras.unet, trained: new Map() });
  const isSmall = unetBytes(model) <= SMALL_BYTES;
  let latest: { weights: Weights; view: Model } | undefined;
  const viewOf = async (weights: Weights | null): Promise<Model> => {
    if (!weights) return base;
    if (latest?.weights === weights) return latest.view;
    await latest?.view.dispose();
    latest = { weights, view: trainedModel(model, { frozen, adapters: all, trained: weights }) };
    return latest.view;
  };
  let program: GradientProgram | undefined;
  try {
    const probe: ForgettingProbe | null =
      heldAsidePrompts.length > 0 ? await forgettingProbe(base, heldAsidePrompts, latentShape, signal) : null;
    const keeps = priorPreservation > 0;
    const prior = keeps ? await priorRows(base, priorPrompts, { latentShape, seed, signal }) : null;
    if (!prior && !isSmall) await base.dispose();
    // Releases the encoders; with prior preservation, the base model's UNet is still needed.
    if (!isSmall) await model.release();
    const shapes = { latentShape, contextShape, batch: prior ? 2 * batch : batch };
    const network = { config: model.config.unet, frozen, adapters: all, trained: names };
    // With all weights of a large UNet, their gradients and AdamW's averages, memory does not suffice for all activations of
    // a pass.
    const blockwise = !isSmall && adapters.size === 0;
    const open = (): Promise<GradientProgram> =>
      denoisingProgram({ ...network, ...shapes, blockwise }, { engine: model.engine, device: model.device });
    // A large one is compiled when it runs, and released while previews run: memory does not suffice for both.
    const large = isSmall ? null : restingProgram(open);
    program = large ?? (await open());
    const options: BatchOptions = {
      ...settings,
      seed,
      items,
      schedule: noiseSchedule(model.config.schedule),
      predictionType: model.config.predictionType,
      latentShape,
      contextShape,
    };
    const firstDraw = (iteration: number, micro: number): number => (iteration * accumulate + micro) * batch;
    const draws = (iteration: number, micro: number): Draw[] =>
      Array.from({ length: batch }, (_, i) => drawOf(firstDraw(iteration, micro) + i, options));
    return {
      program,
      draws,
      async batch(iteration, micro) {
        const rows = draws(iteration, micro).map((draw) => ({ ...draw, context: draw.item.context }));
        if (!prior) return batchInputs(rows, latentShape, contextShape);
        // The loss is a mean over all rows: doubled weights make it the mean over the items plus the mean over the prior's
        // rows.
        const kept = await prior(firstDraw(iteration, micro), batch);
        const weighted = [
          ...rows.map((row) => ({ ...row, weight: 2 * row.weight })),
          ...kept.map((row) => ({ ...row, weight: 2 * priorPreservation })),
        ];
        return batchInputs(weighted, latentShape, contextShape);
      },
      describe: (iteration, micro) => draws(iteration, micro).map(describeDraw).join(', '),
      async look(weights, iteration, plan) {
        if (!plan && !probe) return {};
        await large?.rest();
        const now = await viewOf(weights);
        try {
          const preview = plan ? await renderPreview(now, iteration, plan, signal) : undefined;
          const forgetting = probe ? await probe.measure(now) : undefined;
          return { ...(preview && { preview }), ...(forgetting !== undefined && { forgetting }) };
        } finally {
          if (!isSmall && (now !== base || !prior)) await now.dispose();
          if (!isSmall) await model.release();
        }
      },
      async dispose() {
        await latest?.view.dispose();
        await base.dispose();
        await program?.dispose();
      },
    };
  } catch (error) {
    await base.dispose();
    await program?.dispose();
    throw error;
  }
}

/** The low-rank updates of both maps, the first map's before the second's. */
function joined(
  first: ReadonlyMap<string, readonly Adapter[]>,
  second: ReadonlyMap<string, readonly Adapter[]>,
): ReadonlyMap<string, readonly Adapter[]> {
  const all = new Map(first);
  for (const [path, adapters] of second) all.set(path, [...(all.get(path) ?? []), ...adapters]);
  return all;
}
