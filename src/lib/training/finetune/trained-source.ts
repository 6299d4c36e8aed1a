// The model to open for trained weights: the base model with a LoRA file, or a diffusers folder.

import { given } from '../../base/given.js';
import { requestOf } from '../../models/controls/controls.js';
import type { LoadModelOptions, Model } from '../../models/model.js';

/** Options that a trained diffusers folder replaces with its own content. */
const CHECKPOINT_OPTIONS = ['config', 'vae', 'prediction', 'variant'] as const;

/** Path and options of a model for `loadModel(path, options)`. */
export interface ModelSource<Options = LoadModelOptions> {
  readonly path: string;
  readonly options: Options;
}

/** Weights written by a training. */
export interface TrainedFiles {
  readonly kind: 'lora' | 'diffusers';
  /** Path of the LoRA file, or of the diffusers folder. */
  readonly weights: string;
}

/**
 * The trained model, with all other options of `base`. A LoRA file is added to the base's own. A diffusers folder contains
 * the configurations, the autoencoder and the prediction type of the training, and ignores these options of the base.
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

/** The options of an open model, except `strict`, `threads` and `onWarning`. */
export function sourceOf({
  path,
  checkpoint,
  engine,
  device,
  precision,
  loras,
  embeddings,
  controls,
  clipSkip,
}: Model): ModelSource {
  return {
    path,
    options: given({
      ...checkpoint.options,
      engine,
      device,
      precision: precision === 'float32' ? undefined : precision,
      loras,
      embeddings,
      controls: controls.map(requestOf),
      clipSkip,
    }),
  };
}
