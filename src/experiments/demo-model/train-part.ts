// Trains one part of the demo model from scratch, logged as a run.

import { assertInteger } from '../../lib/base/assert.js';
import { given } from '../../lib/base/given.js';
import { sha256Json } from '../../lib/base/hash.js';
import type { OnProgress } from '../../lib/base/progress.js';
import { withProgress } from '../../lib/tracking/log/log-progress.js';
import { plainFolder, type TrackingOptions, trackWork } from '../../lib/tracking/log/tracked-work.js';
import type { Part, PretrainOptions, PretrainReport } from './pretrain-options.js';
import { trainControlNet } from './train-controlnet.js';
import { trainUnet } from './train-unet.js';
import { trainVae } from './train-vae.js';

/** Settings of a training, and its callbacks. */
export interface TrainPartOptions extends PretrainOptions, TrackingOptions {
  readonly onProgress?: OnProgress;
  /** Called after each save with its measurements. */
  readonly onSaved?: (iteration: number, note: string) => void;
}

const trainings: Readonly<Record<Part, (options: PretrainOptions) => AsyncGenerator<PretrainReport, void, undefined>>> =
  {
    vae: (options) => trainVae('vae', options),
    decoder: (options) => trainVae('decoder', options),
    unet: trainUnet,
    controlnet: trainControlNet,
  };

/**
 * Runs or continues the training to its end. After every save, the network is in the model's folder, in diffusers' format.
 *
 * @throws UsageError for an invalid number, other settings on a resume, or a missing autoencoder
 */
export async function trainPart(part: Part, options: TrainPartOptions): Promise<void> {
  const { iterations, batch, pictures, seed, learningRate, noiseOffset, fromWeights, onSaved } = options;
  assertInteger('iterations: the number', iterations, 1);
  assertInteger('batch: the number of pictures', batch, 1);
  assertInteger('pictures: the number', pictures, 1);
  assertInteger('checkpoints: the number of updates between them', options.saveEvery, 1);
  const parameters = {
    ...{ part, iterations, batch, pictures, seed },
    ...{ learning_rate: learningRate, noise_offset: noiseOffset, from_weights: fromWeights },
  };
  const work = { ...options, experiment: 'pretrain', name: part, key: sha256Json(parameters), parameters };
  await trackWork(work, plainFolder, async ({ run, resumed }) => {
    const { onProgress } = withProgress(run, options);
    const steps = trainings[part](options);
    let first = true;
    for await (const { iteration, secondsLeft, metrics, note } of steps) {
      if (first && resumed) await run.rewind(iteration);
      first = false;
      run.logMetrics(metrics, { step: iteration });
      onProgress({ done: iteration, total: iterations, label: part, ...given({ secondsLeft }) });
      if (note !== undefined) onSaved?.(iteration, note);
    }
  });
}
