// Progress and cancellation of work that goes frame by frame and may not know beforehand how many there are.

import type { OnProgress } from './progress.js';

/** Hooks of work on frames. */
export interface FrameHooks {
  /** Called after each frame. */
  readonly onProgress?: OnProgress;
  /** The number of frames to expect, for the total of `onProgress`; without it the total is what is done. */
  readonly expectedFrames?: number;
  /** Stops after the current frame; the signal's reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Counts a finished frame: throws where the signal is aborted, reports it otherwise. */
export function frameDone(done: number, label: string, { onProgress, expectedFrames = 0, signal }: FrameHooks): void {
  signal?.throwIfAborted();
  onProgress?.({ done, total: Math.max(done, expectedFrames), label });
}
