// The motion between two frames of a video: where each pixel is in the other frame, and whether it is seen there.

import { STEADY } from '../settings/table.js';
import type { Correspondence, SourceFrame, SourceMotion } from '../video/flow/correspondence.js';
import { estimateFlow, type FlowMethod } from '../video/flow/estimate-flow.js';
import { returning } from '../video/flow/warp.js';

export type { Correspondence, SourceFrame, SourceMotion };

/** SourceMotion by an estimator of optical flow; visible is where the flow back returns [Ruder et al. 2016]. */
export function motionBy(method: FlowMethod): SourceMotion {
  return async ({ frame: from }, { frame: to }) => {
    const { there, back } = await estimateFlow(from, to, method);
    return { flow: there, visible: returning(there, back) };
  };
}

/** The motion that is taken where nothing else is said. */
export const estimatedMotion: SourceMotion = motionBy(STEADY.flow.default);
