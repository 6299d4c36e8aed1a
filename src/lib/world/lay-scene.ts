// A scene as geometry: the street around the camera at a time, every sample of the picture assigned to the polygon it sees. Looks
// give it colours afterwards, any number of them.

import { layCar } from './car-mesh.js';
import { type CameraPose, type CarPose, cameraAt, carAt, pinholeAt } from './camera.js';
import type { Drive } from './drive.js';
import { layBuildings, layGround } from './lay-street.js';
import { layLamps, layPeople, layTrees } from './lay-slots.js';
import { type LaidRoad, layRoad } from './road.js';
import { FAR, type Stage } from './stage.js';
import type { Building, Side } from './street.js';
import type { Surface } from './surface.js';
import { Visibility } from './visibility.js';

const BEHIND = 6;

/** A scene before it has colours. */
export interface LaidScene {
  readonly drive: Drive;
  readonly t: number;
  readonly pose: CameraPose;
  readonly road: LaidRoad;
  readonly view: Visibility<Surface>;
  /** Height of the buildings at each metre from `road.start` on, 0 in cross streets: left side, right side. */
  readonly roofs: readonly [Float32Array, Float32Array];
  readonly car: CarPose | undefined;
}

/** Height of the roofs along one side of a laid road, metre by metre. */
function roofLine(buildings: readonly Building[], side: Side, road: LaidRoad, length: number): Float32Array {
  const heights = new Float32Array(length);
  for (const building of buildings) {
    if (building.side !== side) continue;
    const from = Math.max(0, Math.round(building.from - road.start));
    const to = Math.min(length, Math.round(building.to - road.start));
    if (from < to) heights.fill(building.height, from, to);
  }
  return heights;
}

/** Lays out what the camera of a drive sees at `t` seconds; `car: false` leaves the car away. */
export function layScene(drive: Drive, t: number, width: number, height: number, car = true): LaidScene {
  const pose = cameraAt(drive, t);
  const road = layRoad(drive.bends, pose, BEHIND, FAR);
  const view = new Visibility<Surface>(pinholeAt(drive, pose, width, height));
  const stage: Stage = { drive, t, pose, road, view };
  // Near things first: what they hide is not drawn.
  const carPose = car ? carAt(drive, t) : undefined;
  if (carPose) layCar(stage, carPose);
  const buildings = layBuildings(stage);
  layGround(stage);
  layTrees(stage);
  layLamps(stage);
  layPeople(stage);
  const length = FAR + BEHIND + 10;
  const roofs = [roofLine(buildings, -1, road, length), roofLine(buildings, 1, road, length)] as const;
  return { drive, t, pose, road, view, roofs, car: carPose };
}
