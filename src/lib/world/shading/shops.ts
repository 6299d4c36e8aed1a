// The lowest floor of a building: shop windows under a painted board, or a plinth with a door.

import type { SurfacePoint } from '../layout/pinhole.js';
import type { Lighting, Shade } from '../light/lighting.js';
import { band, hashUnit, noise2, stripes } from '../noise.js';
import type { Surface } from './surface.js';
import { pickColour } from './windows.js';

/** The ground floor in a pixel: colours of paint and glass, light from inside, shares of the pixel. */
export interface GroundFloor extends Shade {
  cover: number;
  glass: number;
}

/** The result of the last call, reused for all pixels. */
export const GROUND_FLOOR: GroundFloor = {
  r: 0,
  g: 0,
  b: 0,
  glowR: 0,
  glowG: 0,
  glowB: 0,
  cover: 0,
  detail: 0,
  glass: 0,
};

/** Shop windows under a painted board, or a plinth with a door. */
export function seeGroundFloor(lighting: Lighting, made: Surface, at: SurfacePoint, out: GroundFloor): GroundFloor {
  const { look, colours, shops } = lighting;
  const front = made.front;
  out.glowR = out.glowG = out.glowB = out.detail = out.glass = 0;
  out.cover = 0;
  if (!front) return out;
  const { u, v, du, dv } = at;
  const c = 3 * at.polygon;
  if (!front.shop) {
    const door = band(u, du, 0.44 * front.width, 0.44 * front.width + 1.2) * band(v, dv, 0, 2.4);
    const plinth = band(v, dv, -1, 0.7);
    out.cover = Math.max(door, plinth);
    const dark = 0.6 - 0.35 * door;
    out.r = colours[c] * dark;
    out.g = colours[c + 1] * dark;
    out.b = colours[c + 2] * dark;
    out.detail = door;
    return out;
  }
  const board = band(v, dv, 3.25, 4);
  const pane = stripes(u / (1.5 * front.bay), du / (1.5 * front.bay), 0.05, 0.95) * band(v, dv, 0.55, 3.05);
  const light =
    look.windowLight * (0.5 + 0.5 * hashUnit(front.seed, 6, 1)) * (hashUnit(front.seed, 5, 1) < 0.8 ? 1 : 0.15);
  const inside = light * pane * (0.85 + 0.25 * noise2(1.6 * u, 1.1 * v, 4));
  const colour = pickColour(look.windowColours, hashUnit(front.seed, 4, 1));
  const lettering =
    stripes(u / 0.8, du / 0.8, 0.2, 0.8) * band(v, dv, 3.45, 3.8) * band(u, du, 0.3 * front.width, 0.7 * front.width);
  const paint = 0.75 * (1 - pane) + (board > 0 ? 0.25 * board : 0);
  out.r = shops[c] * paint * (1 - 0.6 * lettering) + 0.5 * lettering * board + look.pane[0] * pane * 0.7;
  out.g = shops[c + 1] * paint * (1 - 0.6 * lettering) + 0.5 * lettering * board + look.pane[1] * pane * 0.7;
  out.b = shops[c + 2] * paint * (1 - 0.6 * lettering) + 0.5 * lettering * board + look.pane[2] * pane * 0.7;
  const sign = 0.5 * look.signLight * board;
  out.glowR = colour[0] * inside + shops[c] * sign;
  out.glowG = colour[1] * inside + shops[c + 1] * sign;
  out.glowB = colour[2] * inside + shops[c + 2] * sign;
  out.cover = 1;
  out.detail = Math.max(pane, 0.6 * board);
  out.glass = pane;
  return out;
}
