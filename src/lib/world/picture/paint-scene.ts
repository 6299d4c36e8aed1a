// Fills the buffers of a painting from a laid scene and a look. Each polygon in a pixel is shaded once, at the middle of its
// samples.

import { createPoint, type SurfacePoint } from '../layout/pinhole.js';
import type { LaidScene } from '../layout/scene.js';
import { SAMPLES } from '../layout/visibility.js';
import { createLighting, type Lighting, type Shade } from '../light/lighting.js';
import type { Look } from '../light/look.js';
import { hashUnit } from '../noise.js';
import { shadePoint } from '../shading/point.js';
import { isCar, KIND } from '../shading/surface.js';
import type { Painting } from './painting.js';

/** What all pixels of a picture share. */
interface PaintContext {
  readonly lighting: Lighting;
  readonly painting: Painting;
  /** Whether only colour and glow are filled. */
  readonly plain: boolean;
  /** A random colour for each polygon's thing, three numbers each. */
  readonly tones: Float32Array;
}

/**
 * Paints a laid scene into buffers of its size and overwrites their content.
 *
 * @param plain fills colour and glow only
 */
export function paintScene(scene: LaidScene, look: Look, painting: Painting, plain = false): void {
  const { width, height, colour, glow } = painting;
  const { seen, surfaces } = scene.view;
  const lighting = createLighting(scene, look);
  const tones = new Float32Array(3 * surfaces.length);
  surfaces.forEach(({ group }, i) => {
    for (let c = 0; c < 3; c++) tones[3 * i + c] = 0.15 + 0.85 * hashUnit(group, c, 77);
  });
  const context: PaintContext = { lighting, painting, plain, tones };
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
        POINT.polygon = polygon;
        shadePoint(lighting, POINT, SHADE);
        colour[base] = Math.sqrt(SHADE.r);
        colour[base + 1] = Math.sqrt(SHADE.g);
        colour[base + 2] = Math.sqrt(SHADE.b);
        glow[base] = SHADE.glowR;
        glow[base + 1] = SHADE.glowG;
        glow[base + 2] = SHADE.glowB;
        if (plain) continue;
        clearPixel(painting, at);
        addPoint(context, at, SAMPLES);
        keepPoint(context, at);
      } else {
        colour[base] = colour[base + 1] = colour[base + 2] = 0;
        glow[base] = glow[base + 1] = glow[base + 2] = 0;
        if (!plain) clearPixel(painting, at);
        paintMixed(context, x, y);
      }
    }
  }
}

const SHADE: Shade = { r: 0, g: 0, b: 0, glowR: 0, glowG: 0, glowB: 0, detail: 0 };
const POINT: SurfacePoint = createPoint();
const SAMPLE_X = Float64Array.of(0.375, 0.875, 0.125, 0.625);
const SAMPLE_Y = Float64Array.of(0.125, 0.375, 0.625, 0.875);

/** Paints a pixel whose samples see different polygons: each is weighted by the number of its samples. */
function paintMixed(context: PaintContext, x: number, y: number): void {
  const { lighting, painting, plain } = context;
  const { seen } = lighting.scene.view;
  const { width, colour, glow } = painting;
  const first = SAMPLES * y * width + x;
  const at = y * width + x;
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
    POINT.polygon = polygon;
    shadePoint(lighting, POINT, SHADE);
    const share = count / SAMPLES;
    colour[base] += share * Math.sqrt(SHADE.r);
    colour[base + 1] += share * Math.sqrt(SHADE.g);
    colour[base + 2] += share * Math.sqrt(SHADE.b);
    glow[base] += share * SHADE.glowR;
    glow[base + 1] += share * SHADE.glowG;
    glow[base + 2] += share * SHADE.glowB;
    if (plain) continue;
    addPoint(context, at, count);
    if (count > most) keepPoint(context, at);
    most = Math.max(most, count);
  }
}

function clearPixel({ things, detail, nearness, car }: Painting, at: number): void {
  things[3 * at] = things[3 * at + 1] = things[3 * at + 2] = 0;
  detail[at] = nearness[at] = car[at] = 0;
}

/** Adds `count` samples of the point shaded last to the buffers that styles read, at pixel `at`. */
function addPoint({ lighting, painting, tones }: PaintContext, at: number, count: number): void {
  const { scene } = lighting;
  const { things, detail, nearness, car } = painting;
  const { polygon } = POINT;
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

/** Keeps the point shaded last as the main one of pixel `at`. */
function keepPoint({ lighting, painting }: PaintContext, at: number): void {
  const { kind, u, v, du, dv } = painting;
  const { polygon } = POINT;
  kind[at] = polygon < 0 ? KIND.sky : lighting.scene.view.surfaces[polygon].kind;
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
