// Frames as pictures of the deep video prior: values in [0, 1], at sides that its levels divide, whole or at half the size.

import type { Frame } from '../tensor/frame.js';
import { type Tensor, tensor } from '../tensor/tensor.js';

/** The sides of a picture. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** The least sides from those of a frame that are multiples of `multiple`. */
export function paddedSize({ width, height }: Sides, multiple: number): Sides {
  const up = (side: number): number => Math.ceil(side / multiple) * multiple;
  return { width: up(width), height: up(height) };
}

/**
 * A frame as a picture [1, 3, H, W] of the padded sides over `scale`: beyond the frame its last row and column repeat, and
 * each value is the mean of scale x scale pixels.
 */
export function pictureOf(frame: Frame, padded: Sides, scale: number): Tensor<'float32'> {
  const [width, height] = [padded.width / scale, padded.height / scale];
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  const unit = 1 / (255 * scale ** 2);
  for (let y = 0; y < padded.height; y++) {
    const from = Math.min(y, frame.height - 1) * frame.width;
    const to = Math.floor(y / scale) * width;
    for (let x = 0; x < padded.width; x++) {
      const pixel = 3 * (from + Math.min(x, frame.width - 1));
      const cell = to + Math.floor(x / scale);
      for (let c = 0; c < 3; c++) data[c * plane + cell] += frame.data[pixel + c] * unit;
    }
  }
  return tensor('float32', [1, 3, height, width], data);
}

/** The part of a picture [1, 3, H, W] that is the frame, in 8 bits. */
export function croppedFrame({ shape: [, , rows, columns], data: values }: Tensor, { width, height }: Sides): Frame {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const value = Number(values[(c * rows + y) * columns + x]);
        data[i++] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
  return { width, height, data };
}
