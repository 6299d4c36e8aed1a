// The source of shown frames.

import { basename, extname } from 'node:path';
import type { Frames } from '../tensor/frame.js';
import { openVideo } from '../video/read/open-video.js';
import { isVideo, type VideoInput } from '../video/read/video.js';
import type { FrameTimes } from '../video/times/frame-times.js';

/** Frames and their properties. */
export interface SourceFrames {
  readonly frames: Frames;
  readonly frameRate?: number;
  /** Times of the frames, if known. */
  readonly timing?: FrameTimes;
  /** The file's name without its extension. */
  readonly name?: string;
}

/**
 * The frames of a source.
 *
 * @throws UsageError when the file does not exist or is not a video
 */
export async function sourceFrames(source: VideoInput): Promise<SourceFrames> {
  const video = typeof source === 'string' ? await openVideo(source, { exact: true }) : source;
  if (!isVideo(video)) return { frames: video };
  const { path } = video;
  const timing = await video.times();
  return { frames: video.frames(), frameRate: timing.frameRate, timing, name: basename(path, extname(path)) };
}
