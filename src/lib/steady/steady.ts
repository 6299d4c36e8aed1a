// Steadies a video that was restyled frame by frame, with whatever tool: reads it beside its source, writes the steadied
// one, and measures both.

import { rm } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { OnProgress } from '../base/progress.js';
import { warnOnStderr } from '../base/warn.js';
import { measure } from '../metrics/measure.js';
import type { Measurement } from '../metrics/measurement.js';
import { openPair } from '../metrics/open-pair.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { METHOD } from '../settings/table.js';
import { openVideo } from '../video/read/open-video.js';
import type { Video, VideoInput } from '../video/read/video.js';
import { writeVideo } from '../video/write/write-video.js';
import { type MethodOptions, STEADIED_BY } from './methods.js';

/** Options of `steady`. */
export interface SteadyOptions extends MethodOptions, OptionsOf<typeof METHOD> {
  /** Called while frames are written, and while they are measured. */
  readonly onProgress?: OnProgress;
  /** Called where the source is brought to the size or frame rate of the video, and where sound is left out. */
  readonly onWarning?: (message: string) => void;
}

/** The result of `steady`: means of all metrics against the source. */
export interface SteadyResult {
  /** Absolute path of the video. */
  readonly out: string;
  readonly frames: number;
  /** The source's own values. */
  readonly source: Measurement['means'];
  readonly before: Measurement['means'];
  /** Those of the written file. */
  readonly after: Measurement['means'];
}

/**
 * Writes a steadied copy of a restyled video, by default with keyframes that are kept, and the frames between them carried
 * along the source's motion (see `carryKeyframes`). The source is brought to the size and frame rate of the restyled video,
 * whose frame times and sound are kept.
 *
 * @param out an .mp4, .webp or .gif file, or a folder of PNG, as for `writeVideo`
 * @throws UsageError when a video cannot be opened, they differ in length or too much in shape, or `out` is one of them
 * @throws FailureError when the disk is full or ffmpeg fails; nothing is left behind then
 */
export async function steady(
  source: VideoInput,
  styled: VideoInput,
  out: string,
  options: SteadyOptions = {},
): Promise<SteadyResult> {
  const { signal, onProgress, onWarning = warnOnStderr } = options;
  const place = resolve(out);
  for (const input of [source, styled]) {
    if (typeof input === 'string' && resolve(input) === place) {
      throw new UsageError(`${out}: the steadied video cannot replace one that it is made from; give another name`);
    }
  }
  const hooks = given({ signal, onProgress, onWarning });
  const pair = await openPair(source, styled, { ...given({ signal }), onWarning });
  const timing = await pair.output.times();
  const { method } = withDefaults(METHOD, options);
  // Only a training leaves unfinished work; a folder of that name is not ours otherwise.
  const work = method === 'prior' ? `${place}.partial` : undefined;
  const steadied = STEADIED_BY[method](pair.source, pair.output, { ...options, ...given({ work }) });
  const { frames } = await writeVideo(out, steadied, {
    ...{ ...hooks, timing, expectedFrames: timing.times.length },
    ...given({ audioFrom: soundOf(pair.output, { out, start: timing.start, onWarning }) }),
  });
  if (work !== undefined) await rm(work, { recursive: true, force: true });
  const { width, height } = pair.output;
  // An mp4 has even sides.
  const written = await openVideo(out, { exact: true, crop: { x: 0, y: 0, width, height }, ...given({ signal }) });
  const measured = await measure(pair.source, { before: pair.output, after: written }, given({ signal, onProgress }));
  const { before, after } = measured.outputs;
  return { out: place, frames, source: measured.source.means, before: before.means, after: after.means };
}

/** The file whose sound the steadied video gets. */
function soundOf(
  { path, hasAudio, isStored }: Video,
  {
    out,
    start,
    onWarning,
  }: { readonly out: string; readonly start: number; readonly onWarning: (message: string) => void },
): { path: string; start: number } | undefined {
  if (!hasAudio || !isStored) return undefined;
  if (extname(out).toLowerCase() === '.mp4') return { path, start };
  onWarning(`'${out}' cannot hold sound: that of '${path}' is left out; write an .mp4 to keep it`);
  return undefined;
}
