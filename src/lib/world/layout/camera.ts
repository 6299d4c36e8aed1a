// The poses of the camera and of the car ahead at a time, and the camera's projection. The camera stays level, so that
// upright edges stay upright; nodding moves the horizon instead.

import type { Drive } from '../street/drive.js';
import { swingAt, swingRate } from '../street/drive.js';
import { roadHeading } from '../street/road.js';
import type { Pinhole } from './pinhole.js';

/** Place on the road, height, direction in the world and horizon, in metres, radians and picture heights. */
export interface CameraPose {
  readonly s: number;
  readonly d: number;
  readonly eye: number;
  readonly yaw: number;
  readonly horizon: number;
}

/** The camera at `t` seconds. */
export function cameraAt(drive: Drive, t: number): CameraPose {
  const s = drive.start + drive.speed * t + swingAt(drive.surge, t);
  // Looking at the road some metres ahead, as drivers do.
  const yaw = 0.3 * roadHeading(drive.bends, s) + 0.7 * roadHeading(drive.bends, s + 8);
  const phase = drive.seed % 7;
  return {
    s,
    d: swingAt(drive.lane, t),
    eye: drive.eye + 0.012 * Math.sin(2 * Math.PI * 1.3 * t + phase),
    yaw: yaw + 0.006 * Math.sin(2 * Math.PI * 0.21 * t + phase),
    horizon: drive.horizon + 0.003 * Math.sin(2 * Math.PI * 0.9 * t + 2 * phase),
  };
}

/** The camera's picture plane for a picture of this size; a picture that is not square shows more or less height. */
export function pinholeAt(drive: Drive, pose: CameraPose, width: number, height: number): Pinhole {
  return {
    width,
    height,
    focal: drive.focal * width,
    centreX: width / 2,
    horizon: height / 2 + (pose.horizon - 0.5) * width,
  };
}

/** The middle of the car ahead on the road, and its direction relative to the road. */
export interface CarPose {
  readonly s: number;
  readonly d: number;
  readonly yaw: number;
}

/** The car ahead at `t` seconds; undefined on an empty street. */
export function carAt(drive: Drive, t: number): CarPose | undefined {
  if (!drive.car) return undefined;
  const { distance, lateral } = drive.car;
  const speed = drive.speed + swingRate(drive.surge, t) + swingRate(distance, t);
  return {
    s: drive.start + drive.speed * t + swingAt(drive.surge, t) + swingAt(distance, t),
    d: swingAt(lateral, t),
    yaw: Math.atan2(swingRate(lateral, t), speed),
  };
}
