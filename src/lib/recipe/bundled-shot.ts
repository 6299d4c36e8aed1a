// A bundled shot of the procedural world as a video file, with its ground truth in another style.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { writeVideo } from '../video/write/write-video.js';
import { type HeldOutShot, heldOutShot, shotCarRegions, shotFrames, shotMotion } from '../world/held-out-shots.js';
import { STYLES, type Style } from '../world/styles/styles.js';
import type { Truth } from './plan.js';

/** Sides of the frames. */
const SIDE = 128;

/** What of a shot is opened, and where it is kept. */
interface ShotOptions {
  readonly style?: Style;
  readonly frames?: number;
  readonly cache?: string;
}

/**
 * The shot of this name as an mp4 file, rendered at its first use, and its ground truth in `style`.
 *
 * @throws UsageError for an unknown shot or style
 */
export async function openBundledShot(
  name: string,
  options: ShotOptions = {},
): Promise<{ path: string; truth?: Truth }> {
  return openShot(heldOutShot(name), options);
}

/** As `openBundledShot`, for any shot of the world. */
export async function openShot(
  shot: HeldOutShot,
  { style, frames, cache = '.cache' }: ShotOptions = {},
): Promise<{ path: string; truth?: Truth }> {
  if (style !== undefined && !STYLES.includes(style)) {
    throw new UsageError(`no style "${style}", expected one of ${STYLES.join(', ')}`);
  }
  const path = join(resolve(cache), 'shots', `${shot.name}.mp4`);
  if (!existsSync(path)) {
    await mkdir(join(resolve(cache), 'shots'), { recursive: true });
    await writeVideo(path, shotFrames(shot), { frameRate: shot.frameRate });
  }
  if (style === undefined) return { path };
  const count = Math.min(frames ?? shot.frames, shot.frames);
  return {
    path,
    truth: {
      frames: () => shotFrames(shot, style, { frames: count }),
      car: shotCarRegions(shot, SIDE, SIDE).slice(0, count),
      motion: shotMotion(shot),
    },
  };
}
