// An edited frame as an example for finetuning.

import type { Frame } from '../tensor/frame.js';

/** A frame of the video with the desired look: colours may differ, the composition must not. */
export interface EditedFrame {
  readonly picture: Frame;
  /** Index of the original frame, from 0. */
  readonly frame: number;
  readonly prompt: string;
  /** SHA-256 of the original's RGB bytes, if known, to detect an edit of a different frame. */
  readonly originalSha256?: string;
}
