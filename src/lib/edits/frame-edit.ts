// The results of editing one frame.

import type { Frame } from '../tensor/frame.js';
import type { EditedFrame } from './edited-frame.js';

/** One edit of a frame, which `finetune` accepts as an example. */
export interface FrameEdit extends EditedFrame {
  /** `strength-0.85-seed-43`. */
  readonly name: string;
  /** Absolute path of the picture. */
  readonly file: string;
  readonly strength: number;
  readonly seed: number;
  /** The first executed timestep, by which samplers are compared (not by strength). */
  readonly firstTimestep: number;
  readonly scores: EditScores;
}

/**
 * Scores of an edit as an example for finetuning.
 *
 * @inline
 */
export interface EditScores {
  /** See `composition`: agreement of the outlines, share of outlines that stay in place, and both combined; 0 to 1. */
  readonly edges: number;
  readonly flow: number;
  readonly kept: number;
  /** Mean abs(edit - original), 0 to 255. */
  readonly editStrength: number;
  /** Score by which edits are ranked: kept * (1 - exp(-editStrength / 40)), 0 to 1. */
  readonly rank: number;
}

/** The stored edits of one frame. */
export interface FrameEdits {
  /** Absolute path of the folder. */
  readonly out: string;
  /** Index of the frame, from 0. */
  readonly frame: number;
  /** Seconds at which it appears. */
  readonly at: number;
  readonly original: Frame;
  /** Of `editFrame`: ordered by strength, then seed. Of `proposeEdits`: by rank, the best first. */
  readonly edits: readonly FrameEdit[];
  /** The original and all edits as one labelled picture. */
  readonly sheet: Frame;
}
