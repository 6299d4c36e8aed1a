// A finetuning of a few seconds: the smallest checkpoint, a shot of the procedural street, one edited frame of it.

import type { EditedFrame } from '../../src/lib/edits/edited-frame.js';
import type { Frame, Frames } from '../../src/lib/tensor/frame.js';
import type { FinetuneOptions } from '../../src/lib/training/finetune/options.js';
import { heldOutShot, shotFrames } from '../../src/lib/world/held-out-shots.js';

/** Sides of the frames: 4x4 latent cells of the published VAE's factor. */
export const SIDE = 32;

/** A shot of `frames` frames in a style of the procedural world. */
export function street(frames = 6, style: 'photo' | 'neon' = 'photo', side = SIDE): AsyncIterable<Frame> {
  return {
    [Symbol.asyncIterator]: () =>
      shotFrames(heldOutShot('red-car-curve'), style, { frames, width: side, height: side }),
  };
}

/** One frame of it in another style: its ground truth in the procedural world. */
export async function neonFrame(frame: number, side = SIDE): Promise<EditedFrame> {
  let index = 0;
  for await (const picture of street(frame + 1, 'neon', side)) {
    if (index++ === frame) return { picture, frame, prompt: 'a neon city at night' };
  }
  throw new Error(`the shot has no frame ${frame}`);
}

/** Options of a finetuning that takes seconds: no previews, one probe of forgetting. */
export function quick(
  out: string,
  edits: readonly EditedFrame[],
  more: Partial<FinetuneOptions> = {},
): FinetuneOptions {
  return {
    out,
    edits,
    trainingFrames: 3,
    learningRate: 1e-3,
    iterations: 6,
    previewEvery: 0,
    heldAsidePrompts: ['a dog'],
    preview: { frames: 2, steps: 8, guidanceScale: 1 },
    onWarning: () => {},
    ...more,
  };
}

/** All frames of a video. */
export async function framesOf(video: Frames): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of video) frames.push(frame);
  return frames;
}
