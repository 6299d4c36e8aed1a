// The results of editing one frame.

import type { Frame } from '../tensor/frame.js';
import type { EditedFrame } from './edited-frame.js';

/** One edit of a frame. `finetune` takes it as it is. */
export interface FrameEdit extends EditedFrame {
  /** `strength-0.85-seed-43`. */
  readonly name: string;
  /** Absolute path of the picture. */
  readonly file: string;
  readonly strength: number;
  readonly seed: number;
  /** The first executed timestep: samplers compare by it, not by strength. */
  readonly firstTimestep: number;
  readonly scores: EditScores;
}

/**
 * How well an edit serves as an example for finetuning.
 *
 * @inline
 */
export interface EditScores {
  /** See `composition`: agreement of the outlines, share of them that stays in place, and both together; 0 to 1. */
  readonly edges: number;
  readonly flow: number;
  readonly kept: number;
  /** Mean abs(edit - original), 0 to 255. */
  readonly editStrength: number;
  /** What edits are ranked by: kept * (1 - exp(-editStrength / 40)), 0 to 1. */
  readonly rank: number;
}

/** The edits of one frame, as they were stored. */
export interface FrameEdits {
  /** Absolute path of the folder. */
  readonly out: string;
  /** Number of the frame, from 0. */
  readonly frame: number;
  /** Seconds at which it appears. */
  readonly at: number;
  readonly original: Frame;
  /** `editFrame`: by strength, then seed. `proposeEdits`: by rank, the best first. */
  readonly edits: readonly FrameEdit[];
  /** The original and all edits as one labelled picture. */
  readonly sheet: Frame;
}
