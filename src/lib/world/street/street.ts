// Buildings and cross streets beside the road, lot by lot, as a function of place. It is a pure function of the drive and of
// whole numbers, so any stretch of the street can be computed in any order.

import { light, type Rgb } from '../colour.js';
import { hashBits, hashUnit } from '../noise.js';
import type { District, Drive } from './drive.js';

/** Side of the road: -1 left, 1 right. */
export type Side = -1 | 1;

/** Mean length of a lot along the road, and number of lots from one cross street to the next. */
export const LOT = 13;
const LOTS_PER_BLOCK = 7;

/** Kinds of windows of a front. */
export type Windows = 'punched' | 'ribbon' | 'curtain' | 'none';

/** A wall with its windows, in metres: u from its left end, v from the ground. */
export interface Front {
  readonly width: number;
  readonly height: number;
  readonly windows: Windows;
  /** Start and end of the floors with windows. */
  readonly base: number;
  readonly floor: number;
  readonly floors: number;
  readonly bay: number;
  /** Range of a bay and of a floor that a window covers. */
  readonly across: readonly [number, number];
  readonly up: readonly [number, number];
  readonly shop: boolean;
  readonly shopColour: Rgb;
  readonly wall: Rgb;
  readonly trim: Rgb;
  /** Colour and strength of brick or plaster texture. */
  readonly brick: boolean;
  readonly seed: number;
}

/** A building on one lot. `setback` is its distance from the pavement's inner edge. */
export interface Building {
  readonly side: Side;
  readonly lot: number;
  readonly from: number;
  readonly to: number;
  readonly setback: number;
  readonly height: number;
  readonly depth: number;
  readonly roof: 'flat' | 'cornice' | 'pitched';
  readonly roofColour: Rgb;
  readonly awning: boolean;
  readonly sign: boolean;
  readonly front: Front;
}

const WALLS: Readonly<Record<District, readonly string[]>> = {
  downtown: ['#8f979c', '#a9a79f', '#6f7f8c', '#b8b2a6', '#7b6f66', '#93a5ad'],
  brick: ['#9a4f3c', '#8a5a46', '#b06a4c', '#7d4338', '#a88468', '#c2a283'],
  'old-town': ['#d9c08a', '#d59a72', '#c9ced0', '#b9c7a4', '#d8b3a0', '#e0d3b4', '#a8b8c4'],
  mixed: ['#9a5a46', '#a9a79f', '#d3c29a', '#7f8d96', '#c08a6a', '#8d8f78'],
};
const TRIMS = ['#e6e0d2', '#cfc8ba', '#4a443f', '#f0ece2', '#6a6f73'];
const SHOPS = ['#b3382f', '#2f6f8f', '#2e7d4f', '#d9a93a', '#6b3f7d', '#d8d2c4', '#2b2f38', '#c9673a'];
const ROOFS = ['#a5523a', '#8a4838', '#6a6a70', '#7d5a48'];

/** Whether a lot is left open for a cross street. */
function isCrossStreet(lot: number): boolean {
  return lot % LOTS_PER_BLOCK === 0;
}

/** Start of a lot in metres along the road; cross streets have equal ends on both sides. */
function lotStart(drive: Drive, side: Side, lot: number): number {
  if (isCrossStreet(lot) || isCrossStreet(lot - 1)) return LOT * lot;
  return LOT * (lot + 0.45 * (hashUnit(lot, side, drive.seed) - 0.5));
}

/** The building on a lot; undefined for a cross street. */
export function buildingAt(drive: Drive, side: Side, lot: number): Building | undefined {
  if (isCrossStreet(lot)) return undefined;
  const seed = hashBits(lot, 7 + side, drive.seed);
  const die = (n: number) => hashUnit(n, 11, seed);
  const pick = <T>(values: readonly T[], n: number) => values[Math.floor(values.length * die(n))];
  const from = lotStart(drive, side, lot);
  const to = lotStart(drive, side, lot + 1);
  const district = drive.district === 'mixed' ? pick(['downtown', 'brick', 'old-town'] as const, 0) : drive.district;
  const shape = SHAPES[district](die);
  const windows = shape.windows;
  const base = shape.shop ? 4.2 : 1;
  const floors = Math.max(2, Math.round((shape.height - base) / shape.floor));
  const height = base + floors * shape.floor + 0.9;
  const width = to - from;
  const bays = Math.max(2, Math.round(width / shape.bay));
  const half = shape.window / 2;
  return {
    side,
    lot,
    from,
    to,
    setback: die(1) < 0.3 ? 0.8 * die(2) : 0,
    height,
    depth: isCrossStreet(lot + 1) || isCrossStreet(lot - 1) ? 14 : 9,
    roof: shape.roof,
    roofColour: light(pick(ROOFS, 3)),
    awning: shape.shop && die(4) < 0.45,
    sign: shape.shop && die(5) < 0.5,
    front: {
      width,
      height,
      windows,
      base,
      floor: shape.floor,
      floors,
      bay: width / bays,
      across: windows === 'curtain' ? [0.04, 0.96] : windows === 'ribbon' ? [0, 1] : [0.5 - half, 0.5 + half],
      up: windows === 'curtain' ? [0.22, 0.97] : windows === 'ribbon' ? [0.32, 0.85] : [0.22, 0.22 + shape.tall],
      shop: shape.shop,
      shopColour: light(pick(SHOPS, 6)),
      wall: light(pick(WALLS[drive.district], 7)),
      trim: light(pick(TRIMS, 8)),
      brick: district === 'brick',
      seed,
    },
  };
}

/** The buildings of both sides that touch [from, to], by lot. */
export function buildingsAround(drive: Drive, from: number, to: number): Building[] {
  const buildings: Building[] = [];
  for (let lot = Math.floor(from / LOT) - 1; lot * LOT <= to + LOT; lot++) {
    for (const side of [-1, 1] as const) {
      const building = buildingAt(drive, side, lot);
      if (building && building.to >= from && building.from <= to) buildings.push(building);
    }
  }
  return buildings;
}

interface Shape {
  height: number;
  floor: number;
  bay: number;
  window: number;
  tall: number;
  windows: Windows;
  shop: boolean;
  roof: Building['roof'];
}

/** Sizes by district; `die` gives the building's numbers in [0, 1). */
const SHAPES: Readonly<Record<Exclude<District, 'mixed'>, (die: (n: number) => number) => Shape>> = {
  downtown: (die) => ({
    height: die(20) < 0.3 ? 34 + 26 * die(21) : 14 + 16 * die(21),
    floor: 3.6,
    bay: 2.6 + 1.4 * die(22),
    window: 0.62,
    tall: 0.6,
    windows: die(23) < 0.35 ? 'curtain' : die(23) < 0.6 ? 'ribbon' : 'punched',
    shop: die(24) < 0.7,
    roof: 'flat',
  }),
  brick: (die) => ({
    height: 11 + 12 * die(20),
    floor: 3.4,
    bay: 2.5 + 0.8 * die(22),
    window: 0.46,
    tall: 0.58,
    windows: 'punched',
    shop: die(24) < 0.6,
    roof: 'cornice',
  }),
  'old-town': (die) => ({
    height: 8 + 8 * die(20),
    floor: 3.2,
    bay: 2.6 + 0.9 * die(22),
    window: 0.42,
    tall: 0.6,
    windows: 'punched',
    shop: die(24) < 0.5,
    roof: die(25) < 0.75 ? 'pitched' : 'cornice',
  }),
};
