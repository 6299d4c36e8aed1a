// Where frames are edited: inside a mask, which is a still, a video, or the pixels of a colour. What is outside stays the
// source's, to the bit; from the mask's edge inwards the edit fades in.

import { UsageError } from '../base/errors.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { MASKED } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { squaredDistances } from './squared-distances.js';

/** The settings of a mask. */
export type MaskSettings = OptionsOf<typeof MASKED>;

/** The frame of the source, and the pictures of masks by their paths. */
export interface MaskedFrame {
  readonly frame: Frame;
  readonly maps?: ReadonlyMap<string, Frame>;
}

/** The files of a mask, each once. */
export function masksOf({ mask, negativeMask }: MaskSettings): string[] {
  return [...new Set([mask, negativeMask].filter((path) => path !== undefined))];
}

/** Whether only a part of each frame is edited. */
export function isMasked({ mask, negativeMask, maskKey }: MaskSettings): boolean {
  return mask !== undefined || negativeMask !== undefined || maskKey !== undefined;
}

/** A colour, the largest difference of a channel to it, and whether its pixels are outside of the mask. */
interface ColourKey {
  readonly colour: readonly [number, number, number];
  readonly tolerance: number;
  readonly isOutside: boolean;
}

const TOLERANCE = 32;

/**
 * Reads `#00ff00`, `#00ff00:40` or `not #00ff00:40`.
 *
 * @throws UsageError for another text
 */
export function colourKey(text: string): ColourKey {
  const [, not, hex, tolerance = String(TOLERANCE)] =
    /^\s*(not\s+)?#?([0-9a-f]{6})\s*(?::\s*(\d{1,3}))?\s*$/i.exec(text) ?? [];
  if (hex === undefined || Number(tolerance) > 255) {
    throw new UsageError(
      `mask key: '${text}', expected a colour such as #00ff00, with a tolerance from 0 to 255 such as #00ff00:40, or 'not #00ff00'`,
    );
  }
  const [red, green, blue] = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return { colour: [red, green, blue], tolerance: Number(tolerance), isOutside: not !== undefined };
}

/**
 * Checks the settings of a mask, without its files.
 *
 * @throws UsageError for an invalid colour or feather
 */
export function checkMask(settings: MaskSettings): void {
  const { maskKey, feather } = withDefaults(MASKED, settings);
  if (maskKey !== undefined) colourKey(maskKey);
  if (feather >= 0 && feather < Infinity) return;
  throw new UsageError(`feather: ${feather} pixels, expected a number of at least 0; 0 cuts at the mask's edge`);
}

/**
 * The share of the edit at each pixel of a frame: 0 outside of the mask, where the source stays, 1 from `feather` pixels
 * inside of its edge on. Grey pixels of a mask are in between.
 *
 * @throws UsageError for an invalid colour
 */
export function maskWeights({ frame, maps = new Map() }: MaskedFrame, settings: MaskSettings): Float32Array {
  const { mask, negativeMask, maskKey, feather } = withDefaults(MASKED, settings);
  const { width, height } = frame;
  const inside = new Float32Array(width * height).fill(1);
  if (mask !== undefined) multiply(inside, (i) => brightness(maps.get(mask)!, i));
  if (negativeMask !== undefined) multiply(inside, (i) => 1 - brightness(maps.get(negativeMask)!, i));
  if (maskKey !== undefined) {
    const { colour, tolerance, isOutside } = colourKey(maskKey);
    multiply(inside, (i) => Number(isNear(frame, i, colour, tolerance) !== isOutside));
  }
  if (feather > 0) {
    const distances = squaredDistances(inside, { width, height });
    multiply(inside, (i) => Math.min(1, Math.sqrt(distances[i]) / (feather + 1)));
  }
  return inside;
}

function multiply(values: Float32Array, factor: (index: number) => number): void {
  for (let i = 0; i < values.length; i++) if (values[i] > 0) values[i] *= factor(i);
}

function brightness({ data }: Frame, index: number): number {
  return (data[3 * index] + data[3 * index + 1] + data[3 * index + 2]) / 765;
}

function isNear({ data }: Frame, index: number, colour: readonly number[], tolerance: number): boolean {
  return colour.every((value, channel) => Math.abs(data[3 * index + channel] - value) <= tolerance);
}

/** The edited frame inside the mask, and the source's pixels outside. */
export function compositeFrame(source: Frame, edited: Frame, weights: Float32Array): Frame {
  const data = new Uint8Array(source.data.length);
  for (let i = 0; i < data.length; i++) {
    const weight = weights[Math.floor(i / 3)];
    data[i] = weight === 0 ? source.data[i] : Math.round(source.data[i] + weight * (edited.data[i] - source.data[i]));
  }
  return { width: source.width, height: source.height, data };
}

/** An edited frame under a mask, if there is one. */
export function withMask(seen: MaskedFrame, edited: Frame, settings: MaskSettings): Frame {
  return isMasked(settings) ? compositeFrame(seen.frame, edited, maskWeights(seen, settings)) : edited;
}

/** The mask of latents [1, 1, h, w]: 1 in each cell of which some pixel is edited, 0 elsewhere. */
export function latentMask(weights: Float32Array, { width, height }: Frame, factor: number): Tensor<'float32'> {
  const [across, down] = [width / factor, height / factor];
  const cells = new Float32Array(across * down);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (weights[y * width + x] > 0) cells[Math.floor(y / factor) * across + Math.floor(x / factor)] = 1;
    }
  }
  return tensor('float32', [1, 1, down, across], cells);
}
