// What the trainings of the demo model's parts have in common.

/** Settings of a training. */
export interface PretrainOptions {
  /** The model's folder. */
  readonly out: string;
  /** Folder for checkpoints. */
  readonly work: string;
  readonly seed: number;
  readonly batch: number;
  /** Updates in all. */
  readonly iterations: number;
  /** At its peak. */
  readonly learningRate?: number;
  /** Updates between checkpoints. */
  readonly saveEvery: number;
  readonly resume: boolean;
  /** Starts from the weights in the model's folder instead of random ones, with a fresh optimizer. */
  readonly from: boolean;
  /** As many as there are cores by default. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** One update. */
export interface PretrainReport {
  readonly iteration: number;
  readonly loss: number;
  readonly secondsLeft: number | undefined;
  /** The update's loss and learning rate; where it was saved, how good the network is on pictures that training never sees. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What was found when the update was saved. */
  readonly note?: string;
}
