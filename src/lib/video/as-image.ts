// Converts frames to sharp pipelines. A separate file, so that no public type refers to sharp's types.

import sharp, { type Sharp } from 'sharp';
import type { Frame } from '../tensor/frame.js';

/** A frame as the start of a sharp pipeline. */
export function asImage(frame: Frame): Sharp {
  return sharp(frame.data, { raw: { width: frame.width, height: frame.height, channels: 3 }, limitInputPixels: false });
}
