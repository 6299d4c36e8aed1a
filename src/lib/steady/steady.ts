// Steadies a video that was restyled frame by frame, with whatever tool: reads it beside its source, writes the steadied
// one, and measures both.

import { extname, resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { OnProgress } from '../base/progress.js';
import type { Settings } from '../base/settings.js';
import { VERSION } from '../base/version.js';
import { warnOnStderr } from '../base/warn.js';
import { measure } from '../metrics/measure.js';
import type { Measurement } from '../metrics/measurement.js';
import { openPair } from '../metrics/open-pair.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { identifyingSettings } from '../settings/stored.js';
import { METHOD, type OUTPUT } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { videoComment, videoName } from '../video/metadata/video-comment.js';
import { openVideo } from '../video/read/open-video.js';
import type { RepeatableVideo, Video, VideoInput } from '../video/read/video.js';
import { hashVideo, repeatable } from '../video/read/video-input.js';
import { writeVideo } from '../video/write/write-video.js';
import { type MethodOptions, STEADIED_BY } from './methods.js';
import { openSteadyWork, type SteadyWork } from './work.js';

/** Options of `steady`. */
export interface SteadyOptions extends MethodOptions, OptionsOf<typeof METHOD>, OptionsOf<typeof OUTPUT> {
  /** Continue interrupted work on the same video with the same settings, if there is some. */
  readonly resume?: boolean;
  /** Called while frames are written, and while they are measured. */
  readonly onProgress?: OnProgress;
  /**
   * Called where the source is brought to the size or frame rate of the video, where sound is left out, and where unfinished
   * work is damaged.
   */
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
 * Until all is done, the steadied frames are kept in a folder `out.partial`. After an interruption, `resume` continues to the
 * same bytes.
 *
 * @param out an .mp4, .webp or .gif file, or a folder of PNG, as for `writeVideo`
 * @throws UsageError when a video cannot be opened, they differ in length or too much in shape, `out` is one of them, or
 *   unfinished work is there and `resume` is not set, or has other settings
 * @throws FailureError when the disk is full or ffmpeg fails; what is done can be continued
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
  const videos = { source: await repeatable(source), styled: await repeatable(styled) };
  const pair = await openPair(videos.source, videos.styled, { ...given({ signal }), onWarning });
  const timing = await pair.output.times();
  const { method } = withDefaults(METHOD, options);
  const { width, height } = pair.output;
  const work = await openSteadyWork(place, await settingsOf(videos, method, options), {
    ...{ resume: options.resume ?? false, frameBytes: 3 * width * height, onWarning },
  });
  let keep = true;
  try {
    const steadied = await STEADIED_BY[method].frames(pair, options, work);
    const { frames } = await writeVideo(out, allFrames(pair.output, work, steadied), {
      ...{ ...hooks, timing, expectedFrames: timing.times.length },
      ...given({ comment: await commentOf(videos, method, options) }),
      ...given({ audioFrom: soundOf(pair.output, { out, start: timing.start, onWarning }) }),
    });
    // An mp4 has even sides.
    const written = await openVideo(out, { exact: true, crop: { x: 0, y: 0, width, height }, ...given({ signal }) });
    const measured = await measure(pair.source, { before: pair.output, after: written }, given({ signal, onProgress }));
    const { before, after } = measured.outputs;
    keep = false;
    return { out: place, frames, source: measured.source.means, before: before.means, after: after.means };
  } catch (error) {
    keep = work.isContinued || !(error instanceof UsageError); // what cannot be is not kept
    throw error;
  } finally {
    await work.close(keep);
  }
}

/** The text for the metadata of the steadied video. */
function commentOf(
  { source, styled }: Readonly<Record<'source' | 'styled', RepeatableVideo>>,
  method: keyof typeof STEADIED_BY,
  options: SteadyOptions,
): Promise<string | undefined> {
  const own = identifyingSettings(STEADIED_BY[method].settings, options);
  const settings = { video: videoName(styled), source: videoName(source), method, ...own };
  return videoComment('steady', { videos: [styled, source], settings }, options);
}

/** The settings that determine the steadied video bit by bit. */
async function settingsOf(
  { source, styled }: Readonly<Record<'source' | 'styled', RepeatableVideo>>,
  method: keyof typeof STEADIED_BY,
  options: SteadyOptions,
): Promise<Settings> {
  const own = identifyingSettings(STEADIED_BY[method].settings, options);
  return { version: VERSION, method, ...own, source: await hashVideo(source), styled: await hashVideo(styled) };
}

/** The frames that are done, then the others, each of which is stored first. */
async function* allFrames(
  { width, height }: Video,
  { frames }: SteadyWork,
  others: AsyncIterable<Frame>,
): AsyncGenerator<Frame, void, undefined> {
  for await (const data of frames.records()) yield { width, height, data };
  for await (const frame of others) {
    await frames.append(frame.data);
    await frames.flush();
    yield frame;
  }
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
