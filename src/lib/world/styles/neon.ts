// A cyberpunk painting: the street by night in violet, glowing edges and windows in cyan and magenta, wet ground that
// mirrors them.

import { light, mix, type Rgb } from '../colour.js';
import { PHOTO_LOOKS } from '../light/photo-looks.js';
import { outlines, toFrame, wideBlur } from '../picture/filters.js';
import type { Painting } from '../picture/painting.js';
import { KIND } from '../shading/surface.js';
import type { StyleRecipe } from './style.js';

const CYAN = light('#22e6ff');
const MAGENTA = light('#ff2bd6');
const NIGHT_WALLS = ['#1a1238', '#241046', '#121a3e', '#2a1038', '#10203a'].map(light);
const SHOPS: readonly Rgb[] = [CYAN, MAGENTA, light('#ff4f7b'), light('#8a4dff'), light('#ffb43a'), light('#35ffb0')];

/** Neon. */
export const neon: StyleRecipe = {
  look: () => ({
    ...PHOTO_LOOKS.night,
    zenith: light('#0b0522'),
    horizon: light('#5b1a78'),
    glow: [0, 0, 0],
    disc: [0, 0, 0],
    clouds: 0.35,
    cloudLight: light('#4a1a6a'),
    cloudShade: light('#200c3c'),
    stars: 0.3,
    skyline: light('#2a1160'),
    haze: 100,
    sun: [0, 0, 0],
    ambient: [0.2, 0.16, 0.4],
    bounce: [0.3, 0.08, 0.36],
    lamps: [0.85, 0.4, 1.05],
    headlights: 0.12,
    tailLights: 1.3,
    lit: 0.5,
    windowLight: 1,
    windowColours: [CYAN, MAGENTA, light('#ff5a9a'), light('#ffc04a'), light('#7a5cff'), CYAN],
    pane: light('#160b30'),
    signLight: 1.6,
    asphalt: light('#2a2546'),
    paving: light('#352a58'),
    kerb: light('#4a3a86'),
    mark: light('#6ff2ff'),
    yellowMark: light('#ffd24a'),
    texture: 0.6,
    repaint: (colour, kind, seed) => {
      if (kind === KIND.paint) return vivid(colour);
      if (kind === KIND.leaves) return light('#0f5a5a');
      if (kind === KIND.front || kind === KIND.sign || kind === KIND.awning) {
        if (kind !== KIND.front) return SHOPS[seed % SHOPS.length];
        return mix(NIGHT_WALLS[seed % NIGHT_WALLS.length], colour, 0.06);
      }
      return kind > KIND.paint ? colour : mix(colour, [0.02, 0.01, 0.06], 0.7);
    },
  }),
  finish: (painting) => {
    const { width } = painting;
    const colour = new Float32Array(painting.colour.length);
    for (let i = 0; i < colour.length; i++) colour[i] = painting.colour[i] ** 2;
    drawTubes(colour, painting);
    mirrorOnGround(colour, painting);
    const spread = wideBlur(colour, painting, (2.4 * width) / 128);
    for (let i = 0; i < colour.length; i++) {
      const lit = colour[i] + 0.6 * spread[i];
      colour[i] = Math.sqrt(lit / (1 + 0.12 * lit));
    }
    return toFrame(painting, colour);
  },
};

/** The paint's colour fully saturated, corrected for the violet light. */
function vivid([r, g, b]: Rgb): Rgb {
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  if (most - least < 0.35 * most) return most < 0.1 ? [0.02, 0.02, 0.05] : [0.75 * most, 0.85 * most, 0.85 * most];
  const pure = (c: number) => (0.9 * Math.max(0, c - 0.8 * least)) / (most - 0.8 * least);
  return [pure(r), 1.7 * pure(g), 0.8 * pure(b)];
}

/** Glowing lines around things, in the thing's hue; the car's in the colour of its paint. */
function drawTubes(colour: Float32Array, painting: Painting): void {
  const { things, car, kind } = painting;
  const lines = outlines(painting, 0.35);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] * lines[i];
    if (line < 0.02) continue;
    const base = 3 * i;
    const own = car[i];
    const share = things[base] > 0.55 ? 1 : 0;
    const far = kind[i] === KIND.ground || kind[i] === KIND.sky ? 0.5 : 1;
    for (let c = 0; c < 3; c++) {
      const tube = CYAN[c] + (MAGENTA[c] - CYAN[c]) * share;
      const paint = Math.min(1, 2.2 * colour[base + c] + 0.08);
      colour[base + c] += line * (own * paint * 0.9 + (1 - own) * tube * 0.75 * far);
    }
  }
}

/** Mirrors things in the ground: each column of pixels is flipped at its lowest point that is not ground. */
function mirrorOnGround(colour: Float32Array, painting: Painting): void {
  const { width, height, kind } = painting;
  const feet = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    let foot = height;
    while (foot > 0 && kind[(foot - 1) * width + x] === KIND.ground) foot--;
    feet[x] = foot;
  }
  for (let x = 0; x < width; x++) {
    // The feet of slanting walls are whole pixels; their mean with the neighbours is smooth.
    const before = feet[Math.max(0, x - 1)];
    const after = feet[Math.min(width - 1, x + 1)];
    const isSmooth = Math.abs(before - feet[x]) < 4 && Math.abs(after - feet[x]) < 4;
    const foot = isSmooth ? (before + feet[x] + after) / 3 : feet[x];
    for (let y = feet[x]; y < height; y++) {
      const above = 2 * foot - 1 - y;
      if (above < 0) break;
      const row = Math.min(Math.floor(above), height - 2);
      const f = Math.min(1, above - row);
      const strength = 0.5 * Math.exp((-1.6 * (y - foot)) / (0.35 * height));
      const from = 3 * (row * width + x);
      const to = 3 * (y * width + x);
      for (let c = 0; c < 3; c++) {
        const mirrored = colour[from + c] + f * (colour[from + 3 * width + c] - colour[from + c]);
        colour[to + c] += strength * Math.min(1.2, mirrored);
      }
    }
  }
}
