// An oil painting: patches of one colour each, thick strokes along the surfaces, warm lights against blue shadows.

import { PHOTO_LOOKS } from '../light/photo-looks.js';
import { smoothstep } from '../noise.js';
import { outlines, toFrame } from '../picture/filters.js';
import { flatten } from './flatten.js';
import { type Spots, surfaceNoise } from './strokes.js';
import { luma, type StyleRecipe } from './style.js';

/** Oil. */
export const oil: StyleRecipe = {
  look: (drive) => {
    const look = PHOTO_LOOKS[drive.time];
    return { ...look, texture: 1.4, clouds: Math.max(0.5, look.clouds), haze: 1.3 * look.haze };
  },
  finish: (painting) => {
    const { width, height, glow } = painting;
    const scale = width / 128;
    const pixels = width * height;
    const rough = new Float32Array(3 * pixels);
    const stroke = new Float32Array(pixels);
    const strokes: Spots = { long: 9 * scale, wide: 3 * scale, seed: 31 };
    for (let i = 0; i < pixels; i++) {
      const thick = surfaceNoise(painting, i, strokes) - 0.5;
      stroke[i] = thick;
      const gain = 1 + 0.3 * thick;
      for (let c = 0; c < 3; c++)
        rough[3 * i + c] = (painting.colour[3 * i + c] + 0.25 * Math.sqrt(glow[3 * i + c])) * gain;
    }
    const flat = flatten(rough, width, height, 2 * scale);
    const lines = outlines(painting, 0.3);
    for (let i = 0; i < pixels; i++) {
      const base = 3 * i;
      const tone = luma(flat[base], flat[base + 1], flat[base + 2]);
      const contrast = 0.12 + 0.95 * smoothstep(-0.05, 1.02, tone);
      const gain = contrast / Math.max(0.04, tone);
      const warm = smoothstep(0.15, 0.85, tone);
      // Impasto: strokes catch light on one side.
      const x = i % width;
      const relief = 0.22 * (stroke[i] - stroke[x > 0 ? i - 1 : i] + stroke[i] - stroke[i >= width ? i - width : i]);
      const line = 1 - 0.28 * lines[i];
      const saturation = 1.75;
      const r = (tone + (flat[base] - tone) * saturation) * gain;
      const g = (tone + (flat[base + 1] - tone) * saturation) * gain;
      const b = (tone + (flat[base + 2] - tone) * saturation) * gain;
      flat[base] = (r + 0.12 * (warm - 0.45)) * line + relief;
      flat[base + 1] = (g + 0.05 * (warm - 0.5)) * line + relief;
      flat[base + 2] = (b - 0.16 * (warm - 0.55)) * line + relief;
    }
    return toFrame(painting, flat);
  },
};
