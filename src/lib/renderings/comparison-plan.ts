// What a comparison will do, after checking everything that can be checked without rendering.

import { resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { Device } from '../engine/devices.js';
import { compile } from '../engine/onnx/compile.js';
import { ops as g } from '../graph/ops.js';
import type { Model } from '../models/model.js';
import { tensor } from '../tensor/tensor.js';
import { checkGridOptions } from '../video/layout/grid.js';
import { openForModel } from '../video/read/open-for-model.js';
import type { OpenVideoOptions, Video } from '../video/read/open-video.js';
import { checkComparisonFolder } from './comparison-folder.js';
import type { ComparisonOptions, ComparisonPlan } from './comparison-options.js';
import { workBytes } from './render-frames.js';
import { type Cell, type CellPlan, planCells } from './rendering.js';

/**
 * Says what a comparison would do. Touches nothing.
 *
 * @throws UsageError for a bad video, strength, seed or folder; FailureError when the device does not start
 */
export async function planComparison(
  model: Model,
  path: string,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<ComparisonPlan> {
  const { batch = 1, guidanceScale = 7.5, out, resume = false } = options;
  const planned = await checkRequest(model, cells, options);
  if (out !== undefined) await checkComparisonFolder(resolve(out), resume);
  const video = await openSource(model, path, options);
  const frames = video.expectedFrames;
  return {
    cells: planned,
    width: video.width,
    height: video.height,
    frameRate: video.frameRate,
    rowsPerPass: batch * (guidanceScale === 1 ? 1 : 2),
    ...(frames !== undefined && {
      frames,
      passes: planned.reduce((sum, { evaluations }) => sum + Math.ceil(frames / batch) * evaluations, 0),
      workBytes: workBytes(model, video, frames, cells.length),
    }),
  };
}

/**
 * Plans the cells and checks what is not the video's: options, and that the device starts.
 *
 * @throws UsageError for a bad strength, seed, sampler or number; FailureError when the device does not start
 */
export async function checkRequest(
  model: Model,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<CellPlan[]> {
  checkGridOptions(cells.length + 1, { columns: gridColumns(cells, options) });
  const planned = planCells(model, cells);
  await assertDeviceStarts(model.device);
  return planned;
}

/** Columns of the grid: as asked, else as square as possible. */
export function gridColumns(cells: readonly Cell[], { columns }: ComparisonOptions): number {
  return columns ?? Math.ceil(Math.sqrt(cells.length + 1));
}

/** The CPU always starts; whether another device does is known only when a graph runs on it. */
async function assertDeviceStarts(device: Device): Promise<void> {
  if (device === 'cpu') return;
  const program = await compile({ y: g.add(g.input('x', [1]), g.scalar(1)) }, new Map(), { device });
  try {
    await program.run({ x: tensor('float32', [1], Float32Array.of(1)) });
  } finally {
    await program.dispose();
  }
}

/**
 * Opens the video that is compared, cut and scaled as asked.
 *
 * @throws UsageError when it cannot be opened, does not fit the model, or lacks the sound that was asked for
 */
export async function openSource(model: Model, path: string, options: ComparisonOptions): Promise<Video> {
  const { size, start, duration, frames, every, crop, frameRate, signal, onWarning, audio } = options;
  const chosen: OpenVideoOptions = given({ size, start, duration, frames, every, crop, frameRate, signal, onWarning });
  const video = await openForModel(model, path, chosen);
  if (audio && !video.hasAudio) throw new UsageError(`${path}: has no sound to copy; leave out audio`);
  return video;
}
