// An edited frame as an example for a finetuning.

import type { Frame } from '../tensor/frame.js';

/** A frame of the video as it shall look: colours may have changed, composition must not. */
export interface EditedFrame {
  readonly picture: Frame;
  /** Which frame of the video it was made from, counted from 0. */
  readonly frame: number;
  readonly prompt: string;
  /** SHA-256 of the original's RGB bytes, where it is known: by it an edit of another frame is noticed. */
  readonly originalSha256?: string;
}
