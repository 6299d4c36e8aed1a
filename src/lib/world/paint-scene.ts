// A laid scene seen under a look, as buffers: colour, and what styles draw from (depth, materials, things, details, light). Each
// polygon in a pixel is shaded once, at the middle of its samples.

import type { LaidScene } from './lay-scene.js';
import { createLighting, type Lighting, type Shade } from './lighting.js';
import type { Look } from './look.js';
import { hashUnit, smoothstep } from './noise.js';
import { shadeFront } from './shade-front.js';
import { shadeGround } from './shade-ground.js';
import { shadeThing } from './shade-things.js';
import { shadeSky } from './sky.js';
import { FAR } from './stage.js';
import { isCar, KIND } from './surface.js';
import { SAMPLES, type SurfacePoint } from './visibility.js';

/** A picture of a scene and its buffers, row by row, `channels` numbers a pixel (1 unless said). */
export interface Painting {
  readonly width: number;
  readonly height: number;
  /** Three channels, 0 black ... 1 white as displayed (the square root of light); may exceed 1. */
  readonly colour: Float32Array;
  /** Three channels: light that glows, in proportion to energy. */
  readonly glow: Float32Array;
  /** Three channels: a random colour for each thing, by which outlines are found. */
  readonly things: Float32Array;
  /** Share covered by drawn details such as windows. */
  readonly detail: Float32Array;
  /** Light that falls on what is seen, 0 dark ... 1 full. */
  readonly lit: Float32Array;
  /** 1 / depth in metres, 0 for sky. */
  readonly nearness: Float32Array;
  /** Share of the pixel that the car covers. */
  readonly car: Float32Array;
  /** Material (KIND) of what covers most of the pixel, its surface coordinates in metres, and a pixel's extent on it. */
  readonly kind: Uint8Array;
  readonly u: Float32Array;
  readonly v: Float32Array;
  readonly du: Float32Array;
  readonly dv: Float32Array;
}

/** Buffers for a picture of this size. */
export function createPainting(width: number, height: number): Painting {
  const pixels = width * height;
  return {
    width,
    height,
    colour: new Float32Array(3 * pixels),
    glow: new Float32Array(3 * pixels),
    things: new Float32Array(3 * pixels),
    detail: new Float32Array(pixels),
    lit: new Float32Array(pixels),
    nearness: new Float32Array(pixels),
    car: new Float32Array(pixels),
    kind: new Uint8Array(pixels),
    u: new Float32Array(pixels),
    v: new Float32Array(pixels),
    du: new Float32Array(pixels),
    dv: new Float32Array(pixels),
  };
}

/** Colours a laid scene into buffers of its size, whatever they held before. */
export function paintScene(scene: LaidScene, look: Look, painting: Painting): void {
  const { width, height } = painting;
  const lighting = createLighting(scene, look);
  const { seen } = scene.view;
  const surfaces = scene.view.surfaces;
  const thingTones = new Float32Array(3 * surfaces.length);
  const kinds = Uint8Array.from(surfaces, ({ kind }) => kind);
  surfaces.forEach(({ group }, i) => {
    for (let c = 0; c < 3; c++) thingTones[3 * i + c] = 0.15 + 0.85 * hashUnit(group, c, 77);
  });
  const shade: Shade = { r: 0, g: 0, b: 0, glowR: 0, glowG: 0, glowB: 0, detail: 0, lit: 0 };
  const point: SurfacePoint = { z: 0, u: 0, v: 0, du: 0, dv: 0 };
  const { colour, glow, things, detail, lit, nearness, car } = painting;
  for (const summed of [colour, glow, things, detail, lit, nearness, car]) summed.fill(0);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
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
          if (seen[first + j * width] === polygon) {
            done |= 1 << j;
            count++;
            sumX += SAMPLE_X[j];
            sumY += SAMPLE_Y[j];
          }
        }
        const px = x + sumX / count;
        const py = y + sumY / count;
        shadePoint(lighting, polygon, x, px, py, point, shade);
        const share = count / SAMPLES;
        colour[base] += share * Math.sqrt(shade.r);
        colour[base + 1] += share * Math.sqrt(shade.g);
        colour[base + 2] += share * Math.sqrt(shade.b);
        glow[base] += share * shade.glowR;
        glow[base + 1] += share * shade.glowG;
        glow[base + 2] += share * shade.glowB;
        detail[at] += share * shade.detail;
        lit[at] += share * shade.lit;
        let kind = 0;
        if (polygon < 0) {
          skyPoint(scene, px, py, point);
        } else {
          things[base] += share * thingTones[3 * polygon];
          things[base + 1] += share * thingTones[3 * polygon + 1];
          things[base + 2] += share * thingTones[3 * polygon + 2];
          nearness[at] += share / point.z;
          kind = kinds[polygon];
          if (isCar(kind)) car[at] += share;
        }
        if (count > most) {
          most = count;
          painting.kind[at] = kind;
          painting.u[at] = point.u;
          painting.v[at] = point.v;
          painting.du[at] = point.du;
          painting.dv[at] = point.dv;
        }
      }
    }
  }
}

/** Coordinates on the sky: direction in the world and rise, in tenths of a radian. */
function skyPoint({ view, pose }: LaidScene, x: number, y: number, out: SurfacePoint): void {
  const { focal, centreX, horizon } = view.pinhole;
  const right = (x - centreX) / focal;
  // The arc tangent's series: the picture's edges are within 40 degrees.
  out.u = 10 * (pose.yaw + right * (1 - right * right * (0.33 - 0.16 * right * right)));
  out.v = (10 * (horizon - y)) / focal;
  out.du = out.dv = 10 / focal;
}

const SAMPLE_X = Float64Array.of(0.375, 0.875, 0.125, 0.625);
const SAMPLE_Y = Float64Array.of(0.125, 0.375, 0.625, 0.875);
const BEYOND: Shade = { r: 0, g: 0, b: 0, glowR: 0, glowG: 0, glowB: 0, detail: 0, lit: 0 };

/** Shades a polygon (-1: the sky) at a pixel position: material, exposure, haze. */
function shadePoint(
  lighting: Lighting,
  polygon: number,
  column: number,
  x: number,
  y: number,
  point: SurfacePoint,
  out: Shade,
): void {
  const { scene } = lighting;
  const { pinhole, surfaces } = scene.view;
  const right = (x - pinhole.centreX) / pinhole.focal;
  const up = (pinhole.horizon - y) / pinhole.focal;
  if (polygon < 0) return shadeSky(lighting, right, up, out);
  scene.view.surfaceAt(polygon, x, y, point);
  const made = surfaces[polygon];
  if (made.kind === KIND.ground) shadeGround(lighting, polygon, point, right, out);
  else if (made.kind === KIND.front) shadeFront(lighting, polygon, made, point, out);
  else shadeThing(lighting, polygon, made, point, right, up, out);
  const metre = Math.min(lighting.haze.length - 2, Math.floor(point.z));
  const before = lighting.haze[metre];
  const haze = before + (lighting.haze[metre + 1] - before) * (point.z - metre);
  const clear = 1 - haze;
  const base = 3 * column;
  out.r = expose(out.r) * clear + lighting.horizon[base] * haze;
  out.g = expose(out.g) * clear + lighting.horizon[base + 1] * haze;
  out.b = expose(out.b) * clear + lighting.horizon[base + 2] * haze;
  out.glowR *= clear;
  out.glowG *= clear;
  out.glowB *= clear;
  // What comes into sight at the street's end comes out of the very sky behind it.
  const gone = smoothstep(0.62 * FAR, 0.95 * FAR, point.z);
  if (gone === 0) return;
  shadeSky(lighting, right, up, BEYOND);
  out.r += (BEYOND.r - out.r) * gone;
  out.g += (BEYOND.g - out.g) * gone;
  out.b += (BEYOND.b - out.b) * gone;
  out.glowR *= 1 - gone;
  out.glowG *= 1 - gone;
  out.glowB *= 1 - gone;
  out.detail *= 1 - gone;
}

/** Soft limit of brightness: keeps mid tones, lets bright things approach 1. */
function expose(x: number): number {
  return x <= 0 ? 0 : (x * (1 + 0.22 * x)) / (1 + x * 0.72);
}
