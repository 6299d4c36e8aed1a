// The settings of the demo model's trainings, and what each of their updates reports.

/** What is trained: the autoencoder, its decoder alone, or the denoising network with its text encoder. */
export const PARTS = ['vae', 'unet', 'decoder'] as const;

export type Part = (typeof PARTS)[number];

/** Settings of a training. */
export interface PretrainOptions {
  /** The model's folder. */
  readonly out: string;
  /** Folder for checkpoints and rendered data. */
  readonly work: string;
  readonly seed: number;
  /** Pictures (of the autoencoder: crops of 64x64) an update. */
  readonly batch: number;
  /** Updates in all. */
  readonly iterations: number;
  /** Different pictures that the denoising network sees. */
  readonly pictures: number;
  /** At its peak; 1e-3 for the autoencoder and its decoder, 5e-4 for the denoising network by default. */
  readonly learningRate?: number;
  /** Deviation of the shift of a channel of the denoising network's noise (`offsetNoise`); 0 by default. */
  readonly noiseOffset?: number;
  /** Updates between checkpoints. */
  readonly saveEvery: number;
  /** Held-out pictures that judge a save of the autoencoder, 16 by default; of the denoising network batches, 8 by default. */
  readonly heldOut?: number;
  /** Continues from the last checkpoint in `work`, to the same bits as without the interruption. */
  readonly resume: boolean;
  /** Starts from the weights in the model's folder instead of random ones, with a fresh optimizer. */
  readonly fromWeights: boolean;
  /** Threads; as many as there are cores by default. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** The defaults, but for the folders. */
export const PRETRAIN_DEFAULTS = { iterations: 20000, batch: 16, pictures: 16384, seed: 0, saveEvery: 250 } as const;

/** One update. */
export interface PretrainReport {
  readonly iteration: number;
  readonly loss: number;
  readonly secondsLeft: number | undefined;
  /** The update's loss and learning rate; where it was saved, how good the network is on pictures that training never sees. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What was measured when the update was saved. */
  readonly note?: string;
}
