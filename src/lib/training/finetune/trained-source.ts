// Which model to open for trained weights: the base model with a LoRA file, or a diffusers folder in its place.

import { given } from '../../base/given.js';
import type { LoadModelOptions, Model } from '../../models/model.js';

/** Options that a trained diffusers folder replaces with its own content. */
const CHECKPOINT_OPTIONS = ['config', 'vae', 'prediction', 'variant'] as const;

/** A model as `loadModel(path, options)` opens it. */
export interface ModelSource<Options = LoadModelOptions> {
  readonly path: string;
  readonly options: Options;
}

/** Weights that a training has written. */
export interface TrainedFiles {
  readonly kind: 'lora' | 'diffusers';
  /** Path of the LoRA file, or of the diffusers folder. */
  readonly weights: string;
}

/**
 * The trained model, with everything else that `base` was opened with. A LoRA file goes on top of the base's own. A diffusers
 * folder has the configurations, the autoencoder and the prediction type of the training inside, and takes none from the base.
 */
export function trainedSource<Options extends LoadModelOptions>(
  { kind, weights }: TrainedFiles,
  base: ModelSource<Options>,
): ModelSource<Partial<Options>> {
  if (kind === 'lora') {
    const loras = [...(base.options.loras ?? []), { file: weights }];
    return { path: base.path, options: { ...base.options, loras } };
  }
  const options: Partial<Options> = { ...base.options };
  for (const name of CHECKPOINT_OPTIONS) delete options[name];
  return { path: weights, options };
}

/** What an open model was opened with, except for `strict`, `threads` and `onWarning`. */
export function sourceOf({ path, checkpoint, device, loras, embeddings, clipSkip }: Model): ModelSource {
  return { path, options: given({ ...checkpoint.options, device, loras, embeddings, clipSkip }) };
}
