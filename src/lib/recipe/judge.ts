// Measures every arm of the recipe against the source and, if known, against the truth.

import { given } from '../base/given.js';
import { decodeFrame, encodeFrame } from '../diffusion/restyle.js';
import type { Measured } from '../metrics/measure.js';
import type { Model } from '../models/model.js';
import type { Readable, RenderedVideo } from '../renderings/rendered-video.js';
import type { Frame } from '../tensor/frame.js';
import { type EditJudgement, judgeEdit } from '../world/truth/judge-edit.js';
import type { RecipePlan } from './plan.js';

/** The measurements of all arms. */
export interface RecipeNumbers {
  readonly measured: Measured;
  readonly truths: ReadonlyMap<string, EditJudgement>;
  readonly truthFloor: number | null;
}

/** Measures the arms, by name. */
export async function judgeRecipe(
  model: Model,
  rendered: RenderedVideo,
  arms: ReadonlyMap<string, Readable>,
  { truth, signal }: Pick<RecipePlan, 'truth' | 'signal'>,
): Promise<RecipeNumbers> {
  const measured = await rendered.judge(Object.fromEntries(arms), given({ trueMotion: truth?.motion }));
  const truths = new Map<string, EditJudgement>();
  if (!truth) return { measured, truths, truthFloor: null };
  for (const [name, read] of arms) {
    signal?.throwIfAborted();
    truths.set(name, await judgeEdit(read(), truth.frames(), truth.car));
  }
  const floor = await judgeEdit(roundTrip(model, truth.frames()), truth.frames(), truth.car);
  return { measured, truths, truthFloor: floor.truthError };
}

async function* roundTrip(model: Model, frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  let index = 0;
  for await (const frame of frames) {
    yield await decodeFrame(model, await encodeFrame(model, frame, index), index);
    index++;
  }
}
