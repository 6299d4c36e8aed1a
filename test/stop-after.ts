// Callbacks that record progress and abort their own signal at a certain report.

import type { OnProgress, Progress } from '../src/lib/base/progress.js';

/** Callbacks whose signal is aborted with 'enough' when `done` units are reported; without a number they only record. */
export function stopAfter(done?: number): { heard: Progress[]; signal: AbortSignal; onProgress: OnProgress } {
  const controller = new AbortController();
  const heard: Progress[] = [];
  const onProgress = (progress: Progress): void => {
    heard.push(progress);
    if (progress.done === done) controller.abort(new Error('enough'));
  };
  return { heard, signal: controller.signal, onProgress };
}
