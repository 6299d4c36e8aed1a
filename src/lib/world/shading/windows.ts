// The look of window panes: dark glass by day, in the evening light behind some of them; each window differs.

import type { Rgb } from '../colour.js';
import type { Look } from '../light/look.js';
import { hashUnit, smoothstep, stripesUpTo } from '../noise.js';
import type { Front } from '../street/street.js';

/** Brightness of the glass relative to the look's, and light from inside. */
export interface Pane {
  glass: number;
  glowR: number;
  glowG: number;
  glowB: number;
}

/** The result of the last call, reused for all pixels. */
export const PANE: Pane = { glass: 0, glowR: 0, glowG: 0, glowB: 0 };

/** A pixel on the grid of windows. */
export interface GridPlace {
  /** Place and extent, in windows. */
  fu: number;
  fv: number;
  wu: number;
  wv: number;
  /** Shares of the pixel that panes cover along both axes. */
  across: number;
  up: number;
  /** How far single windows fade into the mean of all, because they are finer than pixels: 0 not, 1 wholly. */
  blurred: number;
}

/** One window in a pixel. */
interface WindowPart {
  /** Its place in the grid. */
  column: number;
  row: number;
  /** Where the pixel lies above the row's lower edge, in rows. */
  height: number;
  /** Its share of the glass in the pixel. */
  share: number;
  /** As in `GridPlace`. */
  blurred: number;
}

/** The window that is being added, reused for all. */
const PART: WindowPart = { column: 0, row: 0, height: 0, share: 0, blurred: 0 };

/** The mean of the panes in a pixel, up to four, each weighted by its share of the glass. */
export function seeWindows(look: Look, front: Front, place: Readonly<GridPlace>, out: Pane): void {
  const { fu, fv, wu, wv, across, up } = place;
  const unit = front.windows === 'ribbon' ? 2 : 1;
  out.glass = out.glowR = out.glowG = out.glowB = 0;
  const left = Math.floor((fu - wu / 2) / unit);
  const right = Math.floor((fu + wu / 2) / unit);
  const low = Math.floor(fv - wv / 2);
  const high = Math.floor(fv + wv / 2);
  let leftShare = 1;
  if (right > left) {
    const [from, to] = front.across;
    const part = stripesUpTo(right * unit, from, to) - stripesUpTo(fu - wu / 2, from, to);
    leftShare = part / Math.max(1e-9, across * wu);
  }
  let lowShare = 1;
  if (high > low) {
    const [from, to] = front.up;
    lowShare = (stripesUpTo(high, from, to) - stripesUpTo(fv - wv / 2, from, to)) / Math.max(1e-9, up * wv);
  }
  for (let j = low; j <= high && j <= low + 1; j++) {
    const rowShare = high === low ? 1 : j === low ? lowShare : 1 - lowShare;
    for (let i = left; i <= right && i <= left + 1; i++) {
      const share = rowShare * (right === left ? 1 : i === left ? leftShare : 1 - leftShare);
      if (share <= 0) continue;
      PART.column = i;
      PART.row = j;
      PART.height = fv - j;
      PART.share = share;
      PART.blurred = place.blurred;
      addWindow(look, front, PART, out);
    }
  }
}

function addWindow(look: Look, front: Front, part: Readonly<WindowPart>, out: Pane): void {
  const { column, row, height, share, blurred } = part;
  const { seed } = front;
  const clear = 1 - blurred;
  const shade = (0.6 + 0.7 * hashUnit(column, row, seed)) * clear + 0.95 * blurred;
  // The upper edge of the opening casts a shadow on the pane.
  const reveal = 1 - 0.45 * smoothstep(front.up[1] - 0.16, front.up[1], height) * clear;
  out.glass += share * shade * reveal;
  if (look.lit <= 0) return;
  const isLit = hashUnit(column, row, seed + 7) < look.lit ? 1 : 0;
  const amount = (isLit + (look.lit - isLit) * blurred) * look.windowLight * share;
  if (amount <= 0) return;
  const colour = pickColour(look.windowColours, hashUnit(column, row, seed + 9));
  const curtain = 0.7 + 0.45 * clear * hashUnit(column, row, seed + 8) - 0.2 * height * clear;
  out.glowR += colour[0] * amount * curtain;
  out.glowG += colour[1] * amount * curtain;
  out.glowB += colour[2] * amount * curtain;
}

/** One of the colours, chosen by a number in [0, 1). */
export function pickColour(colours: readonly Rgb[], die: number): Rgb {
  return colours[Math.min(colours.length - 1, Math.floor(colours.length * die))];
}
