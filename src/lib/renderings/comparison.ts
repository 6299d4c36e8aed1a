// Renders one video several times over, cell by cell, and compares the results: videos, grid, metrics, curves. Resumable.

import { join, resolve } from 'node:path';
import type { Frames } from '../metrics/lockstep.js';
import { measure } from '../metrics/measure.js';
import type { Measurement } from '../metrics/measurement.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
import { trackWork } from '../tracking/log/tracked-work.js';
import { gridFrames } from '../video/layout/grid.js';
import type { FrameTimes } from '../video/times/frame-times.js';
import { sayTiming } from '../video/times/timing-note.js';
import { type WriteVideoOptions, writeVideo } from '../video/write/write-video.js';
import { type ComparisonFolder, openComparisonFolder } from './comparison-folder.js';
import type { ComparisonOptions, ComparisonResult } from './comparison-options.js';
import { checkRequest, gridColumns, openSource } from './comparison-plan.js';
import { settingsOf } from './comparison-settings.js';
import { writeCurves } from './curves.js';
import { comparisonRun, frameCounter, logComparison } from './log-comparison.js';
import { type RenderedCells, type RenderHooks, renderCells } from './render-frames.js';
import type { Cell } from './rendering.js';

const ROUND_TRIP = 'round-trip';

/**
 * Renders and compares.
 *
 * Nothing stands under its final name before it is whole; after an interruption, `resume` continues to the same bits.
 *
 * @throws UsageError for a bad video, strength, seed or folder; FailureError when numbers turn NaN or the disk is full
 */
export async function compareCells(
  kind: string,
  model: Model,
  path: string,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<ComparisonResult> {
  const planned = await checkRequest(model, cells, options);
  const video = await openSource(model, path, options);
  const settings = await settingsOf(kind, model, path, cells, options);
  const asked = comparisonRun(kind, model, path, cells, settings, options);
  const open = (out: string): Promise<ComparisonFolder> =>
    openComparisonFolder(out, settings, options.resume ?? false, options.onWarning);
  return trackWork(asked, open, async (work) => {
    const { folder, run } = work;
    options.onFolder?.(folder.out);
    const log = async (stored: Omit<ComparisonResult, 'out'>, outputs?: Record<string, Measurement>) => {
      const result = located(folder.out, stored);
      await logComparison(work, model, result, cells, options, outputs);
      return result;
    };
    if (folder.finished !== null) return log(folder.finished as Omit<ComparisonResult, 'out'>);
    const rendered = await renderCells(model, video, cells, folder.work, { ...options, onFrame: frameCounter(run) });
    try {
      const measured = await measureCells(rendered, cells, options);
      const { [ROUND_TRIP]: roundTrip, ...outputs } = measured.outputs as Record<string, Measurement>;
      const timing = await video.times();
      sayTiming(video, timing, options.onWarning);
      await writeVideos(rendered, cells, folder.out, timing, path, options);
      const curves = { source: measured.source, [ROUND_TRIP]: roundTrip, ...outputs };
      await writeCurves(join(folder.out, 'curves.csv'), curves);
      const result = {
        video: resolve(path),
        model: resolve(model.path),
        grid: 'grid.mp4',
        curves: 'curves.csv',
        frames: rendered.frames,
        frameRate: timing.frameRate,
        width: video.width,
        height: video.height,
        source: measured.source.means,
        roundTrip: roundTrip.means,
        roundTripVideo: `${ROUND_TRIP}.mp4`,
        cells: cells.map(({ name }, i) => ({ ...planned[i], video: `${name}.mp4`, metrics: outputs[name].means })),
        settings,
      };
      await rendered.close();
      await folder.finish(result);
      return log(result, outputs);
    } finally {
      await rendered.close();
    }
  });
}

function measureCells(rendered: RenderedCells, cells: readonly Cell[], { onProgress, signal }: RenderHooks) {
  const outputs: Record<string, Frames> = Object.fromEntries(cells.map(({ name }) => [name, rendered.cell(name)]));
  return measure(
    rendered.source(),
    { [ROUND_TRIP]: rendered.roundTrip(), ...outputs },
    { signal, onProgress, expectedFrames: rendered.frames },
  );
}

async function writeVideos(
  rendered: RenderedCells,
  cells: readonly Cell[],
  out: string,
  timing: FrameTimes,
  source: string,
  options: ComparisonOptions,
): Promise<void> {
  const { audio, signal, onWarning, onProgress } = options;
  const encode: WriteVideoOptions = {
    frameRate: timing.frameRate,
    timing,
    ...(signal && { signal }),
    ...(onWarning && { onWarning }),
    ...(audio && { audioFrom: { path: source, start: timing.start } }),
  };
  const grid = gridFrames([rendered.source(), ...cells.map(({ name }) => rendered.cell(name))], {
    columns: gridColumns(cells, options),
    labels: ['original', ...cells.map(({ label }) => label)],
  });
  const videos: [name: string, frames: AsyncIterable<Frame>][] = [
    ...cells.map(({ name }): [string, AsyncIterable<Frame>] => [name, rendered.cell(name)]),
    [ROUND_TRIP, rendered.roundTrip()],
    ['grid', grid],
  ];
  for (const [done, [name, frames]] of videos.entries()) {
    onProgress?.({ done, total: videos.length, label: 'writing videos' });
    await writeVideo(join(out, `${name}.mp4`), frames, encode);
  }
  onProgress?.({ done: videos.length, total: videos.length, label: 'writing videos' });
}

/** Absolute paths, whatever the folder was called when the result was stored. */
function located(out: string, result: Omit<ComparisonResult, 'out'>): ComparisonResult {
  return {
    out,
    ...result,
    grid: join(out, result.grid),
    curves: join(out, result.curves),
    roundTripVideo: join(out, result.roundTripVideo),
    cells: result.cells.map((cell) => ({ ...cell, video: join(out, cell.video) })),
  };
}
