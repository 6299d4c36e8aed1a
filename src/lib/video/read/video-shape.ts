// Frame counts and frame rates of videos. Each file is probed once.

import { perFile } from '../../base/per-file.js';
import { openVideo } from './open-video.js';

/** The form of a video. */
export interface VideoShape {
  readonly frameRate: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

/** The form of a video file; undefined if it cannot be played. */
export const videoShape = perFile(async (path): Promise<VideoShape | undefined> => {
  try {
    const { width, height, frameRate, expectedFrames } = await openVideo(path, { exact: true, onWarning: () => {} });
    return expectedFrames === undefined || expectedFrames < 1
      ? undefined
      : { frameRate, frames: expectedFrames, width, height };
  } catch {
    return undefined; // incomplete, or not a video: its cell says so
  }
});
