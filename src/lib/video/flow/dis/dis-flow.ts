// Dense inverse search (Kroeger et al. 2016, Fast optical flow using dense inverse search). From coarse to fine, patches are
// found by gradient descent, spread to pixels, and the flow is refined. Settings and their names are those of OpenCV's
// DISOpticalFlow.

import type { Flow, GrayPicture } from '../flow.js';
import { densify } from './densify.js';
import { type Displacements, PATCH, searchPatches } from './inverse-search.js';
import { type Level, padded, pyramid, slopesOf } from './pyramid.js';
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
      coarser ? enlarge(values, coarser, level, 2) : new Float32Array(size);
    flow = { u: start(flow.u), v: start(flow.v) };
    const pictures = { from: level, slopes: slopesOf(level), to: padded(after[k]) };
    densify(level, after[k], searchPatches(pictures, flow, search), flow);
    if (refinement.iterations > 0) refineFlow(level, after[k], flow, refinement);
  }
  const factor = 2 ** finest;
  const [wholeU, wholeV] = [flow.u, flow.v].map((values) => enlarge(values, before[0], from, factor));
  const data = new Float32Array(2 * width * height);
  for (let i = 0; i < wholeU.length; i++) {
    data[2 * i] = wholeU[i];
    data[2 * i + 1] = wholeV[i];
  }
  return { width, height, data };
}

/** The level at which motions of a quarter of the longer side can be found, but none smaller than a patch. */
function coarsestScale(width: number, height: number): number {
  const reach = Math.floor(Math.log2(Math.max(width, height) / (4 * PATCH)) + 0.5);
  return Math.max(0, Math.min(reach, Math.floor(Math.log2(Math.floor(Math.min(width, height) / PATCH)))));
}

/** Values of one size at another by bilinear interpolation between the cells' centres, times `factor`. */
function enlarge(
  values: Float32Array,
  from: Omit<Level, 'data'>,
  to: Omit<Level, 'data'>,
  factor: number,
): Float32Array {
  if (from.width === to.width && from.height === to.height) return values.map((value) => value * factor);
  const result = new Float32Array(to.width * to.height);
  const scaleX = from.width / to.width;
  const scaleY = from.height / to.height;
  for (let y = 0, i = 0; y < to.height; y++) {
    const py = Math.min(from.height - 1, Math.max(0, (y + 0.5) * scaleY - 0.5));
    const top = Math.floor(py);
    const fy = py - top;
    const row = top * from.width;
    const below = Math.min(from.height - 1, top + 1) * from.width;
    for (let x = 0; x < to.width; x++, i++) {
      const px = Math.min(from.width - 1, Math.max(0, (x + 0.5) * scaleX - 0.5));
      const left = Math.floor(px);
      const right = Math.min(from.width - 1, left + 1);
      const fx = px - left;
      const upper = values[row + left] + fx * (values[row + right] - values[row + left]);
      const lower = values[below + left] + fx * (values[below + right] - values[below + left]);
      result[i] = factor * (upper + fy * (lower - upper));
    }
  }
  return result;
}
