// The light from one point of a picture: shading of its material, exposure, haze.

import type { SurfacePoint } from '../layout/pinhole.js';
import type { Lighting, Shade } from '../light/lighting.js';
import { shadeSky } from '../light/sky.js';
import { smoothstep } from '../noise.js';
import { FAR } from '../street/stage.js';
import { shadeFront } from './front.js';
import { shadeGround } from './ground.js';
import { KIND } from './surface.js';
import { shadeThing } from './things.js';

const BEYOND: Shade = { r: 0, g: 0, b: 0, glowR: 0, glowG: 0, glowB: 0, detail: 0 };

/** Shades the point's polygon at the point's pixel position, both given; the rest of the point is filled in. */
export function shadePoint(lighting: Lighting, point: SurfacePoint, out: Shade): void {
  const { scene } = lighting;
  const { pinhole, surfaces } = scene.view;
  const { polygon } = point;
  point.right = (point.x - pinhole.centreX) / pinhole.focal;
  point.up = (pinhole.horizon - point.y) / pinhole.focal;
  if (polygon < 0) {
    shadeSky(lighting, point, out);
    return;
  }
  scene.view.locate(point);
  const made = surfaces[polygon];
  if (made.kind === KIND.ground) shadeGround(lighting, point, out);
  else if (made.kind === KIND.front) shadeFront(lighting, made, point, out);
  else shadeThing(lighting, made, point, out);
  const metre = Math.min(lighting.haze.length - 2, Math.floor(point.z));
  const before = lighting.haze[metre];
  const haze = before + (lighting.haze[metre + 1] - before) * (point.z - metre);
  const clear = 1 - haze;
  const base = 3 * Math.floor(point.x);
  out.r = expose(out.r) * clear + lighting.horizon[base] * haze;
  out.g = expose(out.g) * clear + lighting.horizon[base + 1] * haze;
  out.b = expose(out.b) * clear + lighting.horizon[base + 2] * haze;
  out.glowR *= clear;
  out.glowG *= clear;
  out.glowB *= clear;
  // Near the end of the street things fade into the sky behind them, so that they come into sight smoothly.
  const gone = smoothstep(0.62 * FAR, 0.95 * FAR, point.z);
  if (gone === 0) return;
  shadeSky(lighting, point, BEYOND);
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
