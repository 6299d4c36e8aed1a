// The surface of a polygon: the record that shading reads. It is data only; a look decides its appearance.

import type { Rgb } from '../colour.js';
import type { Front } from '../street/street.js';

/** Materials, the numbers in a picture's `kind` buffer; sky is where no polygon is. */
export const KIND = {
  sky: 0,
  ground: 1,
  front: 2,
  roof: 3,
  trim: 4,
  sign: 5,
  awning: 6,
  leaves: 7,
  trunk: 8,
  metal: 9,
  lamp: 10,
  cloth: 11,
  paint: 12,
  glass: 13,
  tyre: 14,
  tailLight: 15,
  plate: 16,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** Whether a material belongs to the car. */
export function isCar(kind: number): boolean {
  return kind >= KIND.paint;
}

/** A polygon's surface. Vectors are in the camera's axes: x right, y up, z ahead. */
export interface Surface {
  readonly kind: Kind;
  /** Number of its thing: outlines are drawn where this number changes. */
  readonly group: number;
  readonly nx: number;
  readonly ny: number;
  readonly nz: number;
  readonly colour: Rgb;
  /** Heading of the road here relative to the camera, for surfaces lit from the street. */
  readonly heading: number;
  /** For walls: the place of u = 0 along the road, and the side of the road. */
  readonly s: number;
  readonly side: number;
  readonly front: Front | undefined;
  /** Whether a wall is an end of a building, across the road's direction. */
  readonly isEnd: boolean;
  readonly seed: number;
}

/** A surface with defaults for the properties that are not given. */
export function surface(kind: Kind, group: number, colour: Rgb, rest: Partial<Surface> = {}): Surface {
  const { nx = 0, ny = 1, nz = 0, heading = 0, s = 0, side = 0, front, isEnd = false, seed = 0 } = rest;
  return { kind, group, nx, ny, nz, colour, heading, s, side, front, isEnd, seed };
}
