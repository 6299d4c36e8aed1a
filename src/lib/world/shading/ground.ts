// The light from the ground: asphalt with its marks, kerbs, pavements, cross streets, snow. The light that falls on it is
// computed in ../light/ground.ts.

import type { SurfacePoint } from '../layout/pinhole.js';
import { lightGround } from '../light/ground.js';
import type { Lighting, Shade } from '../light/lighting.js';
import { SNOW } from '../light/snow.js';
import { band, clamp, fractalNoise2, noise2, stripes } from '../noise.js';
import { LOT } from '../street/street.js';

const BLOCK = 7 * LOT;

/** Materials and texture of the ground in a pixel. */
interface GroundMix {
  /** Shares of the pixel; the rest is pavement. */
  onRoad: number;
  onKerb: number;
  /** Coarse and fine texture, 0 on average. */
  patches: number;
  grain: number;
}

/** The mix of the pixel that is being shaded, reused for all pixels. */
const MIX: GroundMix = { onRoad: 0, onKerb: 0, patches: 0, grain: 0 };

/** Writes the light from a point of the ground. */
export function shadeGround(lighting: Lighting, at: SurfacePoint, out: Shade): void {
  const { look, scene } = lighting;
  const { halfRoad } = scene.drive;
  const { u: s, v: d, du, dv } = at;
  const aside = d < 0 ? -d : d;
  // Pixels wholly on the road, wholly beside it, and those between.
  const isMiddle = aside + dv < halfRoad - 0.2;
  const isBeside = aside - dv > halfRoad + 0.3;
  let onRoad = isMiddle ? 1 : 0;
  if (isBeside) onRoad = band(s - BLOCK * Math.floor(s / BLOCK), du, 3, 10);
  else if (!isMiddle) onRoad = band(aside, dv, -1, halfRoad);
  const onKerb = isMiddle || isBeside ? 0 : band(aside, dv, halfRoad, halfRoad + 0.28);
  out.r = out.g = out.b = out.glowR = out.glowG = out.glowB = 0;
  out.detail = 0.6 * onKerb;

  const fine = look.texture * clamp(1.2 - 1.5 * (du * 0.5 > dv ? du * 0.5 : dv), 0, 1);
  const coarse = look.texture * clamp(1.3 - 0.25 * du, 0, 1);
  const patches = coarse > 0 ? coarse * (noise2(0.25 * s, 0.8 * d, 5) - 0.5) : 0;
  const grain = fine > 0 ? fine * (noise2(2.2 * s, 5 * d, 6) - 0.5) : 0;
  MIX.onRoad = onRoad;
  MIX.onKerb = onKerb;
  MIX.patches = patches;
  MIX.grain = grain;
  if (onRoad > 0) seeRoad(lighting, at, MIX, out);
  if (onRoad < 1) seePavement(lighting, at, MIX, out);
  if (!isBeside) {
    const marks = drawMarks(lighting, at);
    if (marks.cover > 0) {
      const drawn = marks.cover * onRoad;
      const worn = (0.86 + 0.25 * patches) * drawn;
      const paint = marks.yellow ? look.yellowMark : look.mark;
      out.r += (paint[0] - out.r) * worn;
      out.g += (paint[1] - out.g) * worn;
      out.b += (paint[2] - out.b) * worn;
      if (drawn > out.detail) out.detail = drawn;
    }
  }
  if (look.snow > 0) coverWithSnow(lighting, at, onRoad, out);
  lightGround(lighting, at, isMiddle, out);
}

/** Asphalt; tyres polish the lanes and oil darkens their middle. */
function seeRoad({ look, scene }: Lighting, at: SurfacePoint, mix: Readonly<GroundMix>, out: Shade): void {
  const { halfRoad } = scene.drive;
  const tone = 1 + 0.22 * mix.patches + 0.2 * mix.grain;
  const lane = stripes(at.v / (halfRoad > 5 ? halfRoad / 2 : halfRoad), at.dv / 3, 0.35, 0.65);
  const road = (tone - 0.07 * lane) * mix.onRoad;
  out.r += look.asphalt[0] * road;
  out.g += look.asphalt[1] * road;
  out.b += look.asphalt[2] * road;
}

/** Slabs and the kerb. */
function seePavement({ look }: Lighting, at: SurfacePoint, mix: Readonly<GroundMix>, out: Shade): void {
  const { u: s, v: d, du, dv } = at;
  const kerb = mix.onKerb;
  const paved = 1 - mix.onRoad - kerb;
  const tone = 1 + 0.14 * mix.patches + 0.12 * mix.grain;
  const joints = stripes(s / 1.5, du / 1.5, 0, 0.06) + stripes(d / 1.2, dv / 1.2, 0, 0.06);
  const stone = (tone - 0.3 * look.texture * (joints < 1 ? joints : 1)) * paved;
  out.r += look.kerb[0] * kerb + look.paving[0] * stone;
  out.g += look.kerb[1] * kerb + look.paving[1] * stone;
  out.b += look.kerb[2] * kerb + look.paving[2] * stone;
}

/** Snow everywhere except in the tracks of wheels. */
function coverWithSnow({ look, scene }: Lighting, at: SurfacePoint, onRoad: number, out: Shade): void {
  const { halfRoad } = scene.drive;
  const tracks = Math.abs(at.v) < halfRoad ? trackCover(at.v, at.dv, halfRoad) : 0;
  const heap = fractalNoise2(0.6 * at.u, 1.4 * at.v, 2, 9) - 0.5;
  const cover = look.snow * clamp(onRoad * (0.62 - 0.75 * tracks) + (1 - onRoad) * 0.97 + 0.35 * heap, 0, 1);
  const white = 1 + 0.1 * heap;
  out.r += (SNOW[0] * white - out.r) * cover;
  out.g += (SNOW[1] * white - out.g) * cover;
  out.b += (SNOW[2] * white - out.b) * cover;
}

const MARKS = { cover: 0, yellow: false };

/** Lines along the road, dashes, and stripes for people before and after a cross street. */
function drawMarks({ scene }: Lighting, { u: s, v: d, du, dv }: SurfacePoint): typeof MARKS {
  const inBlock = s - BLOCK * Math.floor(s / BLOCK);
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
  const dashes = wide || !yellowLine ? stripes(s / 6, du / 6, 0, 0.5) : 0;
  const middle =
    aside - dv > 0.3 ? 0 : wide || yellowLine ? band(aside, dv, 0.08, 0.24) : band(aside, dv, -1, 0.08) * dashes;
  const lanes = wide ? band(aside, dv, halfRoad / 2 - 0.08, halfRoad / 2 + 0.08) * dashes : 0;
  const edge = aside + dv < halfRoad - 0.6 ? 0 : band(aside, dv, halfRoad - 0.5, halfRoad - 0.36) * 0.8;
  const crossing = zebra > 0 ? zebra * stripes(d / 1.1, dv / 1.1, 0, 0.5) * band(aside, dv, -1, halfRoad - 0.4) : 0;
  MARKS.cover = Math.min(1, (middle + lanes + edge) * between + crossing);
  MARKS.yellow = yellowLine && aside < 0.5 && zebra < 0.5;
  return MARKS;
}

/** Share of the pixel in which wheels have cleared the snow. */
function trackCover(d: number, dv: number, halfRoad: number): number {
  const lanes = halfRoad > 5 ? [halfRoad * 0.25, halfRoad * 0.75] : [halfRoad * 0.42];
  let cover = 0;
  for (const lane of lanes) {
    const off = Math.abs(Math.abs(d) - lane);
    cover = Math.max(cover, band(off, dv + 0.25, 0.45, 1.05));
  }
  return cover;
}
