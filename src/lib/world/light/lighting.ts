// A look applied to a laid scene: directions of light in the camera's axes, colours of its polygons, light that falls on the
// street. It is computed once for a picture, and shading reads it for every pixel.

import { CAR_SIZES } from '../car/sizes.js';
import type { Rgb } from '../colour.js';
import type { SurfacePoint } from '../layout/pinhole.js';
import type { LaidScene } from '../layout/scene.js';
import { clamp, smoothstep } from '../noise.js';
import type { Surface } from '../shading/surface.js';
import { headingOnRoad } from '../street/road.js';
import { LAMP_ARM, LAMP_STEP, lampPlace } from '../street/slots.js';
import { FAR } from '../street/stage.js';
import { type Look, uniformLook } from './look.js';

/** The result of shading: light from a point, light of its own, drawn detail. */
export interface Shade {
  r: number;
  g: number;
  b: number;
  /** Light that glows around the thing; 0 for things that only reflect. */
  glowR: number;
  glowG: number;
  glowB: number;
  /** Share of the pixel that drawn details (windows, marks) cover: outlines run around them. */
  detail: number;
}

/** The sun's direction in the road's axes: to the right of the road and along it. */
export interface SunOnRoad {
  readonly across: number;
  readonly along: number;
}

/** The car's place and half sizes on the road, for its shadow and its lights. */
export interface CarOnRoad {
  readonly s: number;
  readonly d: number;
  readonly cos: number;
  readonly sin: number;
  readonly half: number;
  readonly end: number;
  readonly z: number;
}

/** A scene and the light in it. */
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
  /** The sun against the road's direction at each polygon, rounded to float32. */
  readonly sunOnRoad: readonly SunOnRoad[];
  /** Share of haze at each metre of depth. */
  readonly haze: Float32Array;
  /** Sky colour at the horizon in each column of pixels, 3 numbers each. */
  readonly horizon: Float32Array;
  /** Direction of the camera in the world. */
  readonly cosYaw: number;
  readonly sinYaw: number;
  readonly car: CarOnRoad | undefined;
  /** Share of sunlight that reaches the car. */
  carSun: number;
}

/** Prepares a look for a scene. */
export function createLighting(scene: LaidScene, given: Look): Lighting {
  const look = uniformLook(given);
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
  const sunOnRoad = view.surfaces.map(({ heading }) => {
    const { across, along } = sunByHeading(sun, heading);
    return { across: Math.fround(across), along: Math.fround(along) };
  });
  const haze = Float32Array.from({ length: FAR + 40 }, (_, z) => 1 - Math.exp(-((z / look.haze) ** 1.5)));
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
    sunOnRoad,
    haze,
    horizon,
    cosYaw: Math.cos(pose.yaw),
    sinYaw: Math.sin(pose.yaw),
    car,
    carSun: 1,
  };
  if (car) {
    lighting.carSun = sunOnGround(lighting, car.s, car.d, sunByHeading(sun, headingOnRoad(road, car.s)));
  }
  return lighting;
}

/** The sky's colour just above the horizon in the direction (right, 0, 1). */
export function horizonColour(look: Look, sun: Rgb, right: number): Rgb {
  const towards = Math.max(0, (right * sun[0] + sun[2]) / Math.sqrt(right * right + 1));
  const square = towards * towards;
  const near = square * square * square;
  const { horizon, glow } = look;
  return [horizon[0] + glow[0] * near, horizon[1] + glow[1] * near, horizon[2] + glow[2] * near];
}

/** Height of the roofs at `s` on a side, 0 in cross streets; soft at the edges of buildings. */
function roofAt({ scene }: Lighting, side: number, s: number): number {
  const line = side < 0 ? scene.roofs[0] : scene.roofs[1];
  const at = clamp(s - scene.roofStart, 0, line.length - 1.001);
  const k = Math.floor(at);
  return line[k] + (at - k) * (line[k + 1] - line[k]);
}

function sunByHeading(sun: Rgb, heading: number): SunOnRoad {
  const cos = Math.cos(heading);
  const sin = Math.sin(heading);
  return { across: sun[0] * cos - sun[2] * sin, along: sun[0] * sin + sun[2] * cos };
}

/** Share of sunlight that reaches the ground at (s, d) past the buildings on the sun's side. */
export function sunOnGround(lighting: Lighting, s: number, d: number, { across, along }: SunOnRoad): number {
  const { sun, scene } = lighting;
  const side = across < 0 ? -1 : 1;
  const away = scene.drive.halfRoad + scene.drive.pavement - side * d;
  if (away <= 0) return 0;
  const ratio = away / Math.max(0.05, side * across);
  const shadow = roofAt(lighting, side, s + clamp(ratio * along, -60, 60)) - ratio * sun[1];
  return 1 - smoothstep(-0.6, 0.6, shadow);
}

/** Share of sunlight that reaches a point of a front past the buildings across the road. */
export function sunOnFront(lighting: Lighting, { side, s: start }: Surface, at: SurfacePoint): number {
  const { sun, scene } = lighting;
  const { across, along } = lighting.sunOnRoad[at.polygon];
  const s = start + at.u;
  const away = 2 * (scene.drive.halfRoad + scene.drive.pavement);
  const ratio = away / Math.max(0.05, Math.abs(across));
  const shadow = roofAt(lighting, -side, s + clamp(ratio * along, -60, 60)) - ratio * sun[1];
  return smoothstep(-0.7, 0.7, at.v - shadow);
}

/** Lamp light at (s, d) and a height: 1 right under a lamp, 0 far from all. */
export function lampLight({ scene }: Lighting, s: number, d: number, height: number): number {
  const reach = scene.drive.halfRoad + 0.45 - LAMP_ARM;
  const up = height > 3 ? height - 3 : 0;
  const at = s / LAMP_STEP;
  let sum = 0;
  for (let side = -1; side <= 1; side += 2) {
    const offset = at - (side > 0 ? RIGHT_LAMPS : LEFT_LAMPS);
    const along = (offset - Math.round(offset)) * LAMP_STEP;
    const across = d - side * reach;
    const near = 1 - (along * along + across * across + up * up) / 130;
    if (near > 0) sum += near * near * near;
  }
  return sum;
}

const RIGHT_LAMPS = lampPlace(1, 0) / LAMP_STEP;
const LEFT_LAMPS = lampPlace(-1, 0) / LAMP_STEP;
