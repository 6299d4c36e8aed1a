// Short drives by name for demonstrations and comparisons, none of which is in the training set. Frames are rendered on
// demand.

import { UsageError } from '../base/errors.js';
import type { Frame } from '../tensor/frame.js';
import type { Correspondence, SourceFrame } from '../video/flow/correspondence.js';
import { type CarRegion, carRegion } from './car/region.js';
import { type RenderOptions, renderScene } from './picture/render-scene.js';
import { HELD_OUT_SEEDS } from './sampling/training-sample.js';
import { CAR_COLOURS, createDrive, type Drive, type DriveOptions } from './street/drive.js';
import type { Style } from './styles/styles.js';
import { sceneFlow } from './truth/scene-flow.js';

/** A named shot: its drive, its start and its number of frames. */
export interface HeldOutShot {
  readonly name: string;
  readonly description: string;
  readonly driveSeed: number;
  readonly options: DriveOptions;
  /** Time of the first frame, in seconds of the drive. */
  readonly start: number;
  readonly frames: number;
  /** Frames per second. */
  readonly frameRate: number;
}

/** The bundled shots. */
export const HELD_OUT_SHOTS: readonly HeldOutShot[] = [
  {
    name: 'red-car-curve',
    description: 'A red car by day, in the bend of an old street with autumn trees',
    driveSeed: HELD_OUT_SEEDS.first + 3,
    options: { time: 'day', course: 'winding', car: 'red', body: 'hatchback' },
    start: 0,
    frames: 36,
    frameRate: 12,
  },
  {
    name: 'white-car-dusk',
    description: 'A white car at dusk',
    driveSeed: HELD_OUT_SEEDS.first + 8,
    options: { time: 'dusk', course: 'gentle', car: 'white', body: 'sedan' },
    start: 0,
    frames: 36,
    frameRate: 12,
  },
  {
    name: 'yellow-van-overcast',
    description: 'A yellow van under a grey sky',
    driveSeed: HELD_OUT_SEEDS.first + 12,
    options: { time: 'overcast', course: 'winding', car: 'yellow', body: 'van' },
    start: 0,
    frames: 36,
    frameRate: 12,
  },
];

/**
 * The bundled shot of this name.
 *
 * @throws UsageError naming the existing shots
 */
export function heldOutShot(name: string): HeldOutShot {
  const shot = HELD_OUT_SHOTS.find((each) => each.name === name);
  if (shot) return shot;
  throw new UsageError(
    `no bundled shot "${name}", expected one of ${HELD_OUT_SHOTS.map((each) => each.name).join(', ')}`,
  );
}

/**
 * A shot of another held-out drive, counted from 0: its seed determines all of it, except that there is always a car ahead.
 *
 * @throws UsageError when there is no such drive
 */
export function shotOfDrive(number: number): HeldOutShot {
  const count = HELD_OUT_SEEDS.last - HELD_OUT_SEEDS.first + 1;
  if (!Number.isInteger(number) || number < 0 || number >= count) {
    throw new UsageError(`no held-out drive ${number}, expected a whole number from 0 to ${count - 1}`);
  }
  const driveSeed = HELD_OUT_SEEDS.first + number;
  const { car, time, course } = createDrive(driveSeed);
  const colour = car?.colour ?? CAR_COLOURS[number % CAR_COLOURS.length];
  return {
    name: `drive-${number}`,
    description: `A ${colour} car ahead, ${time}, ${course}`,
    ...{ driveSeed, options: { car: colour }, start: 0, frames: 36, frameRate: 12 },
  };
}

/** The drive of a shot. */
export function shotDrive(shot: HeldOutShot): Drive {
  return createDrive(shot.driveSeed, shot.options);
}

/** The time of frame `index` of a shot, in seconds of its drive. */
export function shotTime(shot: HeldOutShot, index: number): number {
  return shot.start + index / shot.frameRate;
}

/** Frame `index` of a shot, as a photograph or in a style; the drive continues beyond the shot's frames. */
export function shotPicture(
  shot: HeldOutShot,
  index: number,
  style: Style = 'photo',
  options: RenderOptions = {},
): Frame {
  return renderScene(shotDrive(shot), shotTime(shot, index), style, options);
}

/**
 * The frames of a shot, and their size.
 *
 * @inline
 */
export interface ShotFramesOptions extends RenderOptions {
  /** Index of the first, 0 by default. */
  readonly from?: number;
  /** Number of frames, by default the shot's; the drive continues beyond them. */
  readonly frames?: number;
}

/** The frames of a shot in order, as photographs or in a style: then they are the true result of restyling it. */
export async function* shotFrames(
  shot: HeldOutShot,
  style: Style = 'photo',
  options: ShotFramesOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  const { from = 0, frames = shot.frames } = options;
  for (let i = from; i < from + frames; i++) yield shotPicture(shot, i, style, options);
}

/** The true motion of a shot between any two of its frames, in the size of the first. */
export function shotMotion(shot: HeldOutShot): (from: SourceFrame, to: SourceFrame) => Correspondence {
  const drive = shotDrive(shot);
  return (from, to) => {
    const { visible, ...flow } = sceneFlow(drive, shotTime(shot, from.index), shotTime(shot, to.index), from.frame);
    return { flow, visible };
  };
}

/** The region of the car in each frame of a shot. */
export function shotCarRegions(shot: HeldOutShot, width = 128, height = 128): (CarRegion | null)[] {
  const drive = shotDrive(shot);
  return Array.from({ length: shot.frames }, (_, i) => carRegion(drive, shotTime(shot, i), width, height));
}
