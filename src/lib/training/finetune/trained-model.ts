// A model with the current weights of a training, for previews and for comparisons with the base model.

import type { WeightSource } from '../../engine/program.js';
import type { Model } from '../../models/model.js';
import { createPrograms } from '../../models/networks/programs.js';
import { runnableUnet } from '../../models/networks/run-unet.js';
import type { Adapter } from '../../models/networks/scope.js';
import { sizeOf } from '../../tensor/tensor.js';
import type { Weights } from '../loop/adamw.js';

/** The UNet of a training: its frozen weights, all low-rank updates, and the current trained weights. */
export interface TrainedUNet {
  readonly frozen: WeightSource;
  readonly adapters: ReadonlyMap<string, readonly Adapter[]>;
  readonly trained: Weights;
}

/**
 * `model` with another UNet. Text encoder and autoencoder are those of `model`, which the caller still owns; disposing of
 * the result closes only the sessions of its UNet. Trained weights are passed to each run: they are not copied and may
 * change.
 */
export function trainedModel(model: Model, { frozen, adapters, trained }: TrainedUNet): Model {
  const engine = { engine: model.engine, device: model.device, trained: new Set(trained.keys()) };
  const programs = createPrograms(frozen, unetBytes(model), engine);
  return {
    ...model,
    ...runnableUnet(programs, model.config.unet, { adapters, weights: trained, controls: model.controlNets }),
    weightAccess: () => programs.open.map(({ weights }) => weights),
    placements: () => programs.open.flatMap(({ placement }) => placement ?? []),
    async release() {
      await programs.dispose();
      await model.release();
    },
    dispose: () => programs.dispose(),
    [Symbol.asyncDispose]: () => programs.dispose(),
  };
}

/** Bytes of a model's UNet in float32. */
export function unetBytes(model: Model): number {
  let bytes = 0;
  for (const { shape } of model.checkpoint.unet.weights.values()) bytes += 4 * sizeOf(shape);
  return bytes;
}
