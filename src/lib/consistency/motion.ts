// The motion between two frames of a video: where each pixel is in the other frame, and whether it is seen there.

import type { Frame } from '../tensor/frame.js';
import { disFlow } from '../video/flow/dis/dis-flow.js';
import { type Flow, toGray } from '../video/flow/flow.js';
import { returning } from '../video/flow/warp.js';

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

/** DIS from a frame to another one; visible is where the flow back returns [Ruder et al. 2016]. */
export function estimatedMotion({ frame: from }: SourceFrame, { frame: to }: SourceFrame): Correspondence {
  const [here, there] = [toGray(from), toGray(to)];
  const flow = disFlow(here, there);
  return { flow, visible: returning(flow, disFlow(there, here)) };
}
