// The settings of the demo model's trainings, and the report of an update.

/** Trained parts: the autoencoder, its decoder alone, the denoising network with its text encoder, or its ControlNet. */
export const PARTS = ['vae', 'unet', 'decoder', 'controlnet'] as const;

export type Part = (typeof PARTS)[number];

/** Settings of a training. */
export interface PretrainOptions {
  /** The model's folder. */
  readonly out: string;
  /** Folder for checkpoints and rendered data. */
  readonly work: string;
  readonly seed: number;
  /** Pictures per update (for the autoencoder: crops of 64x64). */
  readonly batch: number;
  /** Number of updates. */
  readonly iterations: number;
  /** Number of different pictures for the denoising network and its ControlNet. */
  readonly pictures: number;
  /**
   * Peak learning rate; by default 1e-3 for the autoencoder and its decoder, 5e-4 for the denoising network, 3e-4 for its
   * ControlNet.
   */
  readonly learningRate?: number;
  /** Standard deviation of the channels' shift of the denoising network's noise (`offsetNoise`); 0 by default. */
  readonly noiseOffset?: number;
  /** Updates between checkpoints. */
  readonly saveEvery: number;
  /** Held-out pictures (autoencoder, 16 by default) or batches (networks on latents, 8 by default) for evaluation. */
  readonly heldOut?: number;
  /** Continues from the last checkpoint in `work`, bit-identically. */
  readonly resume: boolean;
  /** Starts from the weights in the model's folder instead of random ones, with a new optimizer state. */
  readonly fromWeights: boolean;
  /** Number of threads; by default the number of cores. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Defaults of the options except folders. */
export const PRETRAIN_DEFAULTS = { iterations: 20000, batch: 16, pictures: 16384, seed: 0, saveEvery: 250 } as const;

/** One update. */
export interface PretrainReport {
  readonly iteration: number;
  readonly loss: number;
  readonly secondsLeft: number | undefined;
  /** The update's loss and learning rate and, if it was saved, metrics on held-out pictures. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The measurements at a save, as text. */
  readonly note?: string;
}
