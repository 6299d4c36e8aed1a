// The true motion between two pictures of a drive, from geometry instead of estimated: what estimators of optical flow can be held to.

import { cameraAt, carAt } from './camera.js';
import type { Drive } from './drive.js';
import { type LaidScene, layScene } from './lay-scene.js';
import { createPoint } from './pinhole.js';
import { headingOnRoad, placeOnRoad } from './road.js';
import { isCar, KIND } from './surface.js';
import { SAMPLES } from './visibility.js';

/** A motion field as the optical flow's: the pixel at (x, y) goes to (x + dx, y + dy); `data` is H x W x 2, dx before dy. */
export interface SceneFlow {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** H x W: 1 where the point seen is in sight at the later time as well, 0 where it is hidden or leaves the picture. */
  readonly visible: Uint8Array;
}

/** From one camera's axes to another's on the ground plane. */
interface Shift {
  readonly x: number;
  readonly z: number;
  readonly cos: number;
  readonly sin: number;
}

/**
 * Where everything seen at `from` seconds is at `to` seconds. Walking people are taken to stand; clouds are at infinity.
 */
export function sceneFlow(drive: Drive, from: number, to: number, width = 128, height = 128): SceneFlow {
  const before = layScene(drive, from, width, height);
  const after = layScene(drive, to, width, height);
  const camera = cameraShift(before, drive, to);
  const car = carShift(before, after, drive, from, to);
  const data = new Float32Array(2 * width * height);
  const visible = new Uint8Array(width * height);
  const point = createPoint();
  const lens0 = before.view.pinhole;
  const lens1 = after.view.pinhole;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const right = (x + 0.5 - lens0.centreX) / lens0.focal;
      const up = (lens0.horizon - y - 0.5) / lens0.focal;
      const polygon = before.view.seen[(SAMPLES * y + 1) * width + x];
      let shift = camera;
      let depth = 1e6;
      let isMoving = false;
      if (polygon >= 0) {
        point.x = x + 0.5;
        point.y = y + 0.5;
        before.view.surfaceAt(polygon, point);
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

/** The later camera in the earlier one's axes. */
function cameraShift(before: LaidScene, drive: Drive, to: number): Shift {
  const pose = cameraAt(drive, to);
  const { x, z } = placeOnRoad(before.road, pose.s, pose.d);
  const turn = pose.yaw - before.pose.yaw;
  return { x, z, cos: Math.cos(turn), sin: Math.sin(turn) };
}

/** The motion that carries the car's earlier points to its later ones, in the same form. */
function carShift(before: LaidScene, after: LaidScene, drive: Drive, from: number, to: number): Shift | undefined {
  const pose0 = carAt(drive, from);
  const pose1 = carAt(drive, to);
  if (!pose0 || !pose1) return undefined;
  const p0 = placeOnRoad(before.road, pose0.s, pose0.d);
  const p1 = placeOnRoad(after.road, pose1.s, pose1.d);
  const yaw0 = headingOnRoad(before.road, pose0.s) + pose0.yaw;
  const yaw1 = headingOnRoad(after.road, pose1.s) + pose1.yaw;
  const turn = yaw0 - yaw1;
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  // q1 = R (q0 - p0) + p1 = R (q0 - (p0 - R^-1 p1))
  return { x: p0.x - (p1.x * cos + p1.z * sin), z: p0.z - (p1.z * cos - p1.x * sin), cos, sin };
}

/** Whether nothing stands before a point at depth `z` in the later picture. */
function isInSight(scene: LaidScene, x: number, y: number, z: number): boolean {
  const { view } = scene;
  const { width } = view.pinhole;
  const row = Math.min(view.seen.length / width - 1, Math.floor(SAMPLES * y));
  const polygon = view.seen[row * width + Math.floor(x)];
  if (polygon < 0) return true;
  if (view.surfaces[polygon].kind === KIND.sky) return true;
  const inverse = view.inverseDepth(polygon, x, y);
  return 1 / z > inverse * 0.96 - 1e-4;
}
