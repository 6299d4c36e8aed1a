// The light from a wall of a building: windows lit or dark, ground floors with shops, texture, light of sun and street
// lamps.

import type { SurfacePoint } from '../layout/pinhole.js';
import { type Lighting, lampLight, type Shade, sunOnFront } from '../light/lighting.js';
import { band, noise2, smoothstep, stripes } from '../noise.js';
import type { Front } from '../street/street.js';
import { GROUND_FLOOR, seeGroundFloor } from './shops.js';
import type { Surface } from './surface.js';
import { type GridPlace, PANE, seeWindows } from './windows.js';

/** Writes the light from a point of a wall; `made.front` describes the building. */
export function shadeFront(lighting: Lighting, made: Surface, at: SurfacePoint, out: Shade): void {
  const { front } = made;
  if (!front) return;
  out.glowR = out.glowG = out.glowB = out.detail = 0;
  seeWall(lighting, front, at, out);
  let glass = 0;
  if (front.windows !== 'none' && at.v > front.base - at.dv) glass = seeGlass(lighting, front, at, out);
  if (at.v < front.base + at.dv) {
    const ground = seeGroundFloor(lighting, made, at, GROUND_FLOOR);
    const share = at.v + at.dv < front.base ? ground.cover : ground.cover * band(at.v, at.dv, -1, front.base);
    out.r += (ground.r - out.r) * share;
    out.g += (ground.g - out.g) * share;
    out.b += (ground.b - out.b) * share;
    out.glowR += ground.glowR;
    out.glowG += ground.glowG;
    out.glowB += ground.glowB;
    out.detail = Math.max(out.detail, ground.detail);
    glass = Math.max(glass, ground.glass);
  }
  lightWall(lighting, at, glass, out);
}

/** The bare wall: mottled plaster or courses of brick, lines between floors, an edge along the top. */
function seeWall({ look, colours, trims }: Lighting, front: Front, at: SurfacePoint, out: Shade): void {
  const { u, v, du, dv } = at;
  const c = 3 * at.polygon;
  let tone = 1;
  if (look.texture > 0) {
    if (du < 1.4) {
      const near = du < 0.4 ? 1 : 1.4 - du;
      tone += 0.16 * look.texture * near * (noise2(0.7 * u + (front.seed & 63), 0.5 * v, 3) - 0.5);
    }
    if (front.brick) tone -= 0.16 * look.texture * (stripes(v / 0.42, dv / 0.42, 0, 0.2) - 0.2);
    else tone += 0.07 * look.texture * (stripes((v - front.base) / front.floor, dv / front.floor, 0.9, 1) - 0.1);
  }
  out.r = colours[c] * tone;
  out.g = colours[c + 1] * tone;
  out.b = colours[c + 2] * tone;
  if (v + dv < front.height - 0.5) return;
  const top = band(v, dv, front.height - 0.5, front.height);
  out.r += (0.75 * trims[c] - out.r) * top;
  out.g += (0.75 * trims[c + 1] - out.g) * top;
  out.b += (0.75 * trims[c + 2] - out.b) * top;
}

/** Windows of the upper floors with their frames; returns the share of the pixel that is glass. */
function seeGlass(lighting: Lighting, front: Front, at: SurfacePoint, out: Shade): number {
  const { look, trims } = lighting;
  const { base, floor, floors, bay } = front;
  const { v } = at;
  GRID.fu = at.u / bay;
  GRID.fv = (v - base) / floor;
  GRID.wu = at.du / bay;
  GRID.wv = at.dv / floor;
  const { fu, fv, wu, wv } = GRID;
  const isInside = v - at.dv > base && v + at.dv < base + floors * floor;
  const inside = isInside ? 1 : band(v, at.dv, base, base + floors * floor);
  GRID.across = stripes(fu, wu, front.across[0], front.across[1]);
  GRID.up = stripes(fv, wv, front.up[0], front.up[1]);
  const cover = GRID.across * GRID.up * inside;
  // Windows finer than pixels fade into their mean, and their frames disappear.
  const finest = wu > wv ? wu : wv;
  const blurred = smoothstep(0.35, 0.9, finest);
  GRID.blurred = blurred;
  if (front.windows === 'punched' && finest < 0.6) {
    const frame = 0.14;
    const around = stripes(fu, wu, front.across[0] - frame / bay, front.across[1] + frame / bay);
    const above = stripes(fv, wv, front.up[0] - frame / floor, front.up[1] + frame / floor);
    const edge = (around * above * inside - cover) * 0.8 * (1 - smoothstep(0.3, 0.6, finest));
    if (edge > 0) {
      const c = 3 * at.polygon;
      out.r += (trims[c] - out.r) * edge;
      out.g += (trims[c + 1] - out.g) * edge;
      out.b += (trims[c + 2] - out.b) * edge;
    }
  }
  if (cover <= 0) return 0;
  seeWindows(look, front, GRID, PANE);
  out.r += (look.pane[0] * PANE.glass - out.r) * cover;
  out.g += (look.pane[1] * PANE.glass - out.g) * cover;
  out.b += (look.pane[2] * PANE.glass - out.b) * cover;
  out.glowR = PANE.glowR * cover;
  out.glowG = PANE.glowG * cover;
  out.glowB = PANE.glowB * cover;
  out.detail = cover * (1 - 0.7 * blurred);
  return cover;
}

const GRID: GridPlace = { fu: 0, fv: 0, wu: 0, wv: 0, across: 0, up: 0, blurred: 0 };

/** Sun, sky and street lamps on a wall; panes get less of the sun than the wall, because they mirror. */
function lightWall(lighting: Lighting, at: SurfacePoint, glass: number, out: Shade): void {
  const { look, sun, scene } = lighting;
  const { v } = at;
  const made = scene.view.surfaces[at.polygon];
  const s = made.s + at.u;
  const facing = made.nx * sun[0] + made.ny * sun[1] + made.nz * sun[2];
  let direct = 0;
  if (facing > 0 && lighting.sunlight > 0) {
    if (made.isEnd) direct = facing * smoothstep(4, 9, v);
    else direct = facing * sunOnFront(lighting, made, at);
  }
  const open = 0.55 + 0.45 * smoothstep(0, 14, v);
  let lamps = 0;
  if (look.lamps[0] > 0 && v < 14) {
    const plane = made.side * (scene.drive.halfRoad + scene.drive.pavement);
    lamps = 0.8 * lampLight(lighting, s, plane, v);
  }
  const onWall = direct * (1 - 0.55 * glass);
  const sky = 0.75 * open;
  const { ambient, bounce, sun: sunlight, lamps: lamplight } = look;
  out.r = out.r * (ambient[0] * sky + 0.5 * bounce[0] + sunlight[0] * onWall + lamplight[0] * lamps) + out.glowR;
  out.g = out.g * (ambient[1] * sky + 0.5 * bounce[1] + sunlight[1] * onWall + lamplight[1] * lamps) + out.glowG;
  out.b = out.b * (ambient[2] * sky + 0.5 * bounce[2] + sunlight[2] * onWall + lamplight[2] * lamps) + out.glowB;
}
