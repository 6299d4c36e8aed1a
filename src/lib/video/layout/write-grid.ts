// Writes the grid of videos as a video.

import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { OptionsOf } from '../../settings/setting.js';
import type { OUTPUT } from '../../settings/table.js';
import type { Frame } from '../../tensor/frame.js';
import { videoComment, videoName } from '../metadata/video-comment.js';
import { fitVideo } from '../read/fit-video.js';
import { openVideo } from '../read/open-video.js';
import type { RepeatableVideo, Video, VideoInput } from '../read/video.js';
import { repeatable } from '../read/video-input.js';
import { type FrameTimes, frameAt, pickInOrder, TIME_SLACK } from '../times/frame-times.js';
import { type WriteVideoOptions, writeVideo } from '../write/write-video.js';
import { checkGridOptions, type GridEnd, type GridOptions, gridFrames } from './grid.js';

/**
 * Options of a written grid.
 *
 * @inline
 */
export interface GridFilesOptions
  extends GridOptions,
    OptionsOf<typeof OUTPUT>,
    Omit<WriteVideoOptions, 'frameRate' | 'timing' | 'comment'> {
  /** Frames per second; required if the videos' rates differ, which are then resampled in time to it. */
  readonly frameRate?: number;
}

/**
 * Writes the grid of videos to `out`: .mp4, .webp, .gif or a folder of PNG, as `writeVideo` does. Videos that differ from
 * the most common size are cropped and scaled to it, with a warning.
 *
 * @throws UsageError when videos cannot be opened, differ too much in aspect ratio or in frame rate, or do not fit the
 *   layout
 * @throws FailureError when reading or writing fails
 */
export async function grid(
  inputs: readonly VideoInput[],
  out: string,
  options: GridFilesOptions = {},
): Promise<GridEnd> {
  checkGridOptions(inputs.length, options);
  const { frameRate, signal, onWarning } = options;
  const opening = given({ exact: true, frameRate, signal, onWarning });
  const sources = await Promise.all(inputs.map(repeatable));
  const videos = await Promise.all(sources.map((source) => openVideo(source, opening)));
  const cell = cellSize(videos);
  const cells = await Promise.all(videos.map((video, i) => fitVideo({ source: sources[i], video }, cell, opening)));
  const timings = await Promise.all(videos.map((video) => video.times()));
  const pairing = pairFrames(cells, timings, options.length);
  let end: GridEnd = { frames: 0, endedFirst: [] };
  const { timing, expectedFrames } = pairing;
  const comment = await commentOf(sources, options);
  const written = { expectedFrames, ...options, frameRate: timing.frameRate, timing, ...given({ comment }) };
  await writeVideo(out, composed(), written);
  return pairing.endedFirst ? { ...end, endedFirst: pairing.endedFirst } : end;

  async function* composed() {
    end = yield* gridFrames(pairing.videos, options);
  }
}

/** The text for the grid's metadata. */
function commentOf(videos: readonly RepeatableVideo[], options: GridFilesOptions): Promise<string | undefined> {
  const { columns, labels, order, length, frameRate } = options;
  const clockwise = order === 'clockwise' ? true : undefined;
  const settings = given({ file: videos.map(videoName), columns, labels, clockwise, length, frameRate });
  return videoComment('grid', { videos, settings }, options);
}

/** A video of the most common size, which the cells get; in a tie, the last one, because sources come first. */
function cellSize(videos: readonly Video[]): Video {
  const sharing = ({ width, height }: Video) =>
    videos.filter((one) => one.width === width && one.height === height).length;
  return videos.reduce((best, video) => (sharing(video) >= sharing(best) ? video : best));
}

interface Pairing {
  /** Frames of each video, paired by index. */
  readonly videos: AsyncIterable<Frame>[];
  readonly timing: FrameTimes;
  readonly expectedFrames: number;
  /** Indices of the videos that end before the others, if they were paired by time. */
  readonly endedFirst?: number[];
}

/** Pairs frames by index if videos have the same times or number of frames, else by the time at which they are shown. */
function pairFrames(videos: readonly Video[], timings: readonly FrameTimes[], length: GridOptions['length']): Pairing {
  const [first] = timings;
  const uneven = timings.find(({ variable }) => variable);
  const alike = timings.every(({ times }) => times.length === first.times.length);
  if (!uneven) checkRates(videos, timings);
  if (!uneven || alike) {
    const counts = timings.map(({ times }) => times.length);
    const expectedFrames = length === 'longest' ? Math.max(...counts) : Math.min(...counts);
    return { videos: videos.map((video) => video.frames()), timing: uneven ?? first, expectedFrames };
  }
  const durations = timings.map(({ duration }) => duration);
  const longest = Math.max(...durations);
  const duration = length === 'longest' ? longest : Math.min(...durations);
  const changes = timings.flatMap(({ times }) => times).filter((time) => time < duration - TIME_SLACK);
  changes.sort((a, b) => a - b);
  const times: number[] = [];
  for (const time of changes) if (times.length === 0 || time > times[times.length - 1] + TIME_SLACK) times.push(time);
  return {
    videos: videos.map((video, i) => {
      const shown = times.map((time) => frameAt(timings[i].times, time));
      return pickInOrder(video.frames(), shown);
    }),
    timing: { times, duration, start: 0, frameRate: times.length / duration, variable: true },
    expectedFrames: times.length,
    endedFirst: durations.flatMap((each, i) => (each < longest - TIME_SLACK ? [i] : [])),
  };
}

function checkRates(videos: readonly Video[], timings: readonly FrameTimes[]): void {
  const [first] = timings;
  for (const [i, { frameRate }] of timings.entries()) {
    if (Math.abs(frameRate - first.frameRate) <= 1e-3 * first.frameRate) continue;
    throw new UsageError(
      `'${videos[i].path}' has ${rounded(frameRate)} frames per second but '${videos[0].path}' has ` +
        `${rounded(first.frameRate)}; say which frame rate the grid shall have`,
    );
  }
}

function rounded(rate: number): number {
  return Math.round(rate * 1000) / 1000;
}
