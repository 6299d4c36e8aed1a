// Faces of the car, moved from the car's own axes to the camera's. Faces turned away from the camera are left out.

import type { Rgb } from '../colour.js';
import type { CarPose } from '../layout/camera.js';
import type { Corner } from '../layout/visibility.js';
import { type Kind, surface } from '../shading/surface.js';
import { headingOnRoad, placeOnRoad } from '../street/road.js';
import type { Stage } from '../street/stage.js';

/** First of the group numbers of the car's parts. */
const GROUP = 700000;

/** A point in metres: x from the car's middle to the right, y from the ground up, z from the middle to the front. */
export type Point = readonly [x: number, y: number, z: number];

/** A part of the car: its number, material and colour. */
export interface CarPart {
  readonly part: number;
  readonly kind: Kind;
  readonly colour: Rgb;
}

/** Draws a convex face of a part. */
export type Face = (points: readonly Point[], part: CarPart) => void;

/** A function that draws convex faces of the car into the scene, without those turned away from the camera. */
export function createFaces(stage: Stage, pose: CarPose): Face {
  const { x: x0, z: z0 } = placeOnRoad(stage.road, pose.s, pose.d);
  const yaw = headingOnRoad(stage.road, pose.s) + pose.yaw;
  const cos = Math.cos(yaw);
  const sin = Math.sin(yaw);
  // A slight nod with the bumps of the road.
  const lift = 0.012 * Math.sin(2 * Math.PI * 1.7 * stage.t + 1);
  const place = ([x, y, z]: Point): Point => [
    x0 + x * cos + z * sin,
    y + (y > 0.2 ? lift : 0) - stage.pose.eye,
    z0 - x * sin + z * cos,
  ];
  return (points, { part, kind, colour }) => {
    const [a, b, c] = points;
    let normal = cross(minus(b, a), minus(c, a));
    // Outwards is away from a point inside, low in the middle.
    const outwards = normal[0] * a[0] + normal[1] * (a[1] - 0.7) + normal[2] * a[2];
    const length = Math.hypot(...normal) * (outwards < 0 ? -1 : 1);
    normal = [normal[0] / length, normal[1] / length, normal[2] / length];
    const seen = place(a);
    const [nx, ny, nz] = [normal[0] * cos + normal[2] * sin, normal[1], -normal[0] * sin + normal[2] * cos];
    if (nx * seen[0] + ny * seen[1] + nz * seen[2] >= 0) return;
    const upright = Math.abs(normal[1]) < 0.8;
    const fromSide = Math.abs(normal[0]) > Math.abs(normal[2]);
    const corners = points.map((point): Corner => {
      return [...place(point), fromSide ? point[2] : point[0], upright ? point[1] : point[2]];
    });
    stage.view.draw(corners, surface(kind, GROUP + part, colour, { nx, ny, nz }));
  };
}

/** A range of [0, 1] along a side of a quadrilateral. */
export type Range = readonly [from: number, to: number];

/** The given ranges of a quadrilateral, across and up, raised a little above it. */
export function inset(quad: readonly Point[], [left, right]: Range, [low, high]: Range): Point[] {
  const normal = cross(minus(quad[1], quad[0]), minus(quad[3], quad[0]));
  const middle = quad.reduce((sum, p) => [sum[0] + p[0] / 4, sum[1] + p[1] / 4, sum[2] + p[2] / 4], [0, 0, 0]);
  const outwards = normal[0] * middle[0] + normal[1] * (middle[1] - 0.7) + normal[2] * middle[2];
  const raise = (0.012 * Math.sign(outwards)) / Math.hypot(...normal);
  const at = (u: number, v: number): Point => {
    const along = (k: 0 | 1 | 2) => {
      const bottom = quad[0][k] + u * (quad[1][k] - quad[0][k]);
      const top = quad[3][k] + u * (quad[2][k] - quad[3][k]);
      return bottom + v * (top - bottom) + raise * normal[k];
    };
    return [along(0), along(1), along(2)];
  };
  return [at(left, low), at(right, low), at(right, high), at(left, high)];
}

function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function cross(a: Point, b: Point): Point {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
