// Where the points of one frame are in another one: a flow with its visibility, and how two of them follow each other.

import type { Frame } from '../../tensor/frame.js';
import type { Flow } from './flow.js';
import { warp } from './warp.js';

/**
 * A frame of the source by its number.
 *
 * @inline
 */
export interface SourceFrame {
  readonly index: number;
  readonly frame: Frame;
}

/**
 * Where the pixels of one source frame are in another one.
 *
 * @inline
 */
export interface Correspondence {
  /** From the pixels of the one to their places in the other. */
  readonly flow: Flow;
  /** H x W: 1 where the point is seen in both, 0 where it is hidden or outside in the other. */
  readonly visible: Uint8Array;
}

/**
 * The motion from a frame of the source to another one.
 *
 * @inline
 */
export type SourceMotion = (from: SourceFrame, to: SourceFrame) => Correspondence | Promise<Correspondence>;

/**
 * The motion from a to c by way of b: f(x) + g(x + f(x)), g sampled bilinearly. Visible where the point is visible from a to
 * b, is within the picture there, and its nearest pixel is visible from b to c.
 *
 * @throws UsageError when the flows differ in size
 */
export function followedBy(first: Correspondence, second: Correspondence): Correspondence {
  const { width, height, data: f } = first.flow;
  const g = warp({ ...second.flow, channels: 2 }, first.flow).data;
  const visible = new Uint8Array(width * height);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      if (!first.visible[p]) continue;
      const column = Math.round(x + f[2 * p]);
      const row = Math.round(y + f[2 * p + 1]);
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      visible[p] = second.visible[row * width + column];
    }
  }
  return { flow: { width, height, data: g.map((value, i) => value + f[i]) }, visible };
}
