// A running training: its loss as a curve that is updated in place, and its first and latest previews.

import { runningMean } from '../report/chart-math.js';
import type { Chart } from '../report/chart-picture.js';
import { liveProgress } from './live-progress.js';
import { show } from './show.js';
import { showFrames } from './show-frames.js';
import { type ShowOptions, showSettings } from './show-options.js';
import { showPlot } from './show-plot.js';
import { notebookKernel } from './tslab-kernel.js';

/**
 * One update of a training, as yielded by `finetune`.
 *
 * @inline
 */
export interface ShownStep {
  readonly iteration: number;
  readonly loss: number;
  readonly secondsLeft?: number;
  readonly before?: ShownPreview;
  readonly preview?: ShownPreview;
}

/**
 * A preview of a training: paths of pictures.
 *
 * @inline
 */
export interface ShownPreview {
  readonly iteration: number;
  readonly pictures: readonly string[];
}

/**
 * Options of showing a training.
 *
 * @inline
 */
export interface ShowTrainingOptions extends ShowOptions {
  /** Total number of iterations, for the progress; without it, none is shown. */
  readonly iterations?: number;
  /** Milliseconds between updates of the curve; 1000 by default. */
  readonly interval?: number;
  /** Called with each update. */
  readonly onStep?: (step: ShownStep) => void;
}

/**
 * Runs a training to its end and shows it meanwhile: `const result = await showTraining(finetune(model, video, options))`. A
 * saved notebook has only the last state. Returns the result of the training.
 *
 * @throws the errors of the training
 */
export async function showTraining<Result>(
  training: AsyncIterable<ShownStep> & PromiseLike<Result>,
  options: ShowTrainingOptions = {},
): Promise<Result> {
  const { iterations, interval = 1000, onStep } = options;
  const settings = showSettings(options);
  const kernel = notebookKernel();
  const progress = liveProgress();
  const curve = kernel?.openSlot();
  const pictures = kernel?.openSlot();
  const losses: [iteration: number, loss: number][] = [];
  let before: ShownPreview | undefined;
  let latest: ShownPreview | undefined;
  let drawnAt = performance.now();
  try {
    for await (const step of training) {
      const { iteration, loss, secondsLeft } = step;
      losses.push([iteration, loss]);
      if (iterations !== undefined) {
        const left = secondsLeft !== undefined && { secondsLeft };
        progress.report({
          done: iteration,
          total: iterations,
          label: 'iterations',
          ...left,
          detail: `loss ${loss.toPrecision(3)}`,
        });
      }
      before ??= step.before;
      if (step.preview) {
        latest = step.preview;
        pictures?.draw((await showFrames(compared(before, latest), settings)).bundle);
      }
      onStep?.(step);
      if (curve && performance.now() - drawnAt > interval) {
        curve.draw((await showPlot({ plot: chartOf(losses) }, settings, false)).bundle);
        drawnAt = performance.now();
      }
    }
    if (losses.length > 0) await finish();
    return await training;
  } finally {
    progress.close();
  }

  async function finish(): Promise<void> {
    const plot = chartOf(losses);
    if (curve) {
      curve.draw((await showPlot({ plot }, settings)).bundle);
      return;
    }
    await show({ plot }, options);
    if (latest) await show(compared(before, latest), options);
  }
}

/** The loss of each update, and its running mean. */
function chartOf(losses: readonly (readonly [number, number])[]): Chart {
  const mean = runningMean(
    losses.map(([, loss]) => loss),
    1 - 1 / Math.max(5, losses.length / 5),
  );
  return {
    title: `loss over ${losses.length} iterations`,
    xLabel: 'iteration',
    lines: [
      { label: 'each update', points: losses },
      { label: 'running mean', points: losses.map(([iteration, loss], i) => [iteration, mean[i] ?? loss]) },
    ],
  };
}

/** The first preview above the latest. */
function compared(before: ShownPreview | undefined, latest: ShownPreview) {
  const shown = before === undefined || before.iteration === latest.iteration ? [latest] : [before, latest];
  return {
    frames: shown.flatMap((preview) => preview.pictures),
    columns: latest.pictures.length,
    rows: shown.map(({ iteration }) => (iteration === 0 ? 'before' : `iteration ${iteration}`)),
  };
}
