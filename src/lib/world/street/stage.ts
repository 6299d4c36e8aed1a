// Where geometry is laid out to, and the shapes it is made of: places on the road, upright walls, cards that face the camera.

import type { CameraPose } from '../layout/camera.js';
import type { Visibility } from '../layout/visibility.js';
import type { Surface } from '../shading/surface.js';
import type { Drive } from './drive.js';
import { type LaidRoad, placeOnRoad } from './road.js';

/** How far the street is drawn, in metres; haze hides its end. */
export const FAR = 170;

/** A drive at a time, its road as the camera sees it, and the samples to fill. */
export interface Stage {
  readonly drive: Drive;
  readonly t: number;
  readonly pose: CameraPose;
  readonly road: LaidRoad;
  readonly view: Visibility<Surface>;
}

/** Adds a corner at (s, d) on the road and a height above it. */
export function corner(stage: Stage, s: number, d: number, height: number, u: number, v: number): void {
  const { x, z } = placeOnRoad(stage.road, s, d);
  stage.view.corner(x, height - stage.pose.eye, z, u, v);
}

/** An upright wall over the line from (s0, d0) to (s1, d1); u runs from 0 to `length` along it, v is the height. */
export function wall(
  stage: Stage,
  line: readonly [s0: number, d0: number, s1: number, d1: number],
  heights: readonly [low: number, high: number],
  length: number,
  made: Surface,
): void {
  const [s0, d0, s1, d1] = line;
  const [low, high] = heights;
  corner(stage, s0, d0, low, 0, low);
  corner(stage, s1, d1, low, length, low);
  corner(stage, s1, d1, high, length, high);
  corner(stage, s0, d0, high, 0, high);
  stage.view.close(made);
}

/**
 * A flat convex shape that faces the camera: `outline` lists x, y of its corners in metres from a point at (s, d), which are
 * its surface coordinates too.
 */
export function card(
  stage: Stage,
  s: number,
  d: number,
  height: number,
  outline: readonly number[],
  made: Surface,
): void {
  const { x, z } = placeOnRoad(stage.road, s, d);
  if (z < 0.5) return;
  for (let i = 0; i < outline.length; i += 2) {
    stage.view.corner(x + outline[i], height + outline[i + 1] - stage.pose.eye, z, outline[i], outline[i + 1]);
  }
  stage.view.close(made);
}

/** Corners of a rectangle around x = 0, for cards. */
export function rectangle(left: number, right: number, low: number, high: number): number[] {
  return [left, low, right, low, right, high, left, high];
}
