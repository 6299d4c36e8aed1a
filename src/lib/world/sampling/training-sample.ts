// The endless set of pictures with captions that a model of the world is trained on, and the drives that are kept from it.

import { UsageError } from '../../base/errors.js';
import { createGenerator } from '../../base/random.js';
import type { Frame } from '../../tensor/frame.js';
import { hashBits } from '../noise.js';
import { renderScene } from '../picture/render-scene.js';
import { createDrive, type Drive } from '../street/drive.js';
import { STYLES, type Style } from '../styles/styles.js';
import { caption } from './captions.js';

/**
 * Seeds of drives that training never sees: the upper half of all seeds, from `first` to `last`. What is judged is judged on
 * drives of this range.
 */
export const HELD_OUT_SEEDS = { first: 2 ** 31, last: 2 ** 32 - 1 } as const;

/** Whether a drive's seed is kept from training. */
export function isHeldOut(driveSeed: number): boolean {
  return driveSeed >= HELD_OUT_SEEDS.first && driveSeed <= HELD_OUT_SEEDS.last;
}

/** Seconds of a drive from which training takes its pictures. */
const DRIVE_SECONDS = 8;

/** One picture to learn from. */
export interface TrainingSample {
  readonly frame: Frame;
  readonly style: Style;
  /** Empty one time in ten. */
  readonly caption: string;
  readonly driveSeed: number;
  readonly t: number;
}

/** What to draw samples from. */
export interface TrainingSampleOptions {
  /** Styles to choose from, each as likely as the others; a style named twice is twice as likely. */
  readonly styles?: readonly Style[];
  /** Pixels of a side; 128 unless said. */
  readonly size?: number;
  /** Draws from the drives that are kept from training instead. */
  readonly heldOut?: boolean;
}

/** What sample `index` shows, before it is drawn. */
export interface SamplePlan {
  readonly drive: Drive;
  readonly style: Style;
  readonly caption: string;
  readonly t: number;
}

/**
 * Chooses drive, time, style and caption of sample `index` of the stream `seed`.
 *
 * @throws UsageError when seed or index is not a whole number from 0 on, or no style is given
 */
export function planSample(seed: number, index: number, options: TrainingSampleOptions = {}): SamplePlan {
  const { styles = STYLES, heldOut = false } = options;
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(index) || seed < 0 || index < 0) {
    throw new UsageError(`trainingSample: seed ${seed} and index ${index} must be whole numbers from 0 on`);
  }
  if (styles.length === 0) throw new UsageError('trainingSample: the list of styles is empty, expected at least one');
  // Two hashes, so that streams of different seeds do not repeat each other's samples in shifted order.
  const generator = createGenerator(hashBits(index, Math.floor(index / 2 ** 32), hashBits(seed, 17, 5)));
  const lower = Math.floor(generator.uniform() * 2 ** 24) * 128 + generator.integer(128);
  const drive = createDrive(heldOut ? HELD_OUT_SEEDS.first + lower : lower);
  const style = styles[generator.integer(styles.length)];
  const t = DRIVE_SECONDS * generator.uniform();
  return { drive, style, caption: caption(drive, style, { generator }), t };
}

/** Sample `index` of the stream `seed`: the same whenever and in whatever order it is asked for. */
export function trainingSample(seed: number, index: number, options: TrainingSampleOptions = {}): TrainingSample {
  const { size = 128 } = options;
  const plan = planSample(seed, index, options);
  const frame = renderScene(plan.drive, plan.t, plan.style, { width: size, height: size });
  return { frame, style: plan.style, caption: plan.caption, driveSeed: plan.drive.seed, t: plan.t };
}
