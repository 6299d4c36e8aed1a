// A style: a look for painting the scene, and a function from the painting to the finished picture.

import type { Frame } from '../../tensor/frame.js';
import type { Look } from '../light/look.js';
import type { Painting } from '../picture/painting.js';
import type { Drive } from '../street/drive.js';

/** A style; equal paintings give equal frames. */
export interface StyleRecipe {
  /** Light and materials for a drive. */
  readonly look: (drive: Drive) => Look;
  /** Whether `finish` needs only colour and glow of the painting. */
  readonly plain?: boolean;
  /** The finished picture. */
  readonly finish: (painting: Painting, drive: Drive) => Frame;
}

/** Perceived brightness of a displayed colour. */
export function luma(r: number, g: number, b: number): number {
  return 0.3 * r + 0.59 * g + 0.11 * b;
}
