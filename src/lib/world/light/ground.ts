// The light that falls on the ground: sun past the buildings, street lamps, headlights, tail lights, the car's shadow.

import type { SurfacePoint } from '../layout/pinhole.js';
import { band, smoothstep } from '../noise.js';
import { type CarOnRoad, type Lighting, lampLight, type Shade, sunOnGround } from './lighting.js';

/**
 * Multiplies the colour of a point of ground by the light that falls on it; `isMiddle`: the pixel lies wholly on the road.
 */
export function lightGround(lighting: Lighting, at: SurfacePoint, isMiddle: boolean, out: Shade): void {
  const { look, scene, sunOnRoad, car } = lighting;
  const { u: s, v: d } = at;
  let sunny = 0;
  if (lighting.sunlight > 0) sunny = sunOnGround(lighting, s, d, sunOnRoad[at.polygon]);
  let open = 1;
  if (!isMiddle) {
    const { halfRoad, pavement } = scene.drive;
    const aside = d < 0 ? -d : d;
    open -= 0.3 * smoothstep(halfRoad + 0.3 * pavement, halfRoad + pavement, aside);
    if (aside - at.dv < halfRoad) open *= 1 - 0.3 * band(aside, at.dv, halfRoad - 0.18, halfRoad);
  }
  const underCar = car && s > car.s - 6 && s < car.s + 6 ? carShadow(car, at) : 0;
  open *= 1 - 0.82 * underCar;
  const direct = sunny * (1 - underCar) * lighting.sun[1];
  const lamps = look.lamps[0] > 0 ? lampLight(lighting, s, d, 0) * (1 - 0.8 * underCar) : 0;
  const beam = look.headlights > 0 ? headlight(lighting, at) : 0;
  const rear = car && look.tailLights > 0.5 ? tailGlow(car, at) * look.tailLights : 0;
  const { ambient, sun, lamps: lamplight } = look;
  out.r *= ambient[0] * open + sun[0] * direct + lamplight[0] * lamps + beam + 1.4 * rear;
  out.g *= ambient[1] * open + sun[1] * direct + lamplight[1] * lamps + 0.95 * beam + 0.15 * rear;
  out.b *= ambient[2] * open + sun[2] * direct + lamplight[2] * lamps + 0.82 * beam + 0.12 * rear;
}

/** 1 under the car, 0 away from it, soft between. */
function carShadow(car: CarOnRoad, { u: s, v: d }: SurfacePoint): number {
  const ds = s - car.s;
  const dd = d - car.d;
  const along = Math.abs(ds * car.cos + dd * car.sin) - car.end;
  const across = Math.abs(dd * car.cos - ds * car.sin) - car.half;
  return (1 - smoothstep(-0.3, 0.5, along)) * (1 - smoothstep(-0.25, 0.4, across));
}

/** Light of the camera's own headlights on the road; the car ahead stops it. */
function headlight({ look, car }: Lighting, { z, right }: SurfacePoint): number {
  const x = right * z;
  const spread = 1.6 + 0.16 * z;
  const stopped = car ? 1 - 0.75 * smoothstep(car.z + 0.5, car.z + 3, z) : 1;
  return look.headlights * 2.2 * Math.exp(-(x * x) / (spread * spread) - z / 14) * smoothstep(1.5, 6, z) * stopped;
}

/** Red light of the car's tail lights on the road behind it. */
function tailGlow(car: CarOnRoad, { u: s, v: d }: SurfacePoint): number {
  const behind = car.s - car.end - s;
  const across = d - car.d;
  return behind < -1 || behind > 6
    ? 0
    : 0.8 * Math.exp(-(across * across) / 1.3 - behind * 0.9) * smoothstep(-1, 0.2, behind);
}
