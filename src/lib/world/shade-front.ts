// A building's wall as light comes from it: windows lit or dark, ground floors with shops, texture, light of sun and street lamps.

import type { Rgb } from './colour.js';
import { type Lighting, lampLight, type Shade, sunOnFront } from './lighting.js';
import { band, clamp, hashUnit, noise2, smoothstep, stripes } from './noise.js';
import type { Surface } from './surface.js';
import type { SurfacePoint } from './visibility.js';

/** Writes the light from a point of the wall that is polygon `i`; `made.front` says how it is built. */
export function shadeFront(lighting: Lighting, i: number, made: Surface, at: SurfacePoint, out: Shade): void {
  const { look, colours, trims } = lighting;
  const front = made.front;
  if (!front) return;
  const { u, v, du, dv } = at;
  const { seed, base, floor, floors, bay, height } = front;
  const c = 3 * i;

  // The bare wall.
  const mottle = look.texture * (noise2(0.7 * u + (seed & 63), 0.5 * v, 3) - 0.5) * clamp(1.4 - du, 0, 1);
  let tone = 1 + 0.16 * mottle;
  if (front.brick) tone -= 0.16 * look.texture * (stripes(v / 0.42, dv / 0.42, 0, 0.2) - 0.2);
  else tone += 0.07 * look.texture * (stripes((v - base) / floor, dv / floor, 0.9, 1) - 0.1);
  const top = band(v, dv, height - 0.5, height);
  let r = colours[c] * tone;
  let g = colours[c + 1] * tone;
  let b = colours[c + 2] * tone;
  r += (0.75 * trims[c] - r) * top;
  g += (0.75 * trims[c + 1] - g) * top;
  b += (0.75 * trims[c + 2] - b) * top;

  let glowR = 0;
  let glowG = 0;
  let glowB = 0;
  let detail = 0;
  let glassy = 0;
  if (v > base - dv && front.windows !== 'none') {
    const fu = u / bay;
    const fv = (v - base) / floor;
    const wu = du / bay;
    const wv = dv / floor;
    const inside = band(v, dv, base, base + floors * floor);
    const across = stripes(fu, wu, front.across[0], front.across[1]);
    const up = stripes(fv, wv, front.up[0], front.up[1]);
    const cover = across * up * inside;
    if (front.windows === 'punched') {
      const frame = 0.14;
      const around = stripes(fu, wu, front.across[0] - frame / bay, front.across[1] + frame / bay);
      const above = stripes(fv, wv, front.up[0] - frame / floor, front.up[1] + frame / floor);
      const edge = clamp(around * above * inside - cover, 0, 1) * 0.8;
      r += (trims[c] - r) * edge;
      g += (trims[c + 1] - g) * edge;
      b += (trims[c + 2] - b) * edge;
    }
    if (cover > 0) {
      const column = front.windows === 'ribbon' ? Math.floor(fu / 2) : Math.floor(fu);
      const row = Math.floor(fv);
      // Windows finer than pixels fade into their mean.
      const blurred = smoothstep(0.35, 0.9, wu > wv ? wu : wv);
      const variety = hashUnit(column, row, seed);
      const shade = (0.6 + 0.7 * variety) * (1 - blurred) + 0.95 * blurred;
      const reveal = 1 - 0.45 * smoothstep(front.up[1] - 0.16, front.up[1], fv - row) * (1 - blurred);
      const glass = shade * reveal;
      r += (look.pane[0] * glass - r) * cover;
      g += (look.pane[1] * glass - g) * cover;
      b += (look.pane[2] * glass - b) * cover;
      if (look.lit > 0) {
        const isLit = hashUnit(column, row, seed + 7) < look.lit ? 1 : 0;
        const amount = (isLit + (look.lit - isLit) * blurred) * look.windowLight * cover;
        if (amount > 0) {
          const colour = pickColour(look.windowColours, hashUnit(column, row, seed + 9) * (1 - blurred));
          const curtain = 0.7 + 0.45 * (1 - blurred) * hashUnit(column, row, seed + 8) - 0.2 * (fv - row) * (1 - blurred);
          glowR = colour[0] * amount * curtain;
          glowG = colour[1] * amount * curtain;
          glowB = colour[2] * amount * curtain;
        }
      }
      detail = cover * (1 - 0.7 * blurred);
      glassy = cover;
    }
  }
  if (v < base + dv) {
    const ground = groundFloor(lighting, i, made, at, GROUND_FLOOR);
    const share = ground.cover * band(v, dv, -1, base);
    r += (ground.r - r) * share;
    g += (ground.g - g) * share;
    b += (ground.b - b) * share;
    glowR += ground.glowR;
    glowG += ground.glowG;
    glowB += ground.glowB;
    detail = Math.max(detail, ground.detail);
    glassy = Math.max(glassy, ground.glass);
  }

  const { sun, scene } = lighting;
  const facing = made.nx * sun[0] + made.ny * sun[1] + made.nz * sun[2];
  let direct = 0;
  if (facing > 0 && lighting.sunlight > 0) {
    const across = lighting.sunOnRoad[2 * i];
    const along = lighting.sunOnRoad[2 * i + 1];
    direct = facing * (made.isEnd ? smoothstep(4, 9, v) : sunOnFront(lighting, made.side, made.s + u, v, across, along));
  }
  const open = 0.55 + 0.45 * smoothstep(0, 14, v);
  const plane = made.side * (scene.drive.halfRoad + scene.drive.pavement);
  const lamps = look.lamps[0] > 0 && v < 14 ? 0.8 * lampLight(lighting, made.s + u, plane, v) : 0;
  // Panes mirror the sky: they take less of the light that falls on walls.
  const wall = 1 - 0.55 * glassy;
  const sky = 0.75 * open;
  r *= (look.ambient[0] * sky + 0.5 * look.bounce[0] + look.sun[0] * direct * wall + look.lamps[0] * lamps);
  g *= (look.ambient[1] * sky + 0.5 * look.bounce[1] + look.sun[1] * direct * wall + look.lamps[1] * lamps);
  b *= (look.ambient[2] * sky + 0.5 * look.bounce[2] + look.sun[2] * direct * wall + look.lamps[2] * lamps);
  out.r = r + glowR;
  out.g = g + glowG;
  out.b = b + glowB;
  out.glowR = glowR;
  out.glowG = glowG;
  out.glowB = glowB;
  out.detail = detail;
  out.lit = clamp(0.3 * open + 0.7 * (lighting.sunlight > 0.5 ? direct : 0.5 * open + lamps), 0, 1);
}

interface GroundFloor {
  r: number;
  g: number;
  b: number;
  glowR: number;
  glowG: number;
  glowB: number;
  cover: number;
  detail: number;
  glass: number;
}

const GROUND_FLOOR: GroundFloor = { r: 0, g: 0, b: 0, glowR: 0, glowG: 0, glowB: 0, cover: 0, detail: 0, glass: 0 };

/** Shop windows under a painted board, or a plinth with a door. */
function groundFloor(lighting: Lighting, i: number, made: Surface, at: SurfacePoint, out: GroundFloor): GroundFloor {
  const { look, colours, shops } = lighting;
  const front = made.front;
  out.glowR = out.glowG = out.glowB = out.detail = out.glass = 0;
  out.cover = 0;
  if (!front) return out;
  const { u, v, du, dv } = at;
  const c = 3 * i;
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
  const light = look.windowLight * (0.5 + 0.5 * hashUnit(front.seed, 6, 1)) * (hashUnit(front.seed, 5, 1) < 0.8 ? 1 : 0.15);
  const inside = light * pane * (0.85 + 0.25 * noise2(1.6 * u, 1.1 * v, 4));
  const colour = pickColour(look.windowColours, hashUnit(front.seed, 4, 1));
  const lettering = stripes(u / 0.8, du / 0.8, 0.2, 0.8) * band(v, dv, 3.45, 3.8) * band(u, du, 0.3 * front.width, 0.7 * front.width);
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

function pickColour(colours: readonly Rgb[], die: number): Rgb {
  return colours[Math.min(colours.length - 1, Math.floor(colours.length * die))];
}
