// The plan of a comparison, after every check that is possible without rendering.

import { resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import { openMaps, shownFiles } from '../diffusion/seen-frames.js';
import { compile } from '../engine/compile.js';
import { ops as g } from '../graph/ops.js';
import type { Model } from '../models/model.js';
import { givenSettings, withDefaults } from '../settings/defaults.js';
import { guidanceKeys } from '../settings/schedule.js';
import type { OptionsOf } from '../settings/setting.js';
import { type MASKED, RENDER, SELECTION } from '../settings/table.js';
import { tensor } from '../tensor/tensor.js';
import { checkGridOptions } from '../video/layout/grid.js';
import { openForModel } from '../video/read/open-for-model.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';
import type { Video, VideoInput } from '../video/read/video.js';
import { checkComparisonFolder } from './comparison-folder.js';
import type { ComparisonOptions, ComparisonPlan } from './comparison-options.js';
import { partSeconds } from './part-seconds.js';
import { workBytes } from './rendered-video.js';
import { picturesOf, planRenderings, type Rendering, type RenderingPlan, renderedFrames } from './rendering.js';

/** Options of a plan. */
export interface PlanOptions {
  /** Whether the parts of the work are run and timed on two frames, to say how long it takes; by default not. */
  readonly timed?: boolean;
}

/**
 * Plans a comparison without writing anything.
 *
 * @throws UsageError for a bad video, strength, seed or folder; FailureError when the device does not start
 */
export async function planComparison(
  model: Model,
  { video: input, renderings }: { readonly video: VideoInput; readonly renderings: readonly Rendering[] },
  { timed = false, ...options }: ComparisonOptions & PlanOptions,
): Promise<ComparisonPlan> {
  const { batch, out, resume = false, ...settings } = withDefaults(RENDER, options);
  const planned = await checkRequest(model, renderings, options);
  if (out !== undefined) await checkComparisonFolder(resolve(out), resume);
  const video = await openSource(model, input, options);
  const frames = video.expectedFrames;
  const seconds =
    timed && frames !== undefined ? await comparisonSeconds(model, video, { planned, renderings }, options) : undefined;
  return {
    cells: planned,
    width: video.width,
    height: video.height,
    frameRate: video.frameRate,
    rowsPerPass: batch * (guidanceKeys(settings).every(({ value }) => value === 1) ? 1 : 2),
    ...(frames !== undefined && {
      frames,
      passes: planned.reduce(
        (sum, { evaluations }, i) =>
          sum + Math.ceil(renderedFrames(renderings[i].options, frames) / batch) * evaluations,
        0,
      ),
      workBytes: workBytes(model, video, frames, picturesOf(renderings)),
    }),
    ...given({ seconds }),
  };
}

/** Seconds of a whole comparison on this machine: encoding, round trip, renderings, metrics; without writing the videos. */
async function comparisonSeconds(
  model: Model,
  video: Video,
  { planned, renderings }: { readonly planned: readonly RenderingPlan[]; readonly renderings: readonly Rendering[] },
  options: ComparisonOptions,
): Promise<number> {
  const frames = video.expectedFrames!;
  const { batch } = withDefaults(RENDER, options);
  const parts = await partSeconds(model, video, options);
  const [encode, pass, decode] = [await parts.encode(), await parts.pass(), await parts.decode()];
  const [measure, motion] = [await parts.measure(), options.steady ? await parts.motion() : 0];
  const each = renderings.map(({ options: own }, i) => {
    const rendered = renderedFrames(own, frames);
    const seconds = Math.ceil(rendered / batch) * planned[i].evaluations * pass + rendered * decode;
    return seconds + frames * (measure + motion);
  });
  return frames * (encode + decode + measure) + each.reduce((sum, seconds) => sum + seconds, 0);
}

/**
 * Plans the renderings and checks everything but the video: options, and that the device starts.
 *
 * @throws UsageError for a bad strength, seed, sampler or number; FailureError when the device does not start
 */
export async function checkRequest(
  model: Model,
  renderings: readonly Rendering[],
  options: ComparisonOptions,
): Promise<RenderingPlan[]> {
  checkGridOptions(renderings.length + 1, { columns: gridColumns(renderings, options) });
  const planned = planRenderings(model, renderings);
  await assertDeviceStarts(model);
  return planned;
}

/** Columns of the grid: as given, else as square as possible. */
export function gridColumns(renderings: readonly Rendering[], { columns }: ComparisonOptions): number {
  return columns ?? Math.ceil(Math.sqrt(renderings.length + 1));
}

/** Checks that a model's device starts by running a graph on it; ONNX Runtime's CPU always starts. */
async function assertDeviceStarts({ engine, device, precision }: Model): Promise<void> {
  if (engine === 'onnx' && device === 'cpu') return;
  const program = await compile({ y: g.add(g.input('x', [1]), g.scalar(1)) }, new Map(), {
    ...{ engine, device, precision },
  });
  try {
    await program.run({ x: tensor('float32', [1], Float32Array.of(1)) });
  } finally {
    await program.dispose();
  }
}

/** Options of opening the source. */
export type SourceOptions = OptionsOf<typeof SELECTION & typeof MASKED> &
  Pick<OpenVideoOptions, 'crop' | 'signal' | 'onWarning'> & { readonly audio?: boolean };

/**
 * Opens the compared video, selected and scaled by the options.
 *
 * @throws UsageError when it cannot be opened, does not fit the model or the maps of its controls, or has no sound and
 *   `audio` is set
 */
export async function openSource(model: Model, input: VideoInput, options: SourceOptions): Promise<Video> {
  const { crop, signal, onWarning, audio } = options;
  const chosen = { ...givenSettings(SELECTION, options), ...given({ crop, signal, onWarning }) };
  const video = await openForModel(model, input, chosen);
  if (audio && !video.hasAudio) throw new UsageError(`${video.path}: has no sound to copy; leave out audio`);
  await openMaps(shownFiles(model, options), video, given({ signal, onWarning }));
  return video;
}
