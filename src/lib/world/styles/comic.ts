// A comic book panel: three steps of light, loud colours, black ink around things, dots in the shade.

import { PHOTO_LOOKS } from '../light/photo-looks.js';
import { clamp, smoothstep } from '../noise.js';
import { outlines, toFrame } from '../picture/filters.js';
import { luma, type StyleRecipe } from './style.js';

const PAPER = Float64Array.of(1.06, 1.02, 0.94);
const INK = Float64Array.of(0.02, 0.02, 0.06);

/** Comic. */
export const comic: StyleRecipe = {
  look: (drive) => {
    const look = PHOTO_LOOKS[drive.time];
    return { ...look, texture: 0, haze: 1.6 * look.haze, stars: 0 };
  },
  finish: (painting) => {
    const { width, height, colour } = painting;
    const lines = outlines(painting, 0.7);
    const scale = width / 128;
    const result = new Float32Array(colour.length);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const base = 3 * i;
        const tone = Math.max(0.02, luma(colour[base], colour[base + 1], colour[base + 2]));
        const dots = halftone(x / scale, y / scale);
        const step =
          0.2 +
          0.24 * smoothstep(0.2, 0.24, tone) +
          0.26 * smoothstep(0.42, 0.47, tone) +
          0.26 * smoothstep(0.66, 0.71, tone);
        const shade = 1 - 0.2 * dots * (1 - smoothstep(0.3, 0.55, tone));
        const ink = 1 - smoothstep(0.25, 0.75, lines[i]) * 0.95;
        for (let c = 0; c < 3; c++) {
          const pure = 1 + ((colour[base + c] - tone) / tone) * 1.7;
          const value = step * clamp(pure, 0, 2.4) * shade * PAPER[c] + INK[c];
          result[base + c] = value * ink + 0.03 * (1 - ink);
        }
      }
    }
    return toFrame(painting, result);
  },
};

/** Dots on a slanted grid of the page, 1 in their middle. */
function halftone(x: number, y: number): number {
  const a = (x + y) / 5;
  const b = (x - y) / 5;
  const da = a - Math.round(a);
  const db = b - Math.round(b);
  return 1 - smoothstep(0.06, 0.2, da * da + db * db);
}
