// Video files in, the video of their grid out.

import { UsageError } from '../base/errors.js';
import { checkGridOptions, type GridEnd, type GridOptions, gridFrames } from './grid.js';
import { openVideo, type Video } from './open-video.js';
import { type WriteVideoOptions, writeVideo } from './write-video.js';

/** How a grid of files is made and written. */
export interface GridFilesOptions extends GridOptions, Omit<WriteVideoOptions, 'frameRate'> {
  /** Frames per second; needed where the files disagree, which are then resampled in time to it. */
  readonly frameRate?: number;
}

/**
 * Writes the grid of video files (all of one size) to `out`: .mp4, .webp, .gif or a folder of PNG, as `writeVideo` does.
 *
 * @throws UsageError when files cannot be opened, differ in size or in frame rate, or cannot be arranged as asked
 * @throws FailureError when reading or writing fails
 */
export async function grid(files: readonly string[], out: string, options: GridFilesOptions = {}): Promise<GridEnd> {
  checkGridOptions(files.length, options);
  const { frameRate, signal, onWarning } = options;
  const videos = await Promise.all(files.map((file) => openVideo(file, { exact: true, frameRate, signal, onWarning })));
  const first = videos[0];
  for (const video of videos) {
    if (video.width !== first.width || video.height !== first.height) {
      throw new UsageError(
        `'${video.path}' is ${video.width}x${video.height} but '${first.path}' is ${first.width}x${first.height}; ` +
          'the videos of a grid must be of one size',
      );
    }
    if (Math.abs(video.frameRate - first.frameRate) > 1e-3 * first.frameRate) {
      throw new UsageError(
        `'${video.path}' has ${rate(video)} frames per second but '${first.path}' has ${rate(first)}; ` +
          'say which frame rate the grid shall have',
      );
    }
  }
  let end: GridEnd = { frames: 0, endedFirst: [] };
  await writeVideo(out, composed(), { ...options, frameRate: first.frameRate });
  return end;

  async function* composed() {
    end = yield* gridFrames(
      videos.map((video) => video.frames()),
      options,
    );
  }
}

function rate(video: Video): number {
  return Math.round(video.frameRate * 1000) / 1000;
}
