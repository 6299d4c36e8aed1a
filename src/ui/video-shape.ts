// Frame counts and frame rates of videos, by which the player finds frames. Each file is probed once.

import { statSync } from 'node:fs';
import { openVideo } from '../lib/video/read/open-video.js';

/** The form of a video. */
export interface VideoShape {
  readonly frameRate: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

const known = new Map<string, { stamp: string; shape: Promise<VideoShape | undefined> }>();
const REMEMBERED = 2000;

/** The form of a video file; undefined if it cannot be played. */
export function videoShape(path: string): Promise<VideoShape | undefined> {
  const about = statSync(path, { throwIfNoEntry: false });
  if (!about?.isFile()) return Promise.resolve(undefined);
  const stamp = `${about.size} ${about.mtimeMs}`;
  const before = known.get(path);
  if (before?.stamp === stamp) return before.shape;
  if (known.size >= REMEMBERED) known.clear();
  const shape = ask(path);
  known.set(path, { stamp, shape });
  return shape;
}

async function ask(path: string): Promise<VideoShape | undefined> {
  try {
    const { width, height, frameRate, expectedFrames } = await openVideo(path, { exact: true, onWarning: () => {} });
    return expectedFrames === undefined || expectedFrames < 1
      ? undefined
      : { frameRate, frames: expectedFrames, width, height };
  } catch {
    return undefined; // incomplete, or not a video: its cell says so
  }
}
