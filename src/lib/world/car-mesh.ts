// The car ahead as polygons: a body and a cabin lofted from a few sizes, windows, lights, plate and wheels on them.

import type { CarPose } from './camera.js';
import { light, type Rgb } from './colour.js';
import type { CarBody, CarColour } from './drive.js';
import { headingOnRoad, placeOnRoad } from './road.js';
import type { Stage } from './stage.js';
import { KIND, type Kind, surface } from './surface.js';

/** Sizes in metres: x from the middle to the right, y from the ground up, z from the middle to the front. */
interface Sizes {
  readonly length: number;
  /** Half the width. */
  readonly half: number;
  readonly height: number;
  /** Height at which the windows begin. */
  readonly belt: number;
  /** Ends of the cabin: rear and front at the belt, rear and front at the roof. */
  readonly cabin: readonly [number, number, number, number];
  readonly roofHalf: number;
  readonly lamps: readonly [low: number, high: number];
  readonly wheel: number;
}

export const CAR_SIZES: Readonly<Record<CarBody, Sizes>> = {
  sedan: { length: 4.5, half: 0.92, height: 1.44, belt: 0.96, cabin: [-1.75, 1.15, -1.0, 0.3], roofHalf: 0.64, lamps: [0.64, 0.84], wheel: 0.32 },
  hatchback: { length: 3.9, half: 0.88, height: 1.5, belt: 0.95, cabin: [-1.9, 1.2, -1.45, 0.4], roofHalf: 0.64, lamps: [0.62, 0.92], wheel: 0.31 },
  van: { length: 4.6, half: 0.96, height: 1.86, belt: 1.06, cabin: [-2.26, 1.5, -2.05, 0.7], roofHalf: 0.76, lamps: [0.66, 1.04], wheel: 0.35 },
};

const PAINTS: Readonly<Record<CarColour, Rgb>> = {
  red: light('#d4231f'),
  blue: light('#2458c4'),
  white: light('#f1f1ee'),
  black: light('#25262a'),
  yellow: light('#f4c613'),
  green: light('#23874a'),
  orange: light('#f07818'),
  silver: light('#b4b9be'),
};
const GLASS = light('#1d242c');
const RUBBER = light('#202124');
const HUB = light('#a9adb0');
const LAMP = light('#d81414');
const PLATE = light('#f0eee2');
const GROUP = 700000;

type Point = readonly [x: number, y: number, z: number];

/** Draws the car of a drive where it is. */
export function layCar(stage: Stage, pose: CarPose): void {
  const { car } = stage.drive;
  if (!car) return;
  const sizes = CAR_SIZES[car.body];
  const paint = PAINTS[car.colour];
  const face = faces(stage, pose);
  const rear = -sizes.length / 2;
  layBody(face, sizes, paint);
  layCabin(face, sizes, paint);
  layWheels(face, sizes);
  const out = rear - 0.012;
  const { half, lamps } = sizes;
  const panel = (x0: number, x1: number, y0: number, y1: number, kind: Kind, part: number, colour: Rgb) =>
    face([[x0, y0, out], [x1, y0, out], [x1, y1, out], [x0, y1, out]], kind, part, colour);
  for (const side of [-1, 1]) panel(side * 0.58 * half, side * 0.89 * half, lamps[0], lamps[1], KIND.tailLight, 4, LAMP);
  panel(-0.27, 0.27, 0.47, 0.6, KIND.plate, 5, PLATE);
  panel(-0.8 * half, 0.8 * half, 0.25, 0.4, KIND.tyre, 6, RUBBER);
}

type Face = (points: readonly Point[], kind: Kind, part: number, colour: Rgb) => void;

/** A function that places convex faces of the car into the scene, leaving away those that look away from the camera. */
function faces(stage: Stage, pose: CarPose): Face {
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
  return (points, kind, part, colour) => {
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
    for (const point of points) {
      const [x, y, z] = place(point);
      stage.view.corner(x, y, z, fromSide ? point[2] : point[0], upright ? point[1] : point[2]);
    }
    stage.view.close(surface(kind, GROUP + part, colour, { nx, ny, nz }));
  };
}

/** Half an outline of the body, from below upwards, as shares of its half width and heights. */
function outline(sizes: Sizes, narrow: number, lift: number): [x: number, y: number][] {
  const { half, belt } = sizes;
  return [
    [0.86 * half * narrow, 0.25],
    [half * narrow, 0.48],
    [0.985 * half * narrow, 0.72 * belt + lift],
    [0.9 * half * narrow, belt + lift],
  ];
}

function layBody(face: Face, sizes: Sizes, paint: Rgb): void {
  const end = sizes.length / 2;
  const rings = [
    { z: -end, points: outline(sizes, 0.95, -0.03) },
    { z: -end + 0.25, points: outline(sizes, 1, 0) },
    { z: end - 0.9, points: outline(sizes, 1, -0.03) },
    { z: end, points: outline(sizes, 0.88, -0.2) },
  ];
  for (let r = 0; r + 1 < rings.length; r++) {
    const a = rings[r];
    const b = rings[r + 1];
    for (const side of [-1, 1]) {
      for (let i = 0; i + 1 < a.points.length; i++) {
        const at = (ring: typeof a, k: number): Point => [side * ring.points[k][0], ring.points[k][1], ring.z];
        face([at(a, i), at(b, i), at(b, i + 1), at(a, i + 1)], KIND.paint, 0, paint);
      }
    }
    const [ax, ay] = a.points[3];
    const [bx, by] = b.points[3];
    face([[-ax, ay, a.z], [ax, ay, a.z], [bx, by, b.z], [-bx, by, b.z]], KIND.paint, 1, paint);
  }
  for (const { z, points } of [rings[0], rings[rings.length - 1]]) {
    const left = points.map(([x, y]): Point => [-x, y, z]);
    const right = points.map(([x, y]): Point => [x, y, z]).reverse();
    face([...left, ...right], KIND.paint, 2, paint);
  }
}

function layCabin(face: Face, { half, height, belt, cabin, roofHalf }: Sizes, paint: Rgb): void {
  const low = 0.88 * half;
  const [rearLow, frontLow, rearTop, frontTop] = cabin;
  const y = belt - 0.03;
  const corner = (x: number, top: boolean, front: boolean): Point =>
    top ? [x * roofHalf, height, front ? frontTop : rearTop] : [x * low, y, front ? frontLow : rearLow];
  const walls = [
    { quad: [corner(-1, false, false), corner(1, false, false), corner(1, true, false), corner(-1, true, false)], panes: [[0.07, 0.93]] },
    { quad: [corner(1, false, true), corner(-1, false, true), corner(-1, true, true), corner(1, true, true)], panes: [[0.06, 0.94]] },
    { quad: [corner(1, false, false), corner(1, false, true), corner(1, true, true), corner(1, true, false)], panes: [[0.05, 0.46], [0.5, 0.95]] },
    { quad: [corner(-1, false, true), corner(-1, false, false), corner(-1, true, false), corner(-1, true, true)], panes: [[0.05, 0.5], [0.54, 0.95]] },
  ];
  for (const { quad, panes } of walls) {
    face(quad, KIND.paint, 3, paint);
    for (const [from, to] of panes) face(inset(quad, from, to, 0.14, 0.86), KIND.glass, 7, GLASS);
  }
  face([corner(-1, true, false), corner(1, true, false), corner(1, true, true), corner(-1, true, true)], KIND.paint, 8, paint);
}

/** A part of a quadrilateral, raised a little above it. */
function inset(quad: readonly Point[], left: number, right: number, low: number, high: number): Point[] {
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

function layWheels(face: Face, { half, wheel, length }: Sizes): void {
  for (const side of [-1, 1]) {
    for (const z of [-0.3 * length, 0.31 * length]) {
      const x = side * (half + 0.012);
      const disc = (radius: number, count: number, away: number): Point[] =>
        Array.from({ length: count }, (_, i) => {
          const angle = (2 * Math.PI * i) / count;
          return [x + side * away, wheel + radius * Math.sin(angle), z + radius * Math.cos(angle)];
        });
      face(disc(wheel, 14, 0), KIND.tyre, 9, RUBBER);
      face(disc(0.58 * wheel, 10, 0.012), KIND.plate, 10, HUB);
      const back = z - 0.8 * wheel;
      const inner = side * 0.66 * half;
      face([[inner, 0, back], [x, 0, back], [x, wheel, back - 0.04], [inner, wheel, back - 0.04]], KIND.tyre, 9, RUBBER);
    }
  }
}

function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function cross(a: Point, b: Point): Point {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
