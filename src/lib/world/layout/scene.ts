// A scene as geometry: the street around the camera at a time, each sample of the picture assigned to the polygon it sees.
// Any number of looks can then colour it.

import { layCar } from '../car/mesh.js';
import type { Surface } from '../shading/surface.js';
import type { Drive } from '../street/drive.js';
import { layRoad } from '../street/road.js';
import { FAR, type Stage } from '../street/stage.js';
import { type Building, buildingsAround, type Side } from '../street/street.js';
import { type CarPose, cameraAt, carAt, pinholeAt } from './camera.js';
import { layLamps, layPeople, layTrees } from './slots.js';
import { layBuildings, layGround } from './street.js';
import { Visibility } from './visibility.js';

const BEHIND = 14;
/** Metres beyond the drawn street in which roofs are known, because they cast shadows into it. */
const AROUND = 64;

/** What to lay out besides the drive and the time. */
export interface SceneOptions {
  /** Pixels of the picture. */
  readonly width: number;
  readonly height: number;
  /** `false` leaves out the car; everything else is unchanged. */
  readonly car?: boolean;
}

/** A scene before it has colours. */
export interface LaidScene extends Stage {
  /** Height of the buildings at each metre of the road from `roofStart` on, 0 in cross streets: left side, right side. */
  readonly roofStart: number;
  readonly roofs: readonly [Float32Array, Float32Array];
  readonly car: CarPose | undefined;
}

/** Height of the roofs on one side, for each metre of the road from `start` on. */
function roofLine(buildings: readonly Building[], side: Side, start: number, length: number): Float32Array {
  const heights = new Float32Array(length);
  for (const building of buildings) {
    if (building.side !== side) continue;
    const from = Math.max(0, Math.round(building.from) - start);
    const to = Math.min(length, Math.round(building.to) - start);
    if (from < to) heights.fill(building.height, from, to);
  }
  return heights;
}

/** Lays out what the camera of a drive sees at `t` seconds. */
export function layScene(drive: Drive, t: number, { width, height, car = true }: SceneOptions): LaidScene {
  const pose = cameraAt(drive, t);
  const road = layRoad(drive.bends, pose, BEHIND, FAR + 25);
  const view = new Visibility<Surface>(pinholeAt(drive, pose, width, height));
  const stage: Stage = { drive, t, pose, road, view };
  // Near things first: whatever they hide is not drawn.
  const carPose = car ? carAt(drive, t) : undefined;
  if (carPose) layCar(stage, carPose);
  const buildings = buildingsAround(drive, pose.s - BEHIND - AROUND, pose.s + FAR + AROUND);
  layBuildings(stage, buildings);
  layGround(stage);
  layTrees(stage);
  layLamps(stage);
  layPeople(stage);
  const roofStart = Math.floor(pose.s) - BEHIND - AROUND;
  const length = FAR + BEHIND + 2 * AROUND;
  const roofs = [roofLine(buildings, -1, roofStart, length), roofLine(buildings, 1, roofStart, length)] as const;
  return { drive, t, pose, road, view, roofStart, roofs, car: carPose };
}
