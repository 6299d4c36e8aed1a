// Measures whether an edit keeps the composition of a picture: the same outlines in the same places, regardless of colours.
// outlines.ts finds outlines; the edit strength is a different metric.

import { UsageError } from '../base/errors.js';
import type { Frame } from '../tensor/frame.js';
import { asImage } from '../video/as-image.js';
import { type GrayPicture, opticalFlow } from '../video/flow/flow.js';
import { blur, type Outlines, outlinesOf, WINDOW } from './outlines.js';

/** Preservation of a composition; every number is in [0, 1], and 1 (flow to 1e-4) for equal pictures. */
export interface Composition {
  /** Agreement of the outlines: the average of its mean and its lower tenth (10 % quantile). */
  readonly edges: number;
  /** Share of the original's outlines that do not move by the optical flow. */
  readonly flow: number;
  /** sqrt(edges * flow). */
  readonly kept: number;
}

/**
 * Below this the composition has changed too much for training. On pictures of the procedural world in seven styles, these
 * are below: 2 in 100 true restylings, 93 in 100 pictures of a quarter of a second later, and 99 in 100 of half a second or
 * more later. It does not detect every missing object: of pictures that lack only the car, 1 in 4 is below.
 */
export const COMPOSITION_LOST = 0.4;

/** Pixels of the shorter side at which pictures are compared: finer detail is texture, which an edit may change. */
const SIDE = 128;
/** Pixels at that size: an outline that moves by at most the first counts as kept, one that moves by the second as moved. */
const STAYS = 1;
const MOVED = 3;
/** Share of the original's outlines that counts as its weakest part. */
const WEAKEST = 0.1;

/**
 * Measures how well an edited picture keeps the composition of its original.
 *
 * edges: in Gaussian windows (sigma 8 of 128 pixels), the cosine between the two fields of outline directions, clamped to
 * [0, 1]; its mean over the picture and its lower tenth, both weighted by the original's squared gradient, are averaged. The
 * lower tenth decreases if a single object is missing in an otherwise unchanged picture.
 * flow: the weighted share of outlines that stay in place under Farneback's flow from the original's outlines to the edited
 * ones: 1 up to 1 of 128 pixels, 0 from 3 on. The flow is computed on outlines, because between pictures of different tones
 * it finds motion where there is none.
 *
 * @throws UsageError when the pictures differ in size
 */
export async function composition(original: Frame, edited: Frame): Promise<Composition> {
  const { width, height } = original;
  if (edited.width !== width || edited.height !== height) {
    throw new UsageError(
      `composition: the edited picture is ${edited.width}x${edited.height} but its original is ${width}x${height}; bring it to that size`,
    );
  }
  const [before, after] = await Promise.all([scaled(original), scaled(edited)]).then((both) => both.map(outlinesOf));
  const agreement = agreementOf(before, after);
  const edges = (weightedMean(agreement, before.energy) + weightedQuantile(agreement, before.energy, WEAKEST)) / 2;
  const motion = await opticalFlow(drawing(before), drawing(after));
  const stays = agreement.map((_, i) => {
    const moved = Math.hypot(motion.data[2 * i], motion.data[2 * i + 1]);
    return Math.min(1, Math.max(0, (MOVED - moved) / (MOVED - STAYS)));
  });
  const flow = weightedMean(stays, before.energy);
  return { edges, flow, kept: Math.sqrt(edges * flow) };
}

/** `kept` of {@link composition}. */
export async function compositionKept(original: Frame, edited: Frame): Promise<number> {
  return (await composition(original, edited)).kept;
}

/** The frame at the size of the comparison. */
async function scaled(frame: Frame): Promise<Frame> {
  const factor = SIDE / Math.min(frame.width, frame.height);
  if (factor === 1) return frame;
  const [width, height] = [frame.width, frame.height].map((side) => Math.round(factor * side));
  const data = await asImage(frame).resize({ width, height, fit: 'fill' }).raw().toBuffer();
  return { width, height, data };
}

/** The cosine between two fields of outlines in the window around each pixel, clamped at 0. */
function agreementOf(a: Outlines, b: Outlines): Float32Array {
  const { width, height } = a;
  const inWindow = (each: (i: number) => number): Float32Array =>
    blur(
      Float32Array.from(a.x, (_, i) => each(i)),
      width,
      height,
      WINDOW,
    );
  const both = inWindow((i) => a.x[i] * b.x[i] + a.y[i] * b.y[i]);
  const first = inWindow((i) => a.x[i] ** 2 + a.y[i] ** 2);
  const second = inWindow((i) => b.x[i] ** 2 + b.y[i] ** 2);
  return both.map((product, i) => {
    const scale = Math.sqrt(first[i] * second[i]);
    return scale > 1e-9 ? Math.min(1, Math.max(0, product / scale)) : first[i] === second[i] ? 1 : 0;
  });
}

/** The outlines as a picture, dark where there are none. */
function drawing({ width, height, strength }: Outlines): GrayPicture {
  return { width, height, data: Uint8Array.from(strength, (value) => Math.min(255, 80 * value)) };
}

/** Weighted mean; in a picture without outlines, all pixels have the same weight. */
function weightedMean(values: Float32Array, weights: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i] * weights[i];
    total += weights[i];
  }
  return total > 0 ? sum / total : values.reduce((all, value) => all + value, 0) / values.length;
}

/** The weighted quantile of a share. */
function weightedQuantile(values: Float32Array, weights: Float32Array, share: number): number {
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  for (const i of order) {
    below += total > 0 ? weights[i] / total : 1 / values.length;
    if (below >= share) return values[i];
  }
  return values[order[order.length - 1]];
}
