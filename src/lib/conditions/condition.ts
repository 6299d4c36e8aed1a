// What a ControlNet sees of a frame, for the kinds of conditions that need no network: each a picture of the frame's size.
// Formulas and thresholds are those with which the published networks are used (sd-webui-controlnet).

import { FRAME_CONDITIONS } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { cannyEdges } from './canny.js';
import { gaussianBlur } from './gaussian-blur.js';

/** A kind of condition that is made of the frame itself. */
export type FrameCondition = (typeof FRAME_CONDITIONS)[number];

/** Whether a condition is made of the frame itself. */
export function isFrameCondition(kind: string): kind is FrameCondition {
  return FRAME_CONDITIONS.some((each) => each === kind);
}

/** Standard deviations in pixels: of `blur`, of the picture from which `lineart` differs, and of `scribble`'s two pictures. */
const SIGMA = { blur: 9, lineart: 6, fine: 0.5, coarse: 5 } as const;
/** Differences below it do not count for `lineart`'s scale. */
const FAINT = 8;
/** `scribble` is white where a coarse picture is brighter than a fine one by more than this. */
const DARKER = 16;

const makers: Readonly<Record<FrameCondition, (frame: Frame) => Uint8Array>> = {
  // Canny 1986 with thresholds 100 and 200.
  canny: (frame) => grey(cannyEdges(frame), 255),
  // Control v1.1's tile: the picture itself, whose details the network may replace.
  tile: ({ data }) => data,
  // min over channels of (Gaussian - picture), scaled so that its median is 127: dark lines in white.
  lineart(frame) {
    const darker = darkerThan(gaussianBlur(frame.data, sizeOf(frame), SIGMA.lineart), frame.data);
    const scale = 127 / Math.max(16, median(darker.filter((value) => value > FAINT)));
    return grey(darker, scale);
  },
  // A thresholded difference of Gaussians (XDoG, Winnemoeller et al. 2012): broad dark strokes in white.
  scribble(frame) {
    const [fine, coarse] = [SIGMA.fine, SIGMA.coarse].map((sigma) => gaussianBlur(frame.data, sizeOf(frame), sigma));
    const difference = darkerThan(coarse, fine);
    // Differences are rounded up, as 255 less a rounded-down picture.
    return grey(
      difference.map((value) => (Math.ceil(value) > DARKER ? 1 : 0)),
      255,
    );
  },
  blur: (frame) => Uint8Array.from(gaussianBlur(frame.data, sizeOf(frame), SIGMA.blur), Math.round),
  // L of CIELAB for sRGB, 100 as 255.
  luminance: ({ data }) =>
    grey(
      Float32Array.from({ length: data.length / 3 }, (_, i) => lightness(data, 3 * i)),
      2.55,
    ),
};

/** The condition of a frame, as a picture of its size. */
export function conditionOf(kind: FrameCondition, frame: Frame): Frame {
  return { width: frame.width, height: frame.height, data: makers[kind](frame) };
}

/** Pictures of one size as conditions [B, 3, H, W] in [0, 1]. */
export function conditionTensor(frames: readonly Frame[]): Tensor<'float32'> {
  const [{ width, height }] = frames;
  const plane = width * height;
  const data = new Float32Array(3 * frames.length * plane);
  frames.forEach((frame, b) => {
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < plane; i++) data[(3 * b + c) * plane + i] = frame.data[3 * i + c] / 255;
    }
  });
  return tensor('float32', [frames.length, 3, height, width], data);
}

const sizeOf = ({ width, height }: Frame) => ({ width, height, channels: 3 });

/** A picture whose channels are `scale` times these values, cut off to 0..255. */
function grey(values: Uint8Array | Float32Array, scale: number): Uint8Array {
  const data = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) data.fill(Math.min(255, Math.max(0, scale * values[i])), 3 * i, 3 * i + 3);
  return data;
}

/** How much darker b is than a, in the channel where it is least so; 0 where it is not. */
function darkerThan(a: ArrayLike<number>, b: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: a.length / 3 }, (_, i) =>
    Math.max(0, Math.min(...[0, 1, 2].map((c) => a[3 * i + c] - b[3 * i + c]))),
  );
}

function median(values: Float32Array): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function lightness(data: Uint8Array, at: number): number {
  const [r, g, b] = [0, 1, 2].map((c) => {
    const value = data[at + c] / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.212671 * r + 0.71516 * g + 0.072169 * b;
  const l = y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
  return l + 0.5 / 2.55;
}
