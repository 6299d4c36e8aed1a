// The motion between two frames of a video: where each pixel is in the other frame, and whether it is seen there.

import type { Correspondence, SourceFrame } from '../video/flow/correspondence.js';
import { disFlow } from '../video/flow/dis/dis-flow.js';
import { toGray } from '../video/flow/flow.js';
import { returning } from '../video/flow/warp.js';

export type { Correspondence, SourceFrame };

/** DIS from a frame to another one; visible is where the flow back returns [Ruder et al. 2016]. */
export function estimatedMotion({ frame: from }: SourceFrame, { frame: to }: SourceFrame): Correspondence {
  const [here, there] = [toGray(from), toGray(to)];
  const flow = disFlow(here, there);
  return { flow, visible: returning(flow, disFlow(there, here)) };
}
