// The ground and the buildings as polygons: fronts along the road, walls at their ends, roofs, cornices, awnings and signs.

import { type Rgb, scale } from '../colour.js';
import { hashUnit } from '../noise.js';
import { KIND, type Surface, surface } from '../shading/surface.js';
import { headingOnRoad, placeOnRoad, STATION_STEP } from '../street/road.js';
import { FAR, polygon, type RoadCorner, type Stage, wall } from '../street/stage.js';
import type { Building, Front } from '../street/street.js';

const NOTHING: Rgb = [0, 0, 0];
/** Reach of the ground to either side, in metres. */
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
      const near: RoadCorner = [s0, left, 0, s0, left];
      const far: RoadCorner = [s1, right, 0, s1, right];
      // Triangles, because (s, d) is not affine on a piece of a bend.
      polygon(stage, [near, [s1, left, 0, s1, left], far], made);
      polygon(stage, [near, far, [s0, right, 0, s0, right]], made);
    }
  }
}

/** Draws the buildings that are in sight. */
export function layBuildings(stage: Stage, buildings: readonly Building[]): void {
  for (const building of buildings) {
    if (building.to > stage.pose.s && building.from < stage.pose.s + FAR) layBuilding(stage, building);
  }
}

type Normal = Pick<Surface, 'nx' | 'ny' | 'nz'>;

/** A building in the scene. */
interface PlacedBuilding extends Building {
  /** Place of its front across the road. */
  readonly plane: number;
  /** First of the numbers of its parts. */
  readonly group: number;
  /** Normals of its front and of its near end. */
  readonly facing: Normal;
  readonly ending: Normal;
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
  wall(stage, { line: [from, plane, to, plane], heights: [0, height], length: front.width }, wallSurface);
  const gable: Front = { ...front, width: depth, windows: endWindows(front), shop: false, bay: depth / 3, base: 1 };
  const end = { ...common, front: gable, isEnd: true };
  const nearEnd = surface(KIND.front, group + 1, front.wall, { ...end, ...ending, s: from });
  const farEnd = surface(KIND.front, group + 2, front.wall, { ...end, ...far, s: to });
  const endWall = (s: number) => ({ line: [s, plane, s, back], heights: [0, height], length: depth }) as const;
  if (faces(stage, from, plane, nearEnd)) wall(stage, endWall(from), nearEnd);
  if (faces(stage, to, plane, farEnd)) wall(stage, endWall(to), farEnd);

  const placed: PlacedBuilding = { ...building, plane, group, facing, ending };
  if (building.roof === 'pitched') layPitchedRoof(stage, placed, nearEnd, farEnd);
  if (building.roof === 'cornice') layCornice(stage, placed);
  if (building.roof === 'flat' && hashUnit(front.seed, 1, 3) < 0.4) {
    const metal = (normal: Normal) => surface(KIND.trim, group + 3, scale(front.wall, 0.7), { ...common, ...normal });
    const [s0, s1] = [from + 0.25 * front.width, to - 0.3 * front.width];
    const inset = plane + side * 1.5;
    const heights = [height, height + 2.4] as const;
    wall(stage, { line: [s0, inset, s1, inset], heights, length: 5 }, metal(facing));
    wall(stage, { line: [s0, inset, s0, inset + side * 4], heights, length: 4 }, metal(ending));
  }
  if (building.awning) layAwning(stage, placed);
  if (building.sign) layStreetSign(stage, placed);
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

/** A roof along the street, and the gables above both ends. */
function layPitchedRoof(stage: Stage, building: PlacedBuilding, near: Surface, far: Surface): void {
  const { side, from, to, height, depth, roofColour, front, plane, group } = building;
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
  const corners: RoadCorner[] = [
    [from, eaves, low, 0, 0],
    [to, eaves, low, front.width, 0],
    [to, middle, ridge, front.width, depth / 2],
    [from, middle, ridge, 0, depth / 2],
  ];
  polygon(stage, corners, slope);
  for (const [s, made] of [
    [from, near],
    [to, far],
  ] as const) {
    const gable: RoadCorner[] = [
      [s, plane, height, 0, height],
      [s, middle, ridge, depth / 2, ridge],
      [s, plane + side * depth, height, depth, height],
    ];
    const bare: Front = { ...front, windows: 'none' };
    polygon(stage, gable, surface(KIND.front, made.group, front.wall, { ...made, front: bare }));
  }
}

/** A ledge along the upper edge of the front. */
function layCornice(stage: Stage, building: PlacedBuilding): void {
  const { side, from, to, height, front, plane, group, facing, ending } = building;
  const outer = plane - side * 0.45;
  const heights = [height - 0.7, height + 0.15] as const;
  const make = (normal: Normal) => surface(KIND.trim, group + 5, front.trim, { ...normal, side });
  wall(stage, { line: [from, outer, to, outer], heights, length: front.width }, make(facing));
  wall(stage, { line: [from, outer, from, plane], heights, length: 0.45 }, make(ending));
  const underside: RoadCorner[] = [
    [from, outer, heights[0], 0, 0],
    [to, outer, heights[0], front.width, 0],
    [to, plane, heights[0], front.width, 0.45],
    [from, plane, heights[0], 0, 0.45],
  ];
  polygon(stage, underside, make({ nx: 0, ny: -1, nz: 0 }));
}

function layAwning(stage: Stage, { side, from, to, front, plane, group }: PlacedBuilding): void {
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
  const corners: RoadCorner[] = [
    [s0, plane, 3.35, 0, 0],
    [s1, plane, 3.35, length, 0],
    [s1, outer, 2.7, length, 1.4],
    [s0, outer, 2.7, 0, 1.4],
  ];
  polygon(stage, corners, made);
  wall(stage, { line: [s0, outer, s1, outer], heights: [2.45, 2.7], length }, { ...made, ny: 0.2 });
}

/** A shop's sign that stands out from the wall, readable along the street. */
function layStreetSign(stage: Stage, { side, from, front, plane, group, ending }: PlacedBuilding): void {
  const s = from + front.width * (0.2 + 0.5 * hashUnit(front.seed, 4, 3));
  const tall = 2.2 + 2.2 * hashUnit(front.seed, 5, 3);
  const made = surface(KIND.sign, group + 7, front.shopColour, { ...ending, side, seed: front.seed });
  const line = [s, plane - side * 0.2, s, plane - side * 1.25] as const;
  wall(stage, { line, heights: [4.4, 4.4 + tall], length: 1.05 }, made);
}
