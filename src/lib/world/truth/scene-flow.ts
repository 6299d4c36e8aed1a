// The true motion between two pictures of a drive, computed from geometry: a reference for estimators of optical flow.

import type { CarPose } from '../layout/camera.js';
import { createPoint } from '../layout/pinhole.js';
import { type LaidScene, layScene, type SceneOptions } from '../layout/scene.js';
import { SAMPLES } from '../layout/visibility.js';
import { isCar, KIND } from '../shading/surface.js';
import type { Drive } from '../street/drive.js';
import { type GroundPoint, headingOnRoad, placeOnRoad, STATION_STEP } from '../street/road.js';

/** A motion field like an optical flow: the pixel at (x, y) moves to (x + dx, y + dy); `data` is H x W x 2, dx before dy. */
export interface SceneFlow {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** H x W: 1 where the point is also visible at the later time, 0 where it is hidden or leaves the picture. */
  readonly visible: Uint8Array;
}

/** A rigid motion of the ground plane: a point q goes to R (q - (x, z)). */
interface Shift {
  readonly x: number;
  readonly z: number;
  readonly cos: number;
  readonly sin: number;
}

/**
 * The motion of everything seen at `from` seconds until `to` seconds. Walking people count as standing; clouds are at
 * infinity.
 *
 * @param size pixels of the picture, 128 x 128 by default
 */
export function sceneFlow(
  drive: Drive,
  from: number,
  to: number,
  { width = 128, height = 128 }: Partial<Pick<SceneOptions, 'width' | 'height'>> = {},
): SceneFlow {
  const before = layScene(drive, from, { width, height });
  const after = layScene(drive, to, { width, height });
  const camera = cameraShift(before, after);
  const car = carShift(before, after);
  const data = new Float32Array(2 * width * height);
  const visible = new Uint8Array(width * height);
  const point = createPoint();
  const lens0 = before.view.pinhole;
  const lens1 = after.view.pinhole;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const right = (x + 0.5 - lens0.centreX) / lens0.focal;
      const up = (lens0.horizon - y - 0.5) / lens0.focal;
      const polygon = before.view.seen[(SAMPLES * y + 2) * width + x];
      let shift = camera;
      let depth = 1e6;
      let isMoving = false;
      if (polygon >= 0) {
        point.x = x + 0.5;
        point.y = y + 0.5;
        point.polygon = polygon;
        before.view.locate(point);
        depth = point.z;
        isMoving = isCar(before.view.surfaces[polygon].kind);
        if (isMoving && car) shift = car;
      }
      const dx = right * depth - shift.x;
      const dz = depth - shift.z;
      const x1 = dx * shift.cos - dz * shift.sin;
      const z1 = dx * shift.sin + dz * shift.cos;
      const y1 = up * depth + (polygon < 0 ? 0 : before.pose.eye - after.pose.eye);
      if (z1 < 0.1) continue;
      const px = lens1.centreX + (lens1.focal * x1) / z1;
      const py = lens1.horizon - (lens1.focal * y1) / z1;
      data[2 * i] = px - x - 0.5;
      data[2 * i + 1] = py - y - 0.5;
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      visible[i] = isInSight(after, px, py, polygon < 0 ? Number.POSITIVE_INFINITY : z1) ? 1 : 0;
    }
  }
  return { width, height, data, visible };
}

/** The motion of everything at rest, from the earlier camera's axes to the later one's. */
function cameraShift(before: LaidScene, after: LaidScene): Shift {
  // The place of one station of the road in both cameras' axes gives the motion.
  const k = Math.round((after.road.start - before.road.start) / STATION_STEP);
  const [i, j] = k > 0 ? [k, 0] : [0, -k];
  const heading = ({ road }: LaidScene, station: number) => Math.atan2(road.sin[station], road.cos[station]);
  const place = ({ road }: LaidScene, station: number) => ({ x: road.x[station], z: road.z[station] });
  return rigid(place(before, i), heading(before, i), place(after, j), heading(after, j));
}

/** The motion of the car's points in the same axes; undefined on an empty street. */
function carShift(before: LaidScene, after: LaidScene): Shift | undefined {
  if (!before.car || !after.car) return undefined;
  const place = ({ road }: LaidScene, { s, d }: CarPose) => placeOnRoad(road, s, d);
  const heading = ({ road }: LaidScene, { s, yaw }: CarPose) => headingOnRoad(road, s) + yaw;
  return rigid(
    place(before, before.car),
    heading(before, before.car),
    place(after, after.car),
    heading(after, after.car),
  );
}

/** The rigid motion from one place and heading to another. */
function rigid(from: GroundPoint, fromHeading: number, to: GroundPoint, toHeading: number): Shift {
  const turn = fromHeading - toHeading;
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  // R (q - from) + to = R (q - (from - R^-1 to))
  return { x: from.x - (to.x * cos + to.z * sin), z: from.z - (to.z * cos - to.x * sin), cos, sin };
}

/** Whether nothing hides a point at depth `z` in the later picture. */
function isInSight(scene: LaidScene, x: number, y: number, z: number): boolean {
  const { view } = scene;
  const { width } = view.pinhole;
  const row = Math.min(view.seen.length / width - 1, Math.floor(SAMPLES * y + 0.01));
  const polygon = view.seen[row * width + Math.floor(x)];
  if (polygon < 0) return true;
  if (view.surfaces[polygon].kind === KIND.sky) return true;
  const inverse = view.inverseDepth(polygon, x, y);
  return 1 / z > inverse * 0.96 - 1e-4;
}
