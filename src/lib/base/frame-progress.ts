// Progress and cancellation of work frame by frame, whose number of frames may be unknown.

import type { OnProgress } from './progress.js';

/** Hooks of work on frames. */
export interface FrameHooks {
  /** Called after each frame. */
  readonly onProgress?: OnProgress;
  /** Expected number of frames, the total of `onProgress`; without it the total is the number done. */
  readonly expectedFrames?: number;
  /** Stops after the current frame; the signal's reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Counts a finished frame: throws if the signal is aborted, reports progress otherwise. */
export function frameDone(done: number, label: string, { onProgress, expectedFrames = 0, signal }: FrameHooks): void {
  signal?.throwIfAborted();
  onProgress?.({ done, total: Math.max(done, expectedFrames), label });
}
