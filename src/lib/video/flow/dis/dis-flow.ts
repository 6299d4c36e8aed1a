// Dense inverse search (Kroeger et al. 2016, Fast optical flow using dense inverse search). From coarse to fine, patches are
// found by gradient descent, spread to pixels, and the flow is refined. Settings and their names are those of OpenCV's
// DISOpticalFlow.

import type { Flow, GrayPicture } from '../flow.js';
import { flowOf, resizePlane } from '../planes.js';
import { densify } from './densify.js';
import { type Displacements, searchPatches } from './inverse-search.js';
import { PATCH } from './patch-matcher.js';
import { padded, pyramid, slopesOf } from './pyramid.js';
import { type RefinementSettings, refineFlow } from './refine.js';

/** Settings of DIS. */
export interface DisSettings {
  /** The finest level: level k has the picture's sides divided by 2^k. */
  readonly finestScale: number;
  /** Pixels from one patch to the next. */
  readonly patchStride: number;
  /** Most steps of gradient descent of a patch. */
  readonly descentIterations: number;
  /** Iterations of the variational refinement; 0 leaves it out. */
  readonly refinementIterations: number;
}

/** OpenCV's presets. */
export const DIS_PRESETS: Readonly<Record<'ultrafast' | 'fast' | 'medium', DisSettings>> = {
  ultrafast: { finestScale: 2, patchStride: 4, descentIterations: 12, refinementIterations: 0 },
  fast: { finestScale: 2, patchStride: 4, descentIterations: 16, refinementIterations: 5 },
  medium: { finestScale: 1, patchStride: 3, descentIterations: 25, refinementIterations: 5 },
};

/** OpenCV's weights of the refinement. */
const REFINEMENT: Omit<RefinementSettings, 'iterations'> = { smoothness: 20, grey: 5, slope: 10 };

/** The flow from one picture to another of the same size, whose sides are at least 16 pixels. */
export function disFlow(from: GrayPicture, to: GrayPicture, settings: DisSettings = DIS_PRESETS.medium): Flow {
  const { width, height } = from;
  const coarsest = coarsestScale(width, height);
  const finest = Math.min(settings.finestScale, coarsest);
  const before = pyramid(from, finest, coarsest);
  const after = pyramid(to, finest, coarsest);
  const refinement: RefinementSettings = { ...REFINEMENT, iterations: settings.refinementIterations };
  const search = { stride: settings.patchStride, iterations: settings.descentIterations };
  let flow: Displacements = { u: new Float32Array(0), v: new Float32Array(0) };
  for (let k = before.length - 1; k >= 0; k--) {
    const level = before[k];
    const size = level.width * level.height;
    const coarser = before[k + 1];
    const start = (values: Float32Array): Float32Array =>
      coarser ? resizePlane(values, coarser, level, 2) : new Float32Array(size);
    flow = { u: start(flow.u), v: start(flow.v) };
    const pictures = { from: level, slopes: slopesOf(level), to: padded(after[k]) };
    densify(level, after[k], searchPatches(pictures, flow, search), flow);
    if (refinement.iterations > 0) refineFlow(level, after[k], flow, refinement);
  }
  const factor = 2 ** finest;
  const [u, v] = [flow.u, flow.v].map((values) => resizePlane(values, before[0], from, factor));
  return flowOf(u, v, { width, height });
}

/** The level at which motions of a quarter of the longer side can be found, but none smaller than a patch. */
function coarsestScale(width: number, height: number): number {
  const reach = Math.floor(Math.log2(Math.max(width, height) / (4 * PATCH)) + 0.5);
  return Math.max(0, Math.min(reach, Math.floor(Math.log2(Math.floor(Math.min(width, height) / PATCH)))));
}
