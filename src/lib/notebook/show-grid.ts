// Videos side by side in one synchronized video.

import { given } from '../base/given.js';
import type { Frames } from '../tensor/frame.js';
import { gridFrames } from '../video/layout/grid.js';
import type { VideoInput } from '../video/read/video.js';
import { type SourceFrames, sourceFrames } from './frame-source.js';
import type { Display } from './mime-bundle.js';
import type { ShowSettings } from './show-options.js';
import { encoded } from './show-video.js';

/**
 * Videos of one size, side by side.
 *
 * @inline
 */
export interface ShownGrid {
  readonly grid: readonly VideoInput[];
  /** A label for each. */
  readonly labels?: readonly string[];
  /** Videos per row; 2 by default. */
  readonly columns?: number;
  /** Frames per second; by default those of the first video with a rate, or 12. */
  readonly frameRate?: number;
}

/**
 * The grid in every format, row by row from the top left.
 *
 * @throws UsageError when a video does not exist, or they differ in size
 */
export async function showGrid({ grid, frameRate, ...options }: ShownGrid, settings: ShowSettings): Promise<Display> {
  let timing: Pick<SourceFrames, 'frameRate' | 'timing'> = given({ frameRate });
  const cells: Frames[] = [];
  for (const source of grid) {
    const video = await sourceFrames(source);
    if (timing.frameRate === undefined) timing = video;
    cells.push(video.frames);
  }
  return encoded(gridFrames(cells, options), timing, 'grid', settings);
}
