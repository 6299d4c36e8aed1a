// A laid scene seen under a look: fills a painting's buffers. Each polygon in a pixel is shaded once, at the middle of its samples.

import { createPoint, type SurfacePoint } from '../layout/pinhole.js';
import type { LaidScene } from '../layout/scene.js';
import { SAMPLES } from '../layout/visibility.js';
import { createLighting, type Lighting, type Shade } from '../light/lighting.js';
import type { Look } from '../light/look.js';
import { hashUnit } from '../noise.js';
import { shadePoint } from '../shading/point.js';
import { isCar, KIND } from '../shading/surface.js';
import type { Painting } from './painting.js';

/**
 * Colours a laid scene into buffers of its size, whatever they held before; `plain` fills colour and glow only, for styles that
 * need no more.
 */
export function paintScene(scene: LaidScene, look: Look, painting: Painting, plain = false): void {
  const { width, height, colour, glow } = painting;
  const { seen, surfaces } = scene.view;
  const lighting = createLighting(scene, look);
  const tones = new Float32Array(3 * surfaces.length);
  surfaces.forEach(({ group }, i) => {
    for (let c = 0; c < 3; c++) tones[3 * i + c] = 0.15 + 0.85 * hashUnit(group, c, 77);
  });
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const first = SAMPLES * y * width + x;
      const polygon = seen[first];
      const second = seen[first + width];
      const third = seen[first + 2 * width];
      const base = 3 * at;
      if (polygon === second && polygon === third && polygon === seen[first + 3 * width]) {
        POINT.x = x + 0.5;
        POINT.y = y + 0.5;
        shadePoint(lighting, polygon, x, POINT, SHADE);
        colour[base] = Math.sqrt(SHADE.r);
        colour[base + 1] = Math.sqrt(SHADE.g);
        colour[base + 2] = Math.sqrt(SHADE.b);
        glow[base] = SHADE.glowR;
        glow[base + 1] = SHADE.glowG;
        glow[base + 2] = SHADE.glowB;
        if (plain) continue;
        clearPixel(painting, at);
        addPoint(lighting, painting, at, polygon, SAMPLES, tones);
        keepPoint(lighting, painting, at, polygon);
      } else {
        colour[base] = colour[base + 1] = colour[base + 2] = 0;
        glow[base] = glow[base + 1] = glow[base + 2] = 0;
        if (!plain) clearPixel(painting, at);
        paintMixed(lighting, painting, at, x, y, plain, tones);
      }
    }
  }
}

const SHADE: Shade = { r: 0, g: 0, b: 0, glowR: 0, glowG: 0, glowB: 0, detail: 0 };
const POINT: SurfacePoint = createPoint();
const SAMPLE_X = Float64Array.of(0.375, 0.875, 0.125, 0.625);
const SAMPLE_Y = Float64Array.of(0.125, 0.375, 0.625, 0.875);

/** A pixel in which samples see different polygons: each is shaded at the middle of its samples and counts by their number. */
function paintMixed(
  lighting: Lighting,
  painting: Painting,
  at: number,
  x: number,
  y: number,
  plain: boolean,
  tones: Float32Array,
): void {
  const { seen } = lighting.scene.view;
  const { width, colour, glow } = painting;
  const first = SAMPLES * y * width + x;
  const base = 3 * at;
  let done = 0;
  let most = 0;
  for (let k = 0; k < SAMPLES; k++) {
    if (done & (1 << k)) continue;
    const polygon = seen[first + k * width];
    let count = 0;
    let sumX = 0;
    let sumY = 0;
    for (let j = k; j < SAMPLES; j++) {
      if (seen[first + j * width] !== polygon) continue;
      done |= 1 << j;
      count++;
      sumX += SAMPLE_X[j];
      sumY += SAMPLE_Y[j];
    }
    POINT.x = x + sumX / count;
    POINT.y = y + sumY / count;
    shadePoint(lighting, polygon, x, POINT, SHADE);
    const share = count / SAMPLES;
    colour[base] += share * Math.sqrt(SHADE.r);
    colour[base + 1] += share * Math.sqrt(SHADE.g);
    colour[base + 2] += share * Math.sqrt(SHADE.b);
    glow[base] += share * SHADE.glowR;
    glow[base + 1] += share * SHADE.glowG;
    glow[base + 2] += share * SHADE.glowB;
    if (plain) continue;
    addPoint(lighting, painting, at, polygon, count, tones);
    if (count > most) keepPoint(lighting, painting, at, polygon);
    most = Math.max(most, count);
  }
}

function clearPixel({ things, detail, nearness, car }: Painting, at: number): void {
  things[3 * at] = things[3 * at + 1] = things[3 * at + 2] = 0;
  detail[at] = nearness[at] = car[at] = 0;
}

/** Adds a number of samples of what was last shaded to a pixel's buffers for styles. */
function addPoint(
  { scene }: Lighting,
  { things, detail, nearness, car }: Painting,
  at: number,
  polygon: number,
  count: number,
  tones: Float32Array,
): void {
  const share = count / SAMPLES;
  detail[at] += share * SHADE.detail;
  if (polygon < 0) {
    skyPoint(scene, POINT);
    return;
  }
  things[3 * at] += share * tones[3 * polygon];
  things[3 * at + 1] += share * tones[3 * polygon + 1];
  things[3 * at + 2] += share * tones[3 * polygon + 2];
  nearness[at] += share / POINT.z;
  if (isCar(scene.view.surfaces[polygon].kind)) car[at] += share;
}

/** Notes what was last shaded as what covers most of a pixel so far. */
function keepPoint({ scene }: Lighting, { kind, u, v, du, dv }: Painting, at: number, polygon: number): void {
  kind[at] = polygon < 0 ? KIND.sky : scene.view.surfaces[polygon].kind;
  u[at] = POINT.u;
  v[at] = POINT.v;
  du[at] = POINT.du;
  dv[at] = POINT.dv;
}

/** Coordinates on the sky: direction in the world and rise, in tenths of a radian. */
function skyPoint({ view, pose }: LaidScene, out: SurfacePoint): void {
  const { right } = out;
  // The arc tangent's series: the picture's edges are within 40 degrees.
  out.u = 10 * (pose.yaw + right * (1 - right * right * (0.33 - 0.16 * right * right)));
  out.v = 10 * out.up;
  out.du = out.dv = 10 / view.pinhole.focal;
}
