// The training set of a finetuning: frames of the video under the empty prompt, and edited frames paired with their
// originals. The order of the items is a pure function of seed and draw, so that it is the same in a resumed training.

import { assertInteger } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import { seedOf } from '../../base/hash.js';
import { createGenerator, shuffled } from '../../base/random.js';
import type { EditedFrame } from '../../edits/edited-frame.js';

/** One item of a training set. */
export interface TrainingItem {
  /** Index of the frame in the video, from 0. */
  readonly frame: number;
  /** Empty for an unconditional item. */
  readonly prompt: string;
  /** Index of the target among the edits; null if the frame itself is the target. */
  readonly edit: number | null;
}

/**
 * Indices of evenly spread frames: the centres of `count` equal parts, or all frames if there are not more. 30 of 300 are
 * 5, 15, ..., 295.
 */
export function spreadFrames(frames: number, count: number): number[] {
  const taken = Math.min(frames, count);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * frames) / taken));
}

/**
 * The items of a video of `frames` frames: `trainingFrames` of them unconditional, then one for each edit.
 *
 * @throws UsageError when an edit is of a frame that does not exist, or when there are no items
 */
export function trainingItems(
  frames: number,
  trainingFrames: number,
  edits: readonly Pick<EditedFrame, 'frame' | 'prompt'>[],
): TrainingItem[] {
  assertInteger('training frames: the number', trainingFrames, 0);
  edits.forEach(({ frame }, i) => {
    if (Number.isInteger(frame) && frame >= 0 && frame < frames) return;
    throw new UsageError(
      `edit ${i + 1}: it is of frame ${frame}, which is not in the video (its frames are 0 to ${frames - 1}); say which frame it was made from`,
    );
  });
  const plain = spreadFrames(frames, trainingFrames).map((frame) => ({ frame, prompt: '', edit: null }));
  const edited = edits.map(({ frame, prompt }, edit) => ({ frame, prompt, edit }));
  if (plain.length + edited.length === 0) {
    throw new UsageError(
      'finetune: the training set has 0 items; give an edited frame, or at least one training frame of the video',
    );
  }
  return [...plain, ...edited];
}

/** Index of the item of a draw: each of `items` items once per pass, shuffled for each pass. */
export function itemOfDraw(items: number, draw: number, seed: number): number {
  const order = shuffled(items, createGenerator(seedOf(`${seed} pass ${Math.floor(draw / items)}`)));
  return order[draw % items];
}

/** An item's name in errors. */
export function describeItem({ frame, prompt, edit }: TrainingItem): string {
  return edit === null ? `frame ${frame}` : `edited frame ${frame} ("${prompt}")`;
}
