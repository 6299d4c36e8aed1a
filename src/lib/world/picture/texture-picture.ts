// Pictures of nothing in particular, with colours, edges and spectra as photographs have them: what an autoencoder is
// trained on beside streets, so that it carries real pictures too.

import { createGenerator, type RandomGenerator } from '../../base/random.js';
import type { Frame } from '../../tensor/frame.js';
import { clamp, fractalNoise2, hashBits, noise2, smoothstep } from '../noise.js';

/** A colour at a place; x and y are in picture heights. Writes three numbers in [0, 1] into `out`. */
type Layer = (x: number, y: number, out: Float64Array) => void;

/**
 * Picture `index` of the stream `seed`: a background of one kind under a few shapes of others, softened a little at random.
 */
export function texturePicture(seed: number, index: number, size = 128): Frame {
  const generator = createGenerator(hashBits(index, 29, hashBits(seed, 31, 7)));
  const palette = drawPalette(generator);
  const layers = [background(generator, palette)];
  if (generator.uniform() < 0.35) layers.push(foreground(generator, background(generator, palette)));
  const count = generator.integer(6);
  for (let i = 0; i < count; i++) layers.push(shape(generator, palette));
  if (generator.uniform() < 0.25) layers.push(glyphs(generator, palette));
  const light = lightOver(generator);
  const grain = generator.uniform() < 0.5 ? 0.04 * generator.uniform() : 0;
  const noise = createGenerator(hashBits(index, 43, seed));
  const data = new Uint8Array(3 * size * size);
  const sum = new Float64Array(3);
  const colour = new Float64Array(3);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      sum.fill(0);
      for (let k = 0; k < 2; k++) {
        const u = (x + 0.25 + 0.5 * k) / size;
        const v = (y + 0.75 - 0.5 * k) / size;
        for (const layer of layers) layer(u, v, colour);
        const lit = light(u, v);
        for (let c = 0; c < 3; c++) sum[c] += 0.5 * colour[c] * lit;
      }
      const speck = grain > 0 ? grain * (noise.uniform() + noise.uniform() - 1) : 0;
      for (let c = 0; c < 3; c++) data[at++] = Math.round(255 * clamp(sum[c] + speck, 0, 1));
    }
  }
  return { width: size, height: size, data };
}

/** Colours that go together: one muted hue and its neighbours, sometimes a loud one, dark and light ones. */
function drawPalette(generator: RandomGenerator): number[][] {
  // Most of nature is earth, leaf and sky.
  const natural = [0.07, 0.1, 0.25, 0.33, 0.55, 0.6][generator.integer(6)] + 0.04 * (generator.uniform() - 0.5);
  const anything = generator.uniform();
  const base = generator.uniform() < 0.7 ? natural : anything;
  const muted = 0.05 + 0.4 * generator.uniform();
  return Array.from({ length: 6 }, (_, i) => {
    const turn = base + (i === 5 ? 0.5 : i === 4 ? 0.3 * generator.uniform() : 0.12 * (generator.uniform() - 0.5));
    const saturation = i === 5 && generator.uniform() < 0.5 ? 0.9 : muted * (0.4 + generator.uniform());
    // More dark and light than middling.
    const level = 2 * generator.uniform() - 1;
    const bright = 0.5 + 0.5 * Math.sign(level) * Math.abs(level) ** 0.7;
    return [0, 1 / 3, 2 / 3].map((shift) => {
      const wave = 0.5 + 0.5 * Math.cos(2 * Math.PI * (turn - shift));
      return clamp(bright * (1 - saturation + 1.3 * saturation * wave), 0, 1);
    });
  });
}

function pickColour(generator: RandomGenerator, palette: number[][]): number[] {
  return palette[generator.integer(palette.length)];
}

/** Gradient, clouds of many scales, grass-like fibres, stripes or tiles. */
function background(generator: RandomGenerator, palette: number[][]): Layer {
  const a = pickColour(generator, palette);
  const b = pickColour(generator, palette);
  const angle = 2 * Math.PI * generator.uniform();
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const [shiftX, shiftY] = [50 * generator.uniform(), 50 * generator.uniform()];
  const scale = 2 ** (1 + 4 * generator.uniform());
  const contrast = 0.5 + 2 * generator.uniform();
  const stretch = 1 + 6 * generator.uniform() ** 3;
  const blend = (t: number, out: Float64Array) => {
    for (let c = 0; c < 3; c++) out[c] = a[c] + (b[c] - a[c]) * t;
  };
  switch (generator.integer(5)) {
    case 0:
      return (x, y, out) => blend(clamp(0.5 + contrast * ((x - 0.5) * cos + (y - 0.5) * sin), 0, 1), out);
    case 1:
    case 2:
      return (x, y, out) => {
        const u = (x * cos + y * sin) * scale;
        const v = (y * cos - x * sin) * scale * stretch;
        const cloud = fractalNoise2(u + shiftX, v + shiftY, 6) - 0.5;
        blend(clamp(0.5 + 1.6 * contrast * cloud, 0, 1), out);
      };
    case 3: {
      const soft = 0.05 + 0.45 * generator.uniform();
      return (x, y, out) => {
        const bend = 0.5 * noise2(3 * x + shiftX, 3 * y + shiftY, 1);
        const wave = Math.sin(2 * Math.PI * (scale * (x * cos + y * sin) + bend));
        blend(smoothstep(-soft, soft, wave), out);
      };
    }
    default: {
      const joint = 0.03 + 0.12 * generator.uniform();
      return (x, y, out) => {
        const u = (x * cos + y * sin) * scale;
        const row = Math.floor((y * cos - x * sin) * scale);
        const v = (y * cos - x * sin) * scale - row;
        const w = u + 0.5 * (row & 1);
        const tile = hashBits(Math.floor(w), row, 3) / 2 ** 32;
        const isJoint = w - Math.floor(w) < joint || v < joint;
        blend(isJoint ? 1 : 0.35 * tile + 0.15 * noise2(6 * u, 6 * v, 5), out);
      };
    }
  }
}

/** Another background below a ragged line: ground under sky, hills before hills. */
function foreground(generator: RandomGenerator, ground: Layer): Layer {
  const height = 0.2 + 0.6 * generator.uniform();
  const ragged = 0.3 * generator.uniform() ** 2;
  const scale = 2 + 10 * generator.uniform();
  const slope = 0.3 * (generator.uniform() - 0.5);
  const shift = 200 * generator.uniform();
  const behind = new Float64Array(3);
  return (x, y, out) => {
    const line = height + slope * (x - 0.5) + ragged * (fractalNoise2(scale * x + shift, 0.5, 5, 3) - 0.5);
    const cover = smoothstep(-0.006, 0.006, y - line);
    if (cover <= 0) return;
    behind.set(out);
    ground(x, y, out);
    for (let c = 0; c < 3; c++) out[c] = behind[c] + (out[c] - behind[c]) * cover;
  };
}

/** A polygon, an ellipse or a bar, sharp or blurred, plain or shaded. */
function shape(generator: RandomGenerator, palette: number[][]): Layer {
  const colour = pickColour(generator, palette);
  const [cx, cy] = [1.2 * generator.uniform() - 0.1, 1.2 * generator.uniform() - 0.1];
  const size = 0.04 + 0.4 * generator.uniform() ** 1.5;
  const soft = generator.uniform() < 0.6 ? 0.004 : 0.3 * size * generator.uniform();
  const flat = 0.15 + 0.85 * generator.uniform();
  const angle = Math.PI * generator.uniform();
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const corners = generator.integer(3) === 0 ? 0 : 3 + generator.integer(4);
  const shade = generator.uniform() - 0.5;
  const rough = generator.uniform() < 0.4 ? 0.5 * generator.uniform() : 0;
  const opacity = generator.uniform() < 0.8 ? 1 : 0.3 + 0.5 * generator.uniform();
  return (x, y, out) => {
    const u = ((x - cx) * cos + (y - cy) * sin) / size;
    const v = ((y - cy) * cos - (x - cx) * sin) / (size * flat);
    const radius = Math.sqrt(u * u + v * v);
    if (radius > 1.6) return;
    let edge = radius;
    if (corners > 0) {
      const sector = (2 * Math.PI) / corners;
      const at = Math.atan2(v, u);
      edge = (radius * Math.cos(at - sector * Math.round(at / sector))) / Math.cos(sector / 2) / 1.1;
    }
    const cover = opacity * (1 - smoothstep(1 - soft / size, 1 + soft / size, edge));
    if (cover <= 0) return;
    const tone = 1 + shade * v + (rough > 0 ? rough * (fractalNoise2(14 * x, 14 * y, 3, 2) - 0.5) : 0);
    for (let c = 0; c < 3; c++) out[c] += (clamp(colour[c] * tone, 0, 1) - out[c]) * cover;
  };
}

/** Rows of marks like letters. */
function glyphs(generator: RandomGenerator, palette: number[][]): Layer {
  const ink = pickColour(generator, palette);
  const height = 0.05 + 0.12 * generator.uniform();
  const [left, top] = [0.6 * generator.uniform(), 0.8 * generator.uniform()];
  const [letters, rows] = [3 + generator.integer(10), 1 + generator.integer(4)];
  const seed = generator.integer(2 ** 20);
  return (x, y, out) => {
    const row = Math.floor((y - top) / (1.5 * height));
    const column = Math.floor((x - left) / (0.75 * height));
    if (row < 0 || row >= rows || column < 0 || column >= letters) return;
    const u = (x - left) / (0.75 * height) - column;
    const v = (y - top) / (1.5 * height) - row;
    if (u > 0.8 || v > 0.66) return;
    const pattern = hashBits(column, row, seed);
    const cell = Math.floor((u / 0.8) * 3) + 3 * Math.floor((v / 0.66) * 5);
    // Strokes: the frame of a 3 x 5 letter with bits left out.
    if (((pattern >>> cell) & 1) === 0 && cell % 3 === 1) return;
    if (((pattern >>> (cell + 8)) & 1) === 0) return;
    for (let c = 0; c < 3; c++) out[c] = ink[c];
  };
}

/** Uneven light over the whole picture, and now and then a shadow's edge. */
function lightOver(generator: RandomGenerator): (x: number, y: number) => number {
  const angle = 2 * Math.PI * generator.uniform();
  const strength = 0.5 * generator.uniform();
  const edge = generator.uniform() < 0.3 ? generator.uniform() - 0.5 : 9;
  const dark = 0.3 + 0.4 * generator.uniform();
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return (x, y) => {
    const at = (x - 0.5) * cos + (y - 0.5) * sin;
    return (1 + strength * at) * (at > edge ? 1 - dark * smoothstep(0, 0.03, at - edge) : 1);
  };
}
