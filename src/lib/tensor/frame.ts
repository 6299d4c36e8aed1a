// A decoded picture in memory, and its conversions to and from image tensors.

import { type Tensor, tensor } from './tensor.js';

/** A picture: `data` is RGB, 8 bits per channel, row by row (H x W x 3). */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Frames in order, all of one size: a decoder's output or an array. A frame's data must not change after it is yielded.
 *
 * @inline
 */
export type Frames = AsyncIterable<Frame> | Iterable<Frame>;

/** Frames of one size as an image tensor [B, 3, H, W] in [-1, 1]: value / 127.5 - 1. */
export function framesToImage(frames: readonly Frame[]): Tensor<'float32'> {
  const { width, height } = frames[0];
  const plane = width * height;
  const data = new Float32Array(frames.length * 3 * plane);
  frames.forEach((frame, b) => {
    for (let c = 0; c < 3; c++) {
      const base = (b * 3 + c) * plane;
      for (let i = 0; i < plane; i++) data[base + i] = frame.data[3 * i + c] / 127.5 - 1;
    }
  });
  return tensor('float32', [frames.length, 3, height, width], data);
}

/** An image tensor [B, 3, H, W] in [-1, 1] as frames, clamped and rounded to 8 bits as in diffusers' `numpy_to_pil`. */
export function imageToFrames(image: Tensor<'float32'>): Frame[] {
  const [batch, , height, width] = image.shape;
  const plane = width * height;
  return Array.from({ length: batch }, (_, b) => {
    const data = new Uint8Array(3 * plane);
    for (let c = 0; c < 3; c++) {
      const base = (b * 3 + c) * plane;
      for (let i = 0; i < plane; i++) {
        const unit = Math.min(1, Math.max(0, image.data[base + i] / 2 + 0.5));
        data[3 * i + c] = Math.round(unit * 255);
      }
    }
    return { width, height, data };
  });
}
