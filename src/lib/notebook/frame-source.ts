// Where frames to be shown come from.

import { basename, extname } from 'node:path';
import { streamed } from '../base/streamed.js';
import type { Frame } from '../tensor/frame.js';
import { openVideo, type Video } from '../video/read/open-video.js';
import type { FrameTimes } from '../video/times/frame-times.js';

/** A video to show: the path of a file, an opened video, or frames. */
export type FrameSource = string | Video | Iterable<Frame> | AsyncIterable<Frame>;

/** Frames, with what is known about them. */
export interface SourceFrames {
  readonly frames: AsyncIterable<Frame>;
  readonly frameRate?: number;
  /** When they are shown, where that is known. */
  readonly timing?: FrameTimes;
  /** The file's name without its extension. */
  readonly name?: string;
}

/**
 * The frames of a source.
 *
 * @throws UsageError when there is no such file, or it is no video
 */
export async function framesOf(source: FrameSource): Promise<SourceFrames> {
  const video = typeof source === 'string' ? await openVideo(source, { exact: true }) : source;
  if ('frameRate' in video) {
    const { path } = video;
    const timing = await video.times();
    return { frames: video.frames(), frameRate: timing.frameRate, timing, name: basename(path, extname(path)) };
  }
  return { frames: Symbol.asyncIterator in video ? video : streamed(video) };
}
