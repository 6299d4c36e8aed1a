// How many frames of the video, and how many iterations, does finetuning need? One training for each number of frames,
// rendered and measured at every stop. Resumable.

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { FailureError } from '../../lib/base/errors.js';
import { streamed } from '../../lib/base/streamed.js';
import type { EditedFrame } from '../../lib/edits/edited-frame.js';
import type { MetricName, MetricValue } from '../../lib/metrics/measurement.js';
import { loadModel, type Model } from '../../lib/models/model.js';
import type { RenderHooks } from '../../lib/renderings/fill-journals.js';
import { type Chart, writeChart } from '../../lib/report/chart-picture.js';
import type { Frame } from '../../lib/tensor/frame.js';
import { finetune } from '../../lib/training/finetune/finetune.js';
import { readPreview } from '../../lib/training/finetune/preview.js';
import { readPicture } from '../../lib/video/still.js';
import {
  type HeldOutShot,
  heldOutShot,
  shotCarRegions,
  shotFrames,
  shotPicture,
} from '../../lib/world/held-out-shots.js';
import type { Style } from '../../lib/world/styles/styles.js';
import { judgeEdit } from '../../lib/world/truth/judge-edit.js';

/** Options of the study. */
export interface FramesAndIterationsOptions extends RenderHooks {
  readonly model: string;
  /** Folder of all results; existing ones are kept. */
  readonly out: string;
  readonly shot: string;
  readonly style: Style;
  readonly prompts: readonly string[];
  /** Number of frames of the shot, and frames per second. */
  readonly length: { readonly frames: number; readonly frameRate: number };
  /** The successive frames that are rendered and measured at each stop. */
  readonly judged: { readonly from: number; readonly frames: number };
  readonly trainingFrames: readonly number[];
  /** Total number of iterations, and iterations between stops. */
  readonly iterations: number;
  readonly every: number;
  readonly learningRate: number;
  readonly batch: number;
  readonly guidance: number;
  readonly onNote?: (text: string) => void;
}

/** The study of README.md: a video of the published length, measured 1.5 seconds away from the edited frame. */
export const DEMO_STUDY = {
  shot: 'red-car-curve',
  length: { frames: 300, frameRate: 30 },
  judged: { from: 104, frames: 16 },
  style: 'neon',
  prompts: ['a cyberpunk neon painting of a city street at night', 'a neon painting of a street at night'],
  trainingFrames: [1, 5, 10, 30],
  iterations: 1000,
  every: 100,
  learningRate: 1e-4,
  batch: 4,
  guidance: 1,
} as const;

/** One stop of one training. */
export interface Stop {
  readonly trainingFrames: number;
  readonly iterations: number;
  /** Mean absolute error relative to the true styled shot. */
  readonly truthError: number;
  readonly carCorrelation: number | null;
  readonly metrics: Readonly<Partial<Record<MetricName, MetricValue>>>;
}

/** Runs missing trainings; writes `result.json` and `chart.png`. The edited frame is the true one, to isolate the method. */
export async function runFramesAndIterations(options: FramesAndIterationsOptions): Promise<Stop[]> {
  const { out, trainingFrames, onNote } = options;
  await mkdir(out, { recursive: true });
  const shot = { ...heldOutShot(options.shot), ...options.length };
  const stops: Stop[] = [];
  const model = await loadModel(options.model);
  try {
    for (const count of trainingFrames) {
      onNote?.(`${count} training ${count === 1 ? 'frame' : 'frames'} ...`);
      stops.push(...(await trainAndJudge(model, shot, count, options)));
      const { style, prompts, length, judged, learningRate, batch, guidance } = options;
      const settings = { shot: shot.name, style, prompts, length, judged, learningRate, batch, guidance };
      await writeFileAtomic(join(out, 'result.json'), `${JSON.stringify({ settings, stops }, null, 1)}\n`);
      await writeChart(join(out, 'chart.png'), chartOf(stops));
    }
  } finally {
    await model.dispose();
  }
  return stops;
}

async function trainAndJudge(
  model: Model,
  shot: HeldOutShot,
  trainingFrames: number,
  options: FramesAndIterationsOptions,
): Promise<Stop[]> {
  const { style, prompts, judged, iterations, every, guidance, onProgress, signal } = options;
  const folder = join(options.out, `frames-${trainingFrames}`);
  const finished = join(folder, 'stops.json');
  if (existsSync(finished)) return JSON.parse(await readFile(finished, 'utf8')) as Stop[];
  const middle = Math.floor(shot.frames / 2);
  const picture = shotPicture(shot, middle, style);
  const edits: EditedFrame[] = prompts.map((prompt) => ({ picture, frame: middle, prompt }));
  await finetune(
    model,
    { [Symbol.asyncIterator]: () => shotFrames(shot) },
    {
      out: folder,
      resume: true,
      edits,
      trainingFrames,
      objective: 'rendering-path',
      train: 'all',
      learningRate: options.learningRate,
      trainingBatch: options.batch,
      iterations,
      checkpointEvery: every,
      previewEvery: every,
      preview: { ...judged, strength: 0.45, guidanceScale: guidance },
      onProgress: (progress) => onProgress?.({ ...progress, label: `${progress.label} ${framesOf(trainingFrames)}` }),
      ...(signal && { signal }),
    },
  );
  const truth: Frame[] = [];
  for await (const frame of shotFrames(shot, style, judged)) truth.push(frame);
  const cars = shotCarRegions(shot).slice(judged.from, judged.from + judged.frames);
  const stops: Stop[] = [];
  for (let iteration = 0; iteration <= iterations; iteration += every) {
    const preview = await readPreview(folder, iteration);
    if (!preview)
      throw new FailureError(`${folder}: has no preview of iteration ${iteration}; delete it to train anew`);
    const { pictures, metrics } = preview;
    const { truthError, carCorrelation } = await judgeEdit(readPictures(pictures), streamed(truth), cars);
    stops.push({ trainingFrames, iterations: iteration, truthError, carCorrelation, metrics });
  }
  await writeFileAtomic(finished, `${JSON.stringify(stops, null, 1)}\n`);
  await rm(join(folder, 'checkpoints'), { recursive: true, force: true });
  return stops;
}

async function* readPictures(paths: readonly string[]): AsyncGenerator<Frame> {
  for (const path of paths) yield await readPicture(path);
}

/** `1 frame`, `30 frames`. */
const framesOf = (count: number): string => `${count} ${count === 1 ? 'frame' : 'frames'}`;

function chartOf(stops: readonly Stop[]): Chart {
  const counts = [...new Set(stops.map(({ trainingFrames }) => trainingFrames))];
  return {
    title: 'Error to the true styled shot (mean absolute, 0..255)',
    xLabel: 'iterations',
    marked: true,
    lines: counts.map((count) => ({
      label: framesOf(count),
      points: stops
        .filter(({ trainingFrames }) => trainingFrames === count)
        .map(({ iterations, truthError }) => [iterations, truthError] as const),
    })),
  };
}

/** Characters per cell of the table. */
const COLUMN = 28;

/** The stops as a table: a row per number of iterations, a column per number of training frames. */
export function formatStops(stops: readonly Stop[]): string {
  const counts = [...new Set(stops.map(({ trainingFrames }) => trainingFrames))];
  const iterations = [...new Set(stops.map((stop) => stop.iterations))];
  const cell = (count: number, iteration: number): string => {
    const stop = stops.find((each) => each.trainingFrames === count && each.iterations === iteration);
    if (!stop) return '-'.padStart(COLUMN);
    const { warping_error_normalised: warping, flicker_ratio: flicker } = stop.metrics;
    const numbers = [
      stop.truthError.toFixed(1),
      stop.carCorrelation?.toFixed(2),
      warping?.toFixed(3),
      flicker?.toFixed(2),
    ];
    return numbers
      .map((text) => text ?? '-')
      .join('  ')
      .padStart(COLUMN);
  };
  const head = `iterations${counts.map((count) => framesOf(count).padStart(COLUMN)).join('')}`;
  const rows = iterations.map((each) => String(each).padStart(10) + counts.map((count) => cell(count, each)).join(''));
  return [
    head,
    ...rows,
    'each: error to the truth, car correlation, warping error per variance, frame difference per source',
  ].join('\n');
}
