// An edited frame as an example for finetuning.

import type { Frame } from '../tensor/frame.js';

/** A frame of the video as it should look: colours may have changed, composition must not. */
export interface EditedFrame {
  readonly picture: Frame;
  /** Number of the frame it was made from, from 0. */
  readonly frame: number;
  readonly prompt: string;
  /** SHA-256 of the original's RGB bytes, where known; an edit of another frame is recognised by it. */
  readonly originalSha256?: string;
}
