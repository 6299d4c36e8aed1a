// The ground and the buildings as polygons: fronts along the road, walls at their ends, roofs, cornices, awnings and signs.

import { type Rgb, scale } from '../colour.js';
import { hashUnit } from '../noise.js';
import { KIND, type Surface, surface } from '../shading/surface.js';
import { headingOnRoad, placeOnRoad, STATION_STEP } from '../street/road.js';
import { corner, FAR, type Stage, wall } from '../street/stage.js';
import type { Building, Front, Side } from '../street/street.js';

const NOTHING: Rgb = [0, 0, 0];
/** How far the ground reaches to either side. */
const GROUND = 24;

/** The ground from behind the camera to the end of the street; u is s, v is d. */
export function layGround(stage: Stage): void {
  const { road, drive } = stage;
  const inner = drive.halfRoad + 0.5;
  const edges = [-GROUND, -inner, inner, GROUND];
  for (let k = 0; k + 1 < road.x.length; k++) {
    if (road.z[k] < -8) continue;
    const s0 = road.start + k * STATION_STEP;
    const s1 = s0 + STATION_STEP;
    const heading = Math.atan2(road.sin[k], road.cos[k]);
    const made = surface(KIND.ground, 1, NOTHING, { heading });
    for (let i = 0; i < 3; i++) {
      const left = edges[i];
      const right = edges[i + 1];
      // Triangles, because (s, d) is not affine on a piece of a bend.
      corner(stage, s0, left, 0, s0, left);
      corner(stage, s1, left, 0, s1, left);
      corner(stage, s1, right, 0, s1, right);
      stage.view.close(made);
      corner(stage, s0, left, 0, s0, left);
      corner(stage, s1, right, 0, s1, right);
      corner(stage, s0, right, 0, s0, right);
      stage.view.close(made);
    }
  }
}

/** Draws those of the buildings that are within sight. */
export function layBuildings(stage: Stage, buildings: readonly Building[]): void {
  for (const building of buildings) {
    if (building.to > stage.pose.s && building.from < stage.pose.s + FAR) layBuilding(stage, building);
  }
}

function layBuilding(stage: Stage, building: Building): void {
  const { side, from, to, height, depth, front } = building;
  const plane = side * (stage.drive.halfRoad + stage.drive.pavement + building.setback);
  const back = plane + side * depth;
  const heading = headingOnRoad(stage.road, (from + to) / 2);
  const group = 1000 + 16 * (2 * building.lot + (side > 0 ? 1 : 0));
  const common = { heading, side, front, seed: front.seed };
  const facing = { nx: -side * Math.cos(heading), ny: 0, nz: side * Math.sin(heading) };
  const ending = { nx: -Math.sin(heading), ny: 0, nz: -Math.cos(heading) };
  const far = { nx: Math.sin(heading), ny: 0, nz: Math.cos(heading) };

  const wallSurface = surface(KIND.front, group, front.wall, { ...common, ...facing, s: from });
  wall(stage, [from, plane, to, plane], [0, height], front.width, wallSurface);
  const gable: Front = { ...front, width: depth, windows: endWindows(front), shop: false, bay: depth / 3, base: 1 };
  const end = { ...common, front: gable, isEnd: true };
  const nearEnd = surface(KIND.front, group + 1, front.wall, { ...end, ...ending, s: from });
  const farEnd = surface(KIND.front, group + 2, front.wall, { ...end, ...far, s: to });
  if (faces(stage, from, plane, nearEnd)) wall(stage, [from, plane, from, back], [0, height], depth, nearEnd);
  if (faces(stage, to, plane, farEnd)) wall(stage, [to, plane, to, back], [0, height], depth, farEnd);

  if (building.roof === 'pitched') layPitchedRoof(stage, building, plane, group, nearEnd, farEnd);
  if (building.roof === 'cornice') layCornice(stage, building, plane, group, facing, ending);
  if (building.roof === 'flat' && hashUnit(front.seed, 1, 3) < 0.4) {
    const metal = scale(front.wall, 0.7);
    const box = [from + 0.25 * front.width, to - 0.3 * front.width] as const;
    const inset = plane + side * 1.5;
    const high = [height, height + 2.4] as const;
    wall(
      stage,
      [box[0], inset, box[1], inset],
      high,
      5,
      surface(KIND.trim, group + 3, metal, { ...common, ...facing }),
    );
    const side2 = surface(KIND.trim, group + 3, metal, { ...common, ...ending });
    wall(stage, [box[0], inset, box[0], inset + side * 4], high, 4, side2);
  }
  if (building.awning) layAwning(stage, building, plane, group);
  if (building.sign) layStreetSign(stage, building, plane, group, ending);
}

/** Whether an upright surface at (s, d) looks towards the camera. */
function faces({ road }: Stage, s: number, d: number, { nx, nz }: Surface): boolean {
  const { x, z } = placeOnRoad(road, s, d);
  return nx * x + nz * z < 0;
}

function endWindows(front: Front): Front['windows'] {
  if (front.windows !== 'punched') return front.windows;
  return hashUnit(front.seed, 2, 3) < 0.5 ? 'punched' : 'none';
}

function layPitchedRoof(
  stage: Stage,
  { side, from, to, height, depth, roofColour, front }: Building,
  plane: number,
  group: number,
  near: Surface,
  far: Surface,
): void {
  const ridge = height + 0.42 * depth;
  const middle = plane + (side * depth) / 2;
  const eaves = plane - side * 0.35;
  const low = height - 0.15;
  const slope = surface(KIND.roof, group + 4, roofColour, {
    ...near,
    nx: -side * 0.64 * Math.cos(near.heading),
    ny: 0.77,
    nz: side * 0.64 * Math.sin(near.heading),
  });
  corner(stage, from, eaves, low, 0, 0);
  corner(stage, to, eaves, low, front.width, 0);
  corner(stage, to, middle, ridge, front.width, depth / 2);
  corner(stage, from, middle, ridge, 0, depth / 2);
  stage.view.close(slope);
  for (const [s, made] of [
    [from, near],
    [to, far],
  ] as const) {
    corner(stage, s, plane, height, 0, height);
    corner(stage, s, middle, ridge, depth / 2, ridge);
    corner(stage, s, plane + side * depth, height, depth, height);
    stage.view.close(surface(KIND.front, made.group, front.wall, { ...made, front: { ...front, windows: 'none' } }));
  }
}

type Normal = Pick<Surface, 'nx' | 'ny' | 'nz'>;

function layCornice(
  stage: Stage,
  { side, from, to, height, front }: Building,
  plane: number,
  group: number,
  facing: Normal,
  ending: Normal,
): void {
  const outer = plane - side * 0.45;
  const heights = [height - 0.7, height + 0.15] as const;
  const make = (normal: Normal) => surface(KIND.trim, group + 5, front.trim, { ...normal, side });
  wall(stage, [from, outer, to, outer], heights, front.width, make(facing));
  wall(stage, [from, outer, from, plane], heights, 0.45, make(ending));
  corner(stage, from, outer, heights[0], 0, 0);
  corner(stage, to, outer, heights[0], front.width, 0);
  corner(stage, to, plane, heights[0], front.width, 0.45);
  corner(stage, from, plane, heights[0], 0, 0.45);
  stage.view.close(make({ nx: 0, ny: -1, nz: 0 }));
}

function layAwning(stage: Stage, { side, from, to, front }: Building, plane: number, group: number): void {
  const made = surface(KIND.awning, group + 6, front.shopColour, {
    nx: -side * 0.45,
    ny: 0.89,
    side,
    seed: front.seed,
  });
  const outer = plane - side * 1.3;
  const s0 = from + 0.6;
  const s1 = to - 0.6;
  const length = s1 - s0;
  corner(stage, s0, plane, 3.35, 0, 0);
  corner(stage, s1, plane, 3.35, length, 0);
  corner(stage, s1, outer, 2.7, length, 1.4);
  corner(stage, s0, outer, 2.7, 0, 1.4);
  stage.view.close(made);
  wall(stage, [s0, outer, s1, outer], [2.45, 2.7], length, { ...made, ny: 0.2 });
}

/** A shop's sign that stands out from the wall, readable along the street. */
function layStreetSign(stage: Stage, building: Building, plane: number, group: number, ending: Normal): void {
  const { side, front } = building as { side: Side; front: Front };
  const s = building.from + front.width * (0.2 + 0.5 * hashUnit(front.seed, 4, 3));
  const tall = 2.2 + 2.2 * hashUnit(front.seed, 5, 3);
  const made = surface(KIND.sign, group + 7, front.shopColour, { ...ending, side, seed: front.seed });
  wall(stage, [s, plane - side * 0.2, s, plane - side * 1.25], [4.4, 4.4 + tall], 1.05, made);
}
