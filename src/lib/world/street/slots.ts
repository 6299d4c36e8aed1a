// Small things beside the road, in slots of equal length: lamps, trees, people. They are a function of the place, as the
// buildings are.

import { hashUnit } from '../noise.js';
import type { Drive } from './drive.js';
import { LOT, type Side } from './street.js';

/** Metres from one lamp to the next on one side; those of the other side are between them. */
export const LAMP_STEP = 26;
export const LAMP_HEIGHT = 6.2;
/** Reach of a lamp's arm over the road, in metres. */
export const LAMP_ARM = 1.5;
const TREE_STEP = 9;
const PERSON_STEP = 13;

/** Place of a slot's lamp along the road, in metres. */
export function lampPlace(side: Side, slot: number): number {
  return LAMP_STEP * (slot + (side > 0 ? 0.25 : 0.75));
}

/** A tree: place along the road, height of its crown's middle, radius of the crown, metres. */
export interface Tree {
  readonly s: number;
  readonly height: number;
  readonly radius: number;
  readonly seed: number;
}

/** A stretch of the road, in metres along it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The trees of all slots that overlap a stretch; the tree of a slot may be missing. */
export function treesBetween(drive: Drive, side: Side, { from, to }: Stretch): Tree[] {
  const trees: Tree[] = [];
  if (drive.trees === 0) return trees;
  for (let slot = Math.floor(from / TREE_STEP); slot * TREE_STEP < to; slot++) {
    const die = (n: number) => hashUnit(slot * 2 + (side > 0 ? 1 : 0), 40 + n, drive.seed);
    const s = TREE_STEP * (slot + 0.35 + 0.3 * die(0));
    if (die(1) > drive.trees || isNearCrossStreet(s) || isNearLamp(side, s)) continue;
    trees.push({ s, height: 4.4 + 1.4 * die(2), radius: 1.6 + 0.8 * die(3), seed: slot * 2 + (side > 0 ? 1 : 0) });
  }
  return trees;
}

/** A person on the pavement at a time. */
export interface Person {
  /** Place along the road, in metres. */
  readonly s: number;
  /** Metres from the kerb. */
  readonly inside: number;
  /** Metres. */
  readonly height: number;
  /** Place of the legs in their swing, -1 to 1. */
  readonly stride: number;
  readonly seed: number;
}

/** People on a stretch at `t` seconds. All who walk in one direction have one speed, so they stay in order. */
export function peopleBetween(drive: Drive, side: Side, { from, to }: Stretch, t: number): Person[] {
  const people: Person[] = [];
  for (const way of [-1, 1]) {
    const walked = way * 1.25 * t;
    const first = Math.floor((from - walked) / PERSON_STEP) - 1;
    for (let slot = first; slot * PERSON_STEP + walked < to; slot++) {
      const seed = slot * 4 + (side > 0 ? 2 : 0) + (way > 0 ? 1 : 0);
      const die = (n: number) => hashUnit(seed, 60 + n, drive.seed);
      if (die(0) > drive.people) continue;
      const s = PERSON_STEP * (slot + die(1)) + walked;
      people.push({
        s,
        inside: 0.5 + (drive.pavement - 1) * die(2),
        height: 1.55 + 0.35 * die(3),
        stride: Math.sin(2 * Math.PI * (0.95 * t + die(4))),
        seed,
      });
    }
  }
  return people;
}

function isNearCrossStreet(s: number): boolean {
  const inBlock = s - 7 * LOT * Math.floor(s / (7 * LOT));
  return inBlock < LOT + 2 || inBlock > 7 * LOT - 2;
}

function isNearLamp(side: Side, s: number): boolean {
  const offset = (s - lampPlace(side, 0)) / LAMP_STEP;
  return Math.abs(offset - Math.round(offset)) * LAMP_STEP < 1.6;
}
