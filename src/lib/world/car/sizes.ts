// Sizes and paints of the cars.

import { light, type Rgb } from '../colour.js';
import type { CarBody, CarColour } from '../street/drive.js';

/** Sizes in metres: x from the middle to the right, y from the ground up, z from the middle to the front. */
export interface CarSizes {
  readonly length: number;
  /** Half the width. */
  readonly half: number;
  readonly height: number;
  /** Height at which the windows begin. */
  readonly belt: number;
  /** Ends of the cabin: rear and front at the belt, rear and front at the roof. */
  readonly cabin: readonly [number, number, number, number];
  readonly roofHalf: number;
  readonly lamps: readonly [low: number, high: number];
  readonly wheel: number;
}

/** The bodies. */
export const CAR_SIZES: Readonly<Record<CarBody, CarSizes>> = {
  sedan: {
    length: 4.5,
    half: 0.92,
    height: 1.44,
    belt: 0.96,
    cabin: [-1.75, 1.15, -1.0, 0.3],
    roofHalf: 0.64,
    lamps: [0.64, 0.84],
    wheel: 0.32,
  },
  hatchback: {
    length: 3.9,
    half: 0.88,
    height: 1.5,
    belt: 0.95,
    cabin: [-1.9, 1.2, -1.45, 0.4],
    roofHalf: 0.64,
    lamps: [0.62, 0.92],
    wheel: 0.31,
  },
  van: {
    length: 4.6,
    half: 0.96,
    height: 1.86,
    belt: 1.06,
    cabin: [-2.26, 1.5, -2.05, 0.7],
    roofHalf: 0.76,
    lamps: [0.66, 1.04],
    wheel: 0.35,
  },
};

/** Paints by name. */
export const PAINTS: Readonly<Record<CarColour, Rgb>> = {
  red: light('#d4231f'),
  blue: light('#2458c4'),
  white: light('#f1f1ee'),
  black: light('#25262a'),
  yellow: light('#f4c613'),
  green: light('#23874a'),
  orange: light('#f07818'),
  silver: light('#b4b9be'),
};
