// The car ahead as polygons: a body and a cabin lofted from a few sizes, windows, lights, plate and wheels on them.

import { light, type Rgb } from '../colour.js';
import type { CarPose } from '../layout/camera.js';
import { KIND } from '../shading/surface.js';
import type { Stage } from '../street/stage.js';
import { type CarPart, createFaces, type Face, inset, type Point, type Range } from './faces.js';
import { CAR_SIZES, type CarSizes, PAINTS } from './sizes.js';

const RUBBER = light('#202124');
const LAMP: CarPart = { part: 4, kind: KIND.tailLight, colour: light('#a30d12') };
const PLATE: CarPart = { part: 5, kind: KIND.plate, colour: light('#f0eee2') };
const RIM: CarPart = { part: 6, kind: KIND.tyre, colour: RUBBER };
const GLASS: CarPart = { part: 7, kind: KIND.glass, colour: light('#1d242c') };
const TYRE: CarPart = { part: 9, kind: KIND.tyre, colour: RUBBER };
const HUB: CarPart = { part: 10, kind: KIND.plate, colour: light('#a9adb0') };

/** A painted part. */
const painted = (part: number, colour: Rgb): CarPart => ({ part, kind: KIND.paint, colour });

/** Draws the car of a drive at its place. */
export function layCar(stage: Stage, pose: CarPose): void {
  const { car } = stage.drive;
  if (!car) return;
  const sizes = CAR_SIZES[car.body];
  const paint = PAINTS[car.colour];
  const face = createFaces(stage, pose);
  const rear = -sizes.length / 2;
  layBody(face, sizes, paint);
  layCabin(face, sizes, paint);
  layWheels(face, sizes);
  const { half, lamps } = sizes;
  const panel = ([x0, x1]: readonly number[], [y0, y1]: readonly number[], away: number, part: CarPart) => {
    const z = rear - away;
    const corners: Point[] = [
      [x0, y0, z],
      [x1, y0, z],
      [x1, y1, z],
      [x0, y1, z],
    ];
    face(corners, part);
  };
  for (const side of [-1, 1]) {
    // A dark rim, so that lamps show on red paint too.
    panel([side * 0.54 * half, side * 0.92 * half], [lamps[0] - 0.03, lamps[1] + 0.03], 0.006, RIM);
    panel([side * 0.58 * half, side * 0.89 * half], lamps, 0.012, LAMP);
  }
  panel([-0.27, 0.27], [0.47, 0.6], 0.012, PLATE);
  panel([-0.8 * half, 0.8 * half], [0.25, 0.4], 0.012, RIM);
}

/** Half an outline of the body, from below upwards, as shares of its half width and heights. */
function outline(sizes: CarSizes, narrow: number, lift: number): [x: number, y: number][] {
  const { half, belt } = sizes;
  return [
    [0.86 * half * narrow, 0.25],
    [half * narrow, 0.48],
    [0.985 * half * narrow, 0.72 * belt + lift],
    [0.9 * half * narrow, belt + lift],
  ];
}

function layBody(face: Face, sizes: CarSizes, paint: Rgb): void {
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
        face([at(a, i), at(b, i), at(b, i + 1), at(a, i + 1)], painted(0, paint));
      }
    }
    const [ax, ay] = a.points[3];
    const [bx, by] = b.points[3];
    face(
      [
        [-ax, ay, a.z],
        [ax, ay, a.z],
        [bx, by, b.z],
        [-bx, by, b.z],
      ],
      painted(1, paint),
    );
  }
  for (const { z, points } of [rings[0], rings[rings.length - 1]]) {
    const left = points.map(([x, y]): Point => [-x, y, z]);
    const right = points.map(([x, y]): Point => [x, y, z]).reverse();
    face([...left, ...right], painted(2, paint));
  }
}

function layCabin(face: Face, { half, height, belt, cabin, roofHalf }: CarSizes, paint: Rgb): void {
  const low = 0.88 * half;
  const [rearLow, frontLow, rearTop, frontTop] = cabin;
  const y = belt - 0.03;
  const corner = (x: number, top: boolean, front: boolean): Point =>
    top ? [x * roofHalf, height, front ? frontTop : rearTop] : [x * low, y, front ? frontLow : rearLow];
  const walls: { quad: Point[]; panes: Range[] }[] = [
    {
      quad: [corner(-1, false, false), corner(1, false, false), corner(1, true, false), corner(-1, true, false)],
      panes: [[0.07, 0.93]],
    },
    {
      quad: [corner(1, false, true), corner(-1, false, true), corner(-1, true, true), corner(1, true, true)],
      panes: [[0.06, 0.94]],
    },
    {
      quad: [corner(1, false, false), corner(1, false, true), corner(1, true, true), corner(1, true, false)],
      panes: [
        [0.05, 0.46],
        [0.5, 0.95],
      ],
    },
    {
      quad: [corner(-1, false, true), corner(-1, false, false), corner(-1, true, false), corner(-1, true, true)],
      panes: [
        [0.05, 0.5],
        [0.54, 0.95],
      ],
    },
  ];
  for (const { quad, panes } of walls) {
    face(quad, painted(3, paint));
    for (const pane of panes) face(inset(quad, pane, [0.14, 0.86]), GLASS);
  }
  face(
    [corner(-1, true, false), corner(1, true, false), corner(1, true, true), corner(-1, true, true)],
    painted(8, paint),
  );
}

function layWheels(face: Face, { half, wheel, length }: CarSizes): void {
  for (const side of [-1, 1]) {
    for (const z of [-0.3 * length, 0.31 * length]) {
      const x = side * (half + 0.012);
      const disc = (radius: number, count: number, away: number): Point[] =>
        Array.from({ length: count }, (_, i) => {
          const angle = (2 * Math.PI * i) / count;
          return [x + side * away, wheel + radius * Math.sin(angle), z + radius * Math.cos(angle)];
        });
      face(disc(wheel, 14, 0), TYRE);
      face(disc(0.58 * wheel, 10, 0.012), HUB);
      const back = z - 0.8 * wheel;
      const inner = side * 0.66 * half;
      face(
        [
          [inner, 0, back],
          [x, 0, back],
          [x, wheel, back - 0.04],
          [inner, wheel, back - 0.04],
        ],
        TYRE,
      );
    }
  }
}
