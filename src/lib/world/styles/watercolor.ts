// A watercolour: pale washes that run a little and dry darker at their edges, granulation of the paper, paper left white at
// the border.

import { blendLooks } from '../light/look.js';
import { PHOTO_LOOKS } from '../light/photo-looks.js';
import { clamp, smoothstep } from '../noise.js';
import { blur, outlines, toFrame, wideBlur } from '../picture/filters.js';
import { paperGrain, type Spots, surfaceNoise } from './strokes.js';
import { luma, type StyleRecipe } from './style.js';

const COOL = Float64Array.of(0, 0, 0.02);
const PAPER = Float64Array.of(0.985, 0.975, 0.95);

/** Watercolour. */
export const watercolor: StyleRecipe = {
  look: (drive) => {
    // Washes are thin: nights too are painted at the strength of daylight, only bluer.
    const hour = PHOTO_LOOKS[drive.time];
    const light = blendLooks(hour, PHOTO_LOOKS.day, drive.time === 'night' ? 0.4 : 0.25);
    return { ...light, texture: 0.5, clouds: 0.5, haze: 60 };
  },
  finish: (painting) => {
    const { width, height } = painting;
    const scale = width / 128;
    const grain = paperGrain(width, height);
    const wash = blur(painting.colour, painting, 0.55 * scale);
    const wide = wideBlur(painting.colour, painting, 2.5 * scale);
    const lines = outlines(painting, 0.25);
    const pools: Spots = { long: 14 * scale, wide: 14 * scale, seed: 41 };
    for (let y = 0, i = 0; y < height; y++) {
      const border = Math.min(y + 0.5, height - y - 0.5) / height;
      for (let x = 0; x < width; x++, i++) {
        const base = 3 * i;
        const pool = surfaceNoise(painting, i, pools) - 0.5;
        const edge = clamp(
          luma(wide[base] - wash[base], wide[base + 1] - wash[base + 1], wide[base + 2] - wash[base + 2]),
          0,
          0.2,
        );
        const tone = luma(wash[base], wash[base + 1], wash[base + 2]);
        const rim = Math.min(border, Math.min(x + 0.5, width - x - 0.5) / width) + 0.012 * grain[i];
        const ink = smoothstep(0.005, 0.06, rim) * (0.9 + 0.34 * pool + 0.07 * grain[i]);
        for (let c = 0; c < 3; c++) {
          const tint = 0.26 + 0.8 * tone + (wash[base + c] - tone) * 2.1 + COOL[c];
          const pigment = (1 - clamp(tint, 0, 1)) * 0.92 + edge * 1.5 + 0.2 * lines[i];
          wash[base + c] = PAPER[c] - ink * pigment;
        }
      }
    }
    return toFrame(painting, wash);
  },
};
