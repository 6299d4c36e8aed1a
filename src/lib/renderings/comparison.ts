// Renders one video several times and compares the results: videos, grid, metrics, curves. Resumable.

import { join, resolve } from 'node:path';
import { given } from '../base/given.js';
import type { Measurement } from '../metrics/measurement.js';
import type { Model } from '../models/model.js';
import { withProgress } from '../tracking/log/log-progress.js';
import { trackWork } from '../tracking/log/tracked-work.js';
import { locationOf, type VideoInput } from '../video/read/video.js';
import { repeatable } from '../video/read/video-input.js';
import { sayTiming } from '../video/times/timing-note.js';
import { type ComparisonFolder, openComparisonFolder } from './comparison-folder.js';
import type { Compared, ComparisonOptions, ComparisonResult } from './comparison-options.js';
import { checkRequest, gridColumns, openSource } from './comparison-plan.js';
import { settingsOf } from './comparison-settings.js';
import { writeCurves } from './curves.js';
import { maskInputs } from './hash-masks.js';
import { comparisonRun, frameCounter, logComparison } from './log-comparison.js';
import { commentsOf, comparisonComments } from './made-with.js';
import { gridOf, openRenderedVideo, type Readable } from './rendered-video.js';
import { picturesOf } from './rendering.js';

const ROUND_TRIP = 'round-trip';

/**
 * Renders and compares.
 *
 * Files get their final names once complete. After an interruption, `resume` continues to bit-identical results.
 *
 * @throws UsageError for a bad video, strength, seed or folder; FailureError when numbers turn NaN or the disk is full
 */
export async function compareRenderings(
  model: Model,
  { kind, video: input, renderings }: Omit<Compared, 'video'> & { readonly video: VideoInput },
  options: ComparisonOptions,
): Promise<ComparisonResult> {
  const source = await repeatable(input);
  const compared: Compared = { kind, video: source, renderings };
  const planned = await checkRequest(model, renderings, options);
  const video = await openSource(model, source, options);
  const settings = await settingsOf(kind, model, compared, options);
  const open = (out: string): Promise<ComparisonFolder> =>
    openComparisonFolder(out, settings, options.resume ?? false, options.onWarning);
  return trackWork(comparisonRun(model, compared, settings, options), open, async (work) => {
    const { folder, run } = work;
    options.onFolder?.(folder.out);
    const log = async (stored: Omit<ComparisonResult, 'out'>, outputs?: Record<string, Measurement>) => {
      const result = located(folder.out, stored);
      await logComparison(work, model, { result, renderings, ...given({ outputs }) }, options);
      return result;
    };
    if (folder.finished !== null) return log(folder.finished as Omit<ComparisonResult, 'out'>);
    const hooks = withProgress(run, { ...options, onFrame: frameCounter(run) });
    const rendered = await openRenderedVideo(
      model,
      video,
      { work: folder.work, expected: picturesOf(renderings) },
      hooks,
    );
    try {
      await rendered.render(renderings);
      const outputs: Record<string, Readable> = Object.fromEntries(
        renderings.map(({ name }) => [name, () => rendered.rendering(name)]),
      );
      const judged = await rendered.judge({ [ROUND_TRIP]: rendered.roundTrip, ...outputs }, { masked: options });
      const timing = await video.times();
      sayTiming(video, timing, options.onWarning);
      const beside = renderings.map(({ name, label }) => [label, outputs[name]] as const);
      const grid = gridOf([['original', rendered.source], ...beside], gridColumns(renderings, options));
      const videos = { ...outputs, [ROUND_TRIP]: rendered.roundTrip, grid };
      const files = Object.fromEntries(Object.entries(videos).map(([name, read]) => [`${name}.mp4`, read]));
      const from = { video: source, hashes: settings, inputs: await maskInputs(options) };
      const comment = commentsOf(model, from, options);
      const { all, each } = comparisonComments(compared, model, comment, options);
      const named = { ...each, [ROUND_TRIP]: all, grid: all };
      await rendered.write(folder.out, files, {
        audioFrom: options.audio ? video.path : undefined,
        comments: Object.fromEntries(Object.entries(named).map(([name, text]) => [`${name}.mp4`, text])),
      });
      const { [ROUND_TRIP]: roundTrip, ...measured } = judged.outputs as Record<string, Measurement>;
      await writeCurves(join(folder.out, 'curves.csv'), { source: judged.source, ...judged.outputs });
      const result = {
        video: locationOf(source),
        model: resolve(model.path),
        grid: 'grid.mp4',
        curves: 'curves.csv',
        frames: rendered.frames,
        frameRate: timing.frameRate,
        width: video.width,
        height: video.height,
        source: judged.source.means,
        roundTrip: roundTrip.means,
        roundTripVideo: `${ROUND_TRIP}.mp4`,
        cells: renderings.map(({ name }, i) => ({
          ...planned[i],
          video: `${name}.mp4`,
          metrics: measured[name].means,
        })),
        settings,
      };
      await rendered.close();
      await folder.finish(result);
      return log(result, measured);
    } finally {
      await rendered.close();
    }
  });
}

/** The result with absolute paths, for a folder that may have been renamed since. */
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
