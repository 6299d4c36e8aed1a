// The light from everything else: trees, people, lamps, signs, awnings, roofs, parts of the car.

import type { SurfacePoint } from '../layout/pinhole.js';
import type { Lighting, Shade } from '../light/lighting.js';
import { cover } from '../light/snow.js';
import { clamp, hashUnit, noise2, smoothstep, stripes } from '../noise.js';
import { shadePaint } from './paint.js';
import { isCar, KIND, type Surface } from './surface.js';

/** How much light reaches a kind of surface. */
interface Exposure {
  /** Share of the light of the open sky. */
  readonly open: number;
  /** Share of the sun's light; parts of the car get this share of what reaches the car. */
  readonly sunny: number;
  /** Share of the light of the street lamps. */
  readonly lamps: number;
}

const EXPOSURES: Readonly<Record<number, Exposure>> = {
  [KIND.roof]: { open: 1, sunny: 1, lamps: 0.2 },
  [KIND.trim]: { open: 0.9, sunny: 0.8, lamps: 0.3 },
  [KIND.sign]: { open: 0.8, sunny: 0.7, lamps: 0.5 },
  [KIND.awning]: { open: 0.85, sunny: 0.6, lamps: 0.5 },
  [KIND.lamp]: { open: 1, sunny: 1, lamps: 0.5 },
  [KIND.tyre]: { open: 0.7, sunny: 1, lamps: 0.4 },
  [KIND.tailLight]: { open: 0.8, sunny: 1, lamps: 0.3 },
  [KIND.plate]: { open: 0.8, sunny: 1, lamps: 0.6 },
};
const UNDERSIDE: Exposure = { ...EXPOSURES[KIND.trim], open: 0.45 };
const OTHERS: Exposure = { open: 0.8, sunny: 0.6, lamps: 0.7 };

/** Writes the light from a point of a thing. */
export function shadeThing(lighting: Lighting, made: Surface, at: SurfacePoint, out: Shade): void {
  const { look, colours } = lighting;
  const c = 3 * at.polygon;
  out.r = colours[c];
  out.g = colours[c + 1];
  out.b = colours[c + 2];
  out.glowR = out.glowG = out.glowB = 0;
  out.detail = 0;
  switch (made.kind) {
    case KIND.paint:
    case KIND.glass:
      shadePaint(lighting, made, at, out);
      break;
    case KIND.plate:
      out.detail = 1;
      lightUp(lighting, made, out);
      break;
    case KIND.tailLight: {
      out.detail = 1;
      lightUp(lighting, made, out);
      const power = look.tailLights;
      shine(out, 1.1 * power, 0.09 * power, 0.07 * power);
      break;
    }
    case KIND.lamp: {
      const power = Math.min(1, 1.6 * look.lamps[0]);
      lightUp(lighting, made, out);
      shine(out, 1.1 * power, 0.88 * power, 0.6 * power);
      break;
    }
    case KIND.leaves:
      shadeLeaves(lighting, made, at, out);
      break;
    case KIND.sign:
      shadeSign(lighting, made, at, out);
      break;
    case KIND.awning: {
      const stripe = stripes(at.u / 1.1, at.du / 1.1, 0, 0.5) * (hashUnit(made.seed, 3, 3) < 0.6 ? 1 : 0);
      out.r += (0.8 - out.r) * stripe;
      out.g += (0.78 - out.g) * stripe;
      out.b += (0.72 - out.b) * stripe;
      cover(out, look.snow * 0.8);
      lightUp(lighting, made, out);
      break;
    }
    case KIND.roof: {
      const tiles = 1 - 0.2 * look.texture * (stripes(at.v / 0.5, at.dv / 0.5, 0, 0.3) - 0.3);
      out.r *= tiles;
      out.g *= tiles;
      out.b *= tiles;
      cover(out, look.snow * smoothstep(0.1, 0.5, at.v));
      lightUp(lighting, made, out);
      break;
    }
    case KIND.trim:
      if (made.ny > -0.5) cover(out, 0.35 * look.snow);
      lightUp(lighting, made, out, made.ny < -0.5 ? UNDERSIDE : undefined);
      break;
    default:
      lightUp(lighting, made, out);
  }
}

/** Multiplies a colour by the light that falls on its surface: open sky, sun, lamps of the street. */
function lightUp(lighting: Lighting, made: Surface, out: Shade, exposure = EXPOSURES[made.kind] ?? OTHERS): void {
  const { look, sun } = lighting;
  const sunny = isCar(made.kind) ? exposure.sunny * lighting.carSun : exposure.sunny;
  const sky = (0.5 + 0.5 * made.ny) * exposure.open;
  const ground = 0.5 - 0.5 * made.ny;
  const direct = Math.max(0, made.nx * sun[0] + made.ny * sun[1] + made.nz * sun[2]) * sunny;
  const lamp = 0.45 * exposure.lamps;
  out.r *= look.ambient[0] * sky + look.bounce[0] * ground + look.sun[0] * direct + look.lamps[0] * lamp;
  out.g *= look.ambient[1] * sky + look.bounce[1] * ground + look.sun[1] * direct + look.lamps[1] * lamp;
  out.b *= look.ambient[2] * sky + look.bounce[2] * ground + look.sun[2] * direct + look.lamps[2] * lamp;
}

function shine(out: Shade, r: number, g: number, b: number): void {
  out.glowR = r;
  out.glowG = g;
  out.glowB = b;
  out.r += r;
  out.g += g;
  out.b += b;
}

/** Leaves as light and dark tufts on a round mass that is brighter above and towards the sun. */
function shadeLeaves(lighting: Lighting, made: Surface, { u, v, du }: SurfacePoint, out: Shade): void {
  const { look, sun } = lighting;
  const seed = made.seed;
  const tufts =
    noise2(2.1 * u + seed, 2.1 * v, 7) - 0.5 + 0.6 * clamp(1.2 - 4 * du, 0, 1) * (noise2(5 * u, 5 * v + seed, 8) - 0.5);
  const round = clamp(0.62 + 0.3 * v + 0.18 * u * sun[0], 0.25, 1.15);
  const tone = round * (1 + 0.75 * look.texture * tufts);
  const sunlit = smoothstep(0.55, 1, tone) * 0.5;
  const lamps = 0.3;
  out.r *= tone * (look.ambient[0] + look.lamps[0] * lamps) + look.sun[0] * sunlit;
  out.g *= tone * (look.ambient[1] + look.lamps[1] * lamps) + look.sun[1] * sunlit;
  out.b *= tone * (look.ambient[2] + look.lamps[2] * lamps) + look.sun[2] * sunlit;
  if (look.snow > 0) {
    const white = look.snow * smoothstep(-0.15, 0.45, v * 0.5 + 0.8 * tufts);
    const bright = look.ambient[2] * 0.8;
    out.r += (0.8 * bright - out.r) * white;
    out.g += (0.84 * bright - out.g) * white;
    out.b += (0.9 * bright - out.b) * white;
  }
  out.detail = 0;
}

/** A painted board with rows of bars for letters; by night it shines. */
function shadeSign(lighting: Lighting, made: Surface, { u, v, du, dv }: SurfacePoint, out: Shade): void {
  const { look } = lighting;
  const row = Math.floor(v / 0.6);
  const bar = stripes(v / 0.6, dv / 0.6, 0.2, 0.75) * stripes(u / 1.05, du / 1.05, 0.22, 0.78);
  const letter = bar * (0.55 + 0.45 * hashUnit(row, Math.floor(u / 0.35), made.seed) * clamp(1.3 - 3 * du, 0, 1));
  const { r, g, b } = out;
  out.r += (0.85 - r) * letter;
  out.g += (0.82 - g) * letter;
  out.b += (0.74 - b) * letter;
  const power = look.signLight;
  const [cr, cg, cb] = [out.r, out.g, out.b];
  lightUp(lighting, made, out);
  if (power > 0) shine(out, cr * power, cg * power, cb * power);
  out.detail = letter;
}
