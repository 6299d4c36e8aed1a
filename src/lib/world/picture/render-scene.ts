// Pictures of a drive: one scene in one or more styles, a pure function of the drive and the time.

import { assertInteger } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import type { Frame } from '../../tensor/frame.js';
import { layScene } from '../layout/scene.js';
import type { Drive } from '../street/drive.js';
import { STYLE_RECIPES, STYLES, type Style } from '../styles/styles.js';
import { paintScene } from './paint-scene.js';
import { createPainting, type Painting } from './painting.js';

/** Size and content of a picture. */
export interface RenderOptions {
  /** Width in pixels, 128 by default. The composition is the same at every size. */
  readonly width?: number;
  /** Height in pixels, 128 by default. */
  readonly height?: number;
  /** `false` leaves out the car; everything else is unchanged. */
  readonly car?: boolean;
}

/**
 * The picture that the camera of a drive sees at `t` seconds, in a style.
 *
 * @throws UsageError for an unknown style, a time that is not finite, or sides below 8 pixels
 */
export function renderScene(drive: Drive, t: number, style: Style = 'photo', options: RenderOptions = {}): Frame {
  return renderStyles(drive, t, [style], options)[0];
}

/** One scene in several styles, frames in their order; cheaper than one after the other. */
export function renderStyles(drive: Drive, t: number, styles: readonly Style[], options: RenderOptions = {}): Frame[] {
  const { width = 128, height = 128, car = true } = options;
  assertInteger('renderScene: width', width, 8);
  assertInteger('renderScene: height', height, 8);
  if (!Number.isFinite(t)) throw new UsageError(`renderScene: the time is ${t}, expected seconds`);
  const unknown = styles.find((style) => !STYLES.includes(style));
  if (unknown !== undefined) {
    throw new UsageError(`renderScene: no style "${unknown}", expected one of ${STYLES.join(', ')}`);
  }
  const scene = layScene(drive, t, { width, height, car });
  const painting = buffersOf(width, height);
  return styles.map((style) => {
    const recipe = STYLE_RECIPES[style];
    paintScene(scene, recipe.look(drive), painting, recipe.plain);
    return recipe.finish(painting, drive);
  });
}

// Thousands of pictures are often drawn in one size, so the buffers of the last one are reused.
let last: Painting | undefined;

function buffersOf(width: number, height: number): Painting {
  if (last?.width !== width || last.height !== height) last = createPainting(width, height);
  return last;
}
