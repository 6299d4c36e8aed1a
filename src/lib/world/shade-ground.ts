// The ground as light comes from it: asphalt with its marks, kerbs, pavements, cross streets, snow, shadows, pools of light.

import type { Rgb } from './colour.js';
import { type Lighting, lampLight, type Shade, sunOnGround } from './lighting.js';
import { band, clamp, fractalNoise2, noise2, smoothstep, stripes } from './noise.js';
import { LOT } from './street.js';
import type { SurfacePoint } from './visibility.js';

const BLOCK = 7 * LOT;
const SNOW: Rgb = [0.82, 0.86, 0.92];

/** Writes the light from a point of polygon `i`, a piece of ground; `right` is the direction of its pixel. */
export function shadeGround(lighting: Lighting, i: number, at: SurfacePoint, right: number, out: Shade): void {
  const { look, scene } = lighting;
  const { drive } = scene;
  const { u: s, v: d, du, dv } = at;
  const { halfRoad, pavement } = drive;
  const aside = Math.abs(d);
  const inBlock = s - BLOCK * Math.floor(s / BLOCK);
  const crossing = aside > halfRoad ? band(inBlock, du, 3, 10) : 0;
  const onRoad = Math.max(band(aside, dv, -1, halfRoad), crossing);
  const onKerb = band(aside, dv, halfRoad, halfRoad + 0.28) * (1 - crossing);

  const fine = look.texture * clamp(1.2 - 1.5 * Math.max(du * 0.5, dv), 0, 1);
  const coarse = look.texture * clamp(1.3 - 0.25 * du, 0, 1);
  const patches = coarse * (noise2(0.25 * s, 0.8 * d, 5) - 0.5);
  const grain = fine * (noise2(2.2 * s, 5 * d, 6) - 0.5);
  // Tyres polish the lanes and oil darkens their middle.
  const lane = stripes(d / (halfRoad / (halfRoad > 5 ? 2 : 1)), dv / 3, 0.35, 0.65);
  const road = 1 + 0.22 * patches + 0.2 * grain - 0.07 * lane;
  const slabs = aside < halfRoad ? 0 : stripes(s / 1.5, du / 1.5, 0, 0.06) + stripes(d / 1.2, dv / 1.2, 0, 0.06);
  const stone = 1 + 0.14 * patches + 0.12 * grain - 0.3 * look.texture * Math.min(1, slabs);
  const paved = 1 - onRoad - onKerb;
  let r = look.asphalt[0] * road * onRoad + look.kerb[0] * onKerb + look.paving[0] * stone * paved;
  let g = look.asphalt[1] * road * onRoad + look.kerb[1] * onKerb + look.paving[1] * stone * paved;
  let b = look.asphalt[2] * road * onRoad + look.kerb[2] * onKerb + look.paving[2] * stone * paved;

  const marks = drawMarks(lighting, s, d, du, dv, inBlock);
  const worn = (0.86 + 0.25 * patches) * onRoad;
  r += ((marks.yellow ? look.yellowMark[0] : look.mark[0]) - r) * marks.cover * worn;
  g += ((marks.yellow ? look.yellowMark[1] : look.mark[1]) - g) * marks.cover * worn;
  b += ((marks.yellow ? look.yellowMark[2] : look.mark[2]) - b) * marks.cover * worn;

  if (look.snow > 0) {
    const tracks = trackCover(d, dv, halfRoad) * (aside < halfRoad ? 1 : 0);
    const heap = fractalNoise2(0.6 * s, 1.4 * d, 2, 9) - 0.5;
    const cover = look.snow * clamp(onRoad * (0.62 - 0.75 * tracks) + (1 - onRoad) * 0.97 + 0.35 * heap, 0, 1);
    const white = 1 + 0.1 * heap;
    r += (SNOW[0] * white - r) * cover;
    g += (SNOW[1] * white - g) * cover;
    b += (SNOW[2] * white - b) * cover;
  }

  const sunny = lighting.sunlight > 0 ? sunOnGround(lighting, s, d, lighting.sunOnRoad[2 * i], lighting.sunOnRoad[2 * i + 1]) : 0;
  let open = 1 - 0.3 * smoothstep(halfRoad + 0.3 * pavement, halfRoad + pavement, aside);
  open *= 1 - 0.3 * band(aside, dv, halfRoad - 0.18, halfRoad) * (1 - crossing);
  const underCar = carShadow(lighting, s, d);
  open *= 1 - 0.82 * underCar;
  const direct = sunny * (1 - underCar) * lighting.sun[1];
  const lamps = look.lamps[0] > 0 ? lampLight(lighting, s, d, 0) * (1 - 0.8 * underCar) : 0;
  const beam = look.headlights > 0 ? headlight(lighting, at.z, right * at.z) : 0;
  const rear = look.tailLights > 0.5 ? tailGlow(lighting, s, d) * look.tailLights : 0;
  r *= look.ambient[0] * open + look.sun[0] * direct + look.lamps[0] * lamps + beam + 1.4 * rear;
  g *= look.ambient[1] * open + look.sun[1] * direct + look.lamps[1] * lamps + 0.95 * beam + 0.15 * rear;
  b *= look.ambient[2] * open + look.sun[2] * direct + look.lamps[2] * lamps + 0.82 * beam + 0.12 * rear;
  out.r = r;
  out.g = g;
  out.b = b;
  out.glowR = out.glowG = out.glowB = 0;
  out.detail = Math.max(marks.cover * onRoad, 0.6 * onKerb);
  out.lit = 0.35 * open + 0.65 * Math.max(lighting.sunlight > 0.5 ? sunny * (1 - underCar) : 0.6 * open, lamps);
}

const MARKS = { cover: 0, yellow: false };

/** Lines along the road, dashes, and stripes for people before and after a cross street. */
function drawMarks({ scene }: Lighting, s: number, d: number, du: number, dv: number, inBlock: number): typeof MARKS {
  const { halfRoad, yellowLine } = scene.drive;
  const wide = halfRoad > 5;
  const aside = Math.abs(d);
  MARKS.cover = 0;
  MARKS.yellow = false;
  if (aside > halfRoad) return MARKS;
  const nearEnd = inBlock > BLOCK - 6 - du || inBlock < LOT + 6 + du;
  const zebra = nearEnd ? band(inBlock, du, BLOCK - 3.6, BLOCK - 0.6) + band(inBlock, du, LOT + 0.6, LOT + 3.6) : 0;
  // No lines in the crossing itself.
  const between = nearEnd ? band(inBlock, du, LOT + 4.6, BLOCK - 4.6) : 1;
  const dashes = stripes(s / 6, du / 6, 0, 0.5);
  const middle = wide || yellowLine ? band(aside, dv, 0.08, 0.24) : band(aside, dv, -1, 0.08) * dashes;
  const lanes = wide ? band(aside, dv, halfRoad / 2 - 0.08, halfRoad / 2 + 0.08) * dashes : 0;
  const edge = band(aside, dv, halfRoad - 0.5, halfRoad - 0.36) * 0.8;
  const crossing = zebra > 0 ? zebra * stripes(d / 1.1, dv / 1.1, 0, 0.5) * band(aside, dv, -1, halfRoad - 0.4) : 0;
  MARKS.cover = Math.min(1, (middle + lanes + edge) * between + crossing);
  MARKS.yellow = yellowLine && aside < 0.5 && zebra < 0.5;
  return MARKS;
}

/** Where wheels have cleared the snow. */
function trackCover(d: number, dv: number, halfRoad: number): number {
  const lanes = halfRoad > 5 ? [halfRoad * 0.25, halfRoad * 0.75] : [halfRoad * 0.42];
  let cover = 0;
  for (const lane of lanes) {
    const off = Math.abs(Math.abs(d) - lane);
    cover = Math.max(cover, band(off, dv + 0.25, 0.45, 1.05));
  }
  return cover;
}

/** 1 under the car, 0 away from it, soft between. */
function carShadow({ car }: Lighting, s: number, d: number): number {
  if (!car) return 0;
  const ds = s - car.s;
  const dd = d - car.d;
  if (ds > 6 || ds < -6) return 0;
  const along = Math.abs(ds * car.cos + dd * car.sin) - car.end;
  const across = Math.abs(dd * car.cos - ds * car.sin) - car.half;
  return (1 - smoothstep(-0.3, 0.5, along)) * (1 - smoothstep(-0.25, 0.4, across));
}

/** Light of the camera's own headlights on the road; the car ahead stops it. */
function headlight({ look, car }: Lighting, z: number, x: number): number {
  const spread = 1.6 + 0.16 * z;
  const stopped = car ? 1 - 0.75 * smoothstep(car.z + 0.5, car.z + 3, z) : 1;
  return look.headlights * 2.2 * Math.exp(-(x * x) / (spread * spread) - z / 14) * smoothstep(1.5, 6, z) * stopped;
}

/** Red light of the car's tail lights on the road behind it. */
function tailGlow({ car }: Lighting, s: number, d: number): number {
  if (!car) return 0;
  const behind = car.s - car.end - s;
  const across = d - car.d;
  return behind < -1 || behind > 6 ? 0 : 0.8 * Math.exp(-(across * across) / 1.3 - behind * 0.9) * smoothstep(-1, 0.2, behind);
}
