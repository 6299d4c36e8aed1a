// A pencil sketch: outlines and hatching in graphite on paper. Hatching is fixed on the surfaces, the grain of the paper in
// the picture.

import { PHOTO_LOOKS } from '../light/photo-looks.js';
import { smoothstep } from '../noise.js';
import { outlines, toFrame } from '../picture/filters.js';
import { KIND } from '../shading/surface.js';
import { paperGrain, surfaceLines } from './strokes.js';
import { luma, type StyleRecipe } from './style.js';

/** Darkness of the sketch by hour. */
const DARKNESS = { day: 0.7, overcast: 0.62, dusk: 0.85, night: 0.95 } as const;

/** Pencil. */
export const pencil: StyleRecipe = {
  look: (drive) => ({ ...PHOTO_LOOKS[drive.time], texture: 0, clouds: 0.25, stars: 0, haze: 75 }),
  finish: (painting, drive) => {
    const { width, height, colour, kind, u, v, du, dv } = painting;
    const grain = paperGrain(width, height);
    const lines = outlines(painting, 0.9, true);
    const scale = width / 128;
    const result = new Float32Array(3 * width * height);
    for (let i = 0; i < lines.length; i++) {
      const tone = luma(colour[3 * i], colour[3 * i + 1], colour[3 * i + 2]);
      const dark = DARKNESS[drive.time] * (1 - smoothstep(0.02, 0.88, tone));
      const flat = kind[i] === KIND.ground;
      const slant = flat ? 0.3 : 0.6;
      const along = du[i] * slant + dv[i];
      const press = flat ? 0.45 : 1;
      const first = surfaceLines(v[i] + slant * u[i], along, 4 * scale, 0.5);
      // A second set across the first, except on sky and trees, where it would look like a net.
      const crosses = kind[i] === KIND.sky || kind[i] === KIND.leaves ? 0 : smoothstep(0.5, 0.9, dark);
      const second = crosses > 0 ? surfaceLines(v[i] - slant * u[i], along, 4 * scale, 0.5) : 0;
      const smear = 0.38 * dark;
      const hatch = press * (0.5 * smoothstep(0.15, 0.6, dark) * first + 0.3 * crosses * second);
      const edge = 0.85 * lines[i] * (0.85 + 0.3 * grain[i]);
      const paper = 0.965 + 0.02 * grain[i];
      const graphite = Math.max(
        0,
        Math.min(0.86, smear + hatch * (0.9 + 0.5 * grain[i]) * 0.6 + edge * (1 - 0.5 * smear)),
      );
      result[3 * i] = paper * (1 - graphite) + 0.02;
      result[3 * i + 1] = paper * (1 - graphite) + 0.015;
      result[3 * i + 2] = paper * (0.985 - 0.97 * graphite);
    }
    return toFrame(painting, result);
  },
};
