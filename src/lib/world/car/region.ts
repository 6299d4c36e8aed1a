// The region of the car in a picture: ground truth for whether an edit has kept it.

import { assertInteger } from '../../base/assert.js';
import { layScene } from '../layout/scene.js';
import { SAMPLES } from '../layout/visibility.js';
import { isCar } from '../shading/surface.js';
import type { Drive } from '../street/drive.js';

/** The car's visible pixels. The box is [left, right) x [top, bottom) in pixels. */
export interface CarRegion {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly width: number;
  readonly height: number;
  /** H x W: 255 where the car covers half of a pixel or more, else 0. Its shadow and its lights' glow are not in it. */
  readonly mask: Uint8Array;
  /** Number of pixels in the mask. */
  readonly pixels: number;
}

/**
 * The car's pixels at `t` seconds in a picture of this size; null on an empty street, or when the car is not visible.
 *
 * @throws UsageError for sides below 8 pixels
 */
export function carRegion(drive: Drive, t: number, width = 128, height = 128): CarRegion | null {
  assertInteger('carRegion: width', width, 8);
  assertInteger('carRegion: height', height, 8);
  if (!drive.car) return null;
  const { view } = layScene(drive, t, { width, height });
  const mask = new Uint8Array(width * height);
  let [left, top, right, bottom] = [width, height, 0, 0];
  let pixels = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let samples = 0;
      for (let k = 0; k < SAMPLES; k++) {
        const polygon = view.seen[(SAMPLES * y + k) * width + x];
        if (polygon >= 0 && isCar(view.surfaces[polygon].kind)) samples++;
      }
      if (2 * samples < SAMPLES) continue;
      mask[y * width + x] = 255;
      pixels++;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  return pixels > 0 ? { left, top, right, bottom, width, height, mask, pixels } : null;
}
