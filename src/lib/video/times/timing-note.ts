// A message about the times of a video that needs one.

import { type Warn, warnOnStderr } from '../../base/warn.js';
import type { Video } from '../read/video.js';
import type { FrameTimes } from './frame-times.js';

/** Reports in one line how the written frames of a video are timed, if that is not obvious. */
export function sayTiming(
  { path, rateFrom }: Pick<Video, 'path' | 'rateFrom'>,
  { variable, frameRate }: FrameTimes,
  warn: Warn = warnOnStderr,
): void {
  const rate = Math.round(100 * frameRate) / 100;
  if (variable) {
    warn(`${path}: variable frame rate, about ${rate} a second; each frame keeps its time, or give a frame rate`);
  } else if (rateFrom === 'timestamps') {
    warn(`${path}: no frame rate in the file; its timestamps give ${rate} frames a second`);
  } else if (rateFrom === 'default') {
    warn(`${path}: pictures have no frame rate; ${rate} frames a second are taken, or give a frame rate`);
  }
}
