// A look applied to a laid scene: directions of light in the camera's axes, colours of its polygons, light that falls on the street.
// What shading looks up for every pixel is worked out here once for a picture.

import { mix, type Rgb } from './colour.js';
import { CAR_SIZES } from './car-mesh.js';
import type { LaidScene } from './lay-scene.js';
import type { Look } from './look.js';
import { clamp, smoothstep } from './noise.js';
import { LAMP_ARM, LAMP_STEP, lampPlace } from './street-slots.js';
import { headingOnRoad } from './road.js';

/** What shading a material writes: light out, light of its own, drawn detail, light in. */
export interface Shade {
  r: number;
  g: number;
  b: number;
  /** Light that glows around the thing, 0 for all that only reflects. */
  glowR: number;
  glowG: number;
  glowB: number;
  /** Share of the pixel that drawn details (windows, marks) cover: outlines run around them. */
  detail: number;
  /** Light that falls on it, 0 dark ... 1 full, whatever its colour. */
  lit: number;
}

/** The car on the road as light sees it. */
export interface CarOnRoad {
  readonly s: number;
  readonly d: number;
  readonly cos: number;
  readonly sin: number;
  readonly half: number;
  readonly end: number;
  readonly z: number;
}

export interface Lighting {
  readonly scene: LaidScene;
  readonly look: Look;
  /** Towards the sun, unit length. */
  readonly sun: Rgb;
  readonly sunlight: number;
  /** Repainted colours of polygon i at 3 i: its own, its front's trim, its front's shop. */
  readonly colours: Float32Array;
  readonly trims: Float32Array;
  readonly shops: Float32Array;
  /** Sky colour at the horizon in each column of pixels, 3 numbers each. */
  readonly horizon: Float32Array;
  readonly car: CarOnRoad | undefined;
  /** Share of sunlight that reaches the car. */
  carSun: number;
}

/** Prepares a look for a scene. */
export function createLighting(scene: LaidScene, look: Look): Lighting {
  const { drive, pose, view, road } = scene;
  const azimuth = drive.sunAzimuth - pose.yaw;
  const level = Math.cos(drive.sunElevation);
  const sun: Rgb = [level * Math.sin(azimuth), Math.sin(drive.sunElevation), level * Math.cos(azimuth)];
  const count = view.surfaces.length;
  const colours = new Float32Array(3 * count);
  const trims = new Float32Array(3 * count);
  const shops = new Float32Array(3 * count);
  const repaint = look.repaint ?? ((colour: Rgb) => colour);
  view.surfaces.forEach(({ kind, colour, seed, front }, i) => {
    colours.set(repaint(colour, kind, seed), 3 * i);
    if (!front) return;
    trims.set(repaint(front.trim, kind, seed + 1), 3 * i);
    shops.set(repaint(front.shopColour, kind, seed + 2), 3 * i);
  });
  const horizon = new Float32Array(3 * view.pinhole.width);
  for (let x = 0; x < view.pinhole.width; x++) {
    const right = (x + 0.5 - view.pinhole.centreX) / view.pinhole.focal;
    horizon.set(horizonColour(look, sun, right), 3 * x);
  }
  let car: CarOnRoad | undefined;
  if (scene.car && drive.car) {
    const { half, length } = CAR_SIZES[drive.car.body];
    const { s, d, yaw } = scene.car;
    car = { s, d, cos: Math.cos(yaw), sin: Math.sin(yaw), half, end: length / 2, z: s - pose.s - length / 2 };
  }
  const lighting: Lighting = {
    scene,
    look,
    sun,
    sunlight: Math.max(...look.sun),
    colours,
    trims,
    shops,
    horizon,
    car,
    carSun: 1,
  };
  if (car) lighting.carSun = sunOnGround(lighting, car.s, car.d, headingOnRoad(road, car.s));
  return lighting;
}

/** The sky's colour just above the horizon in the direction (right, 0, 1). */
export function horizonColour(look: Look, sun: Rgb, right: number): Rgb {
  const towards = clamp((right * sun[0] + sun[2]) / Math.hypot(right, 1), 0, 1) ** 6;
  return mix(look.horizon, [look.horizon[0] + look.glow[0], look.horizon[1] + look.glow[1], look.horizon[2] + look.glow[2]], towards);
}

/** Height of the roofs at `s` on a side, 0 in cross streets; soft at the edges of buildings. */
function roofAt({ scene }: Lighting, side: number, s: number): number {
  const line = side < 0 ? scene.roofs[0] : scene.roofs[1];
  const at = clamp(s - scene.road.start, 0, line.length - 1.001);
  const k = Math.floor(at);
  return line[k] + (at - k) * (line[k + 1] - line[k]);
}

/** Share of sunlight that reaches the ground at (s, d) past the buildings on the sun's side. */
export function sunOnGround(lighting: Lighting, s: number, d: number, heading: number): number {
  const { sun, scene } = lighting;
  const cos = Math.cos(heading);
  const sin = Math.sin(heading);
  const across = sun[0] * cos - sun[2] * sin;
  const along = sun[0] * sin + sun[2] * cos;
  const side = across < 0 ? -1 : 1;
  const steep = Math.max(0.05, Math.abs(across));
  const away = scene.drive.halfRoad + scene.drive.pavement - side * d;
  if (away <= 0) return 0;
  const shadow = roofAt(lighting, side, s + clamp((away * along) / steep, -60, 60)) - (away * sun[1]) / steep;
  return 1 - smoothstep(-0.6, 0.6, shadow);
}

/** Share of sunlight that reaches a front on `side` at height `v` past the buildings across the road. */
export function sunOnFront(lighting: Lighting, side: number, s: number, v: number, heading: number): number {
  const { sun, scene } = lighting;
  const cos = Math.cos(heading);
  const sin = Math.sin(heading);
  const steep = Math.max(0.05, Math.abs(sun[0] * cos - sun[2] * sin));
  const along = sun[0] * sin + sun[2] * cos;
  const away = 2 * (scene.drive.halfRoad + scene.drive.pavement);
  const shadow = roofAt(lighting, -side, s + clamp((away * along) / steep, -60, 60)) - (away * sun[1]) / steep;
  return smoothstep(-0.7, 0.7, v - shadow);
}

/** Lamp light at (s, d) and a height: 1 right under a lamp, 0 far from all. */
export function lampLight({ scene }: Lighting, s: number, d: number, height: number): number {
  const reach = scene.drive.halfRoad + 0.45 - LAMP_ARM;
  let sum = 0;
  for (const side of [-1, 1] as const) {
    const offset = (s - lampPlace(side, 0)) / LAMP_STEP;
    const along = (offset - Math.round(offset)) * LAMP_STEP;
    const across = d - side * reach;
    const up = height - 3;
    sum += Math.exp(-(along * along + across * across + (height > 3 ? up * up : 0)) / 34);
  }
  return sum;
}
