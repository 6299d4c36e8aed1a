// The stage that geometry is laid out on, and its shapes: polygons on the road, upright walls, cards that face the camera.

import type { CameraPose } from '../layout/camera.js';
import type { Corner, Visibility } from '../layout/visibility.js';
import type { Surface } from '../shading/surface.js';
import type { Drive } from './drive.js';
import { type LaidRoad, placeOnRoad } from './road.js';

/** Distance to which the street is drawn, in metres; haze hides its end. */
export const FAR = 170;

/** A drive at a time, its road as the camera sees it, and the samples to fill. */
export interface Stage {
  readonly drive: Drive;
  readonly t: number;
  readonly pose: CameraPose;
  readonly road: LaidRoad;
  readonly view: Visibility<Surface>;
}

/** A place along the road and across it, and a height above it, in metres. */
export type RoadPlace = readonly [s: number, d: number, height: number];

/** A corner of a polygon: its place, and its surface coordinates. */
export type RoadCorner = readonly [...place: RoadPlace, u: number, v: number];

/** Draws a planar convex polygon. */
export function polygon(stage: Stage, corners: readonly RoadCorner[], made: Surface): void {
  const { road, pose, view } = stage;
  const placed = corners.map(([s, d, height, u, v]): Corner => {
    const { x, z } = placeOnRoad(road, s, d);
    return [x, height - pose.eye, z, u, v];
  });
  view.draw(placed, made);
}

/** An upright wall over a straight line on the road. */
export interface Wall {
  readonly line: readonly [s0: number, d0: number, s1: number, d1: number];
  readonly heights: readonly [low: number, high: number];
  /** Surface coordinate u at the end of the line; v is the height. */
  readonly length: number;
}

/** Draws an upright wall. */
export function wall(stage: Stage, { line, heights, length }: Wall, made: Surface): void {
  const [s0, d0, s1, d1] = line;
  const [low, high] = heights;
  const corners: RoadCorner[] = [
    [s0, d0, low, 0, low],
    [s1, d1, low, length, low],
    [s1, d1, high, length, high],
    [s0, d0, high, 0, high],
  ];
  polygon(stage, corners, made);
}

/**
 * Draws a flat convex shape that faces the camera.
 *
 * @param outline x, y of its corners in metres from the place; these are also its surface coordinates
 */
export function card(stage: Stage, [s, d, height]: RoadPlace, outline: readonly number[], made: Surface): void {
  const { x, z } = placeOnRoad(stage.road, s, d);
  if (z < 0.5) return;
  const corners: Corner[] = [];
  for (let i = 0; i < outline.length; i += 2) {
    const [u, v] = [outline[i], outline[i + 1]];
    corners.push([x + u, height + v - stage.pose.eye, z, u, v]);
  }
  stage.view.draw(corners, made);
}

/** Corners of a rectangle around x = 0, for cards. */
export function rectangle(left: number, right: number, low: number, high: number): number[] {
  return [left, low, right, low, right, high, left, high];
}
