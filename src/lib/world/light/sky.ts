// The sky behind the street: gradient, glow around the sun, clouds, stars, the silhouette of a far city. It is fixed in the
// world and turns against the camera.

import type { SurfacePoint } from '../layout/pinhole.js';
import { clamp, fractalNoise2, hashUnit, smoothstep } from '../noise.js';
import type { Lighting, Shade } from './lighting.js';

/** Writes the sky's colour in the direction of a pixel. */
export function shadeSky(lighting: Lighting, { right, up }: SurfacePoint, out: Shade): void {
  const { look, sun, scene } = lighting;
  const { view, drive } = scene;
  const flat = Math.sqrt(right * right + 1);
  const rise = up / flat;
  const t = rise > 0 ? 1 - Math.exp(-3.2 * rise) : 0;
  const length = Math.sqrt(right * right + up * up + 1);
  const towards = Math.max(0, (right * sun[0] + up * sun[1] + sun[2]) / length);
  const square = towards * towards;
  const near = square * square * square;
  let r = look.horizon[0] + (look.zenith[0] - look.horizon[0]) * t + look.glow[0] * near;
  let g = look.horizon[1] + (look.zenith[1] - look.horizon[1]) * t + look.glow[1] * near;
  let b = look.horizon[2] + (look.zenith[2] - look.horizon[2]) * t + look.glow[2] * near;
  const cos = lighting.cosYaw;
  const sin = lighting.sinYaw;
  const east = right * cos + sin;
  const north = cos - right * sin;
  if (look.stars > 0 && rise > 0.05) {
    const azimuth = Math.atan2(east, north);
    const star = starLight(azimuth, rise, view.pinhole.focal, drive.seed) * look.stars * smoothstep(0.05, 0.3, rise);
    r += star;
    g += star;
    b += star;
  }
  const disc = smoothstep(Math.cos(0.034), Math.cos(0.026), towards);
  if (disc > 0 && look.disc[0] > 0) {
    r += (look.disc[0] - r) * disc;
    g += (look.disc[1] - g) * disc;
    b += (look.disc[2] - b) * disc;
  }
  out.glowR = look.disc[0] * disc;
  out.glowG = look.disc[1] * disc;
  out.glowB = look.disc[2] * disc;
  if (look.clouds > 0 && rise > 0) {
    const height = 1 / (rise + 0.16);
    const seed = drive.seed & 63;
    const density = fractalNoise2(0.9 * (east / flat) * height + seed, 0.9 * (north / flat) * height, 4, seed);
    const threshold = 0.78 - 0.5 * look.clouds;
    const cover = smoothstep(threshold, threshold + 0.22, density) * smoothstep(0, 0.12, rise) * 0.9;
    const shade = smoothstep(threshold + 0.08, threshold + 0.34, density) * 0.8 - 0.15 * near;
    const { cloudLight: lit, cloudShade: dark } = look;
    r += (lit[0] + (dark[0] - lit[0]) * shade - r) * cover;
    g += (lit[1] + (dark[1] - lit[1]) * shade - g) * cover;
    b += (lit[2] + (dark[2] - lit[2]) * shade - b) * cover;
  }
  const city = rise < 0.11 ? skyline(Math.atan2(east, north), rise, 1 / view.pinhole.focal, drive.seed) : 0;
  out.r = r + (look.skyline[0] - r) * city;
  out.g = g + (look.skyline[1] - g) * city;
  out.b = b + (look.skyline[2] - b) * city;
  out.detail = 0;
}

/** Small soft points in a third of the cells of a grid of directions. */
function starLight(azimuth: number, rise: number, focal: number, seed: number): number {
  const cell = 0.07;
  const a = azimuth / cell;
  const e = rise / cell;
  const i = Math.floor(a);
  const j = Math.floor(e);
  if (hashUnit(i, j, seed) > 0.35) return 0;
  const da = (a - i - 0.3 - 0.4 * hashUnit(i, j, seed + 1)) * cell * focal;
  const de = (e - j - 0.3 - 0.4 * hashUnit(i, j, seed + 2)) * cell * focal;
  return 0.5 * hashUnit(i, j, seed + 3) * Math.exp(-(da * da + de * de) / 0.5);
}

/** Share of a direction that far towers cover. */
function skyline(azimuth: number, rise: number, pixel: number, seed: number): number {
  let sum = 0;
  for (let k = -1; k <= 1; k++) {
    const tower = Math.floor((azimuth + 0.33 * k * pixel) / 0.035);
    const height = 0.015 + 0.075 * hashUnit(tower, 3, seed) * hashUnit(Math.floor(tower / 5), 4, seed);
    sum += clamp((height - rise) / pixel + 0.5, 0, 1);
  }
  return 0.55 * (sum / 3);
}
