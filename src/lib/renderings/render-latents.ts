// Renders a video under several settings, each into its journal, from the journals that they share.

import { groupBy } from '../base/group-by.js';
import type { Progress } from '../base/progress.js';
import { isMasked, withMask } from '../diffusion/mask.js';
import { decodeFrame } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { chosenSettings, withDefaults } from '../settings/defaults.js';
import { RENDER, STEADY } from '../settings/table.js';
import { smallPicture } from '../video/small-picture.js';
import { editLatents } from './edit-latents.js';
import {
  type FilledRendering,
  type RenderedFrom,
  type RenderHooks,
  type RenderingHooks,
  seenAt,
} from './fill-journals.js';
import { renderKeyframes } from './fill-keyframes.js';
import { planRendering } from './rendering.js';

/** Milliseconds between two pictures in reports of progress. */
const PICTURE_EVERY = 1000;

/** Renders the latents of a video under each setting: those with all frames first, then those with keyframes only. */
export async function renderLatents(
  model: Model,
  from: RenderedFrom,
  renderings: readonly FilledRendering[],
  { onProgress, onFrame, signal }: RenderHooks,
): Promise<void> {
  const frames = from.latents.count;
  const evaluations = new Map(renderings.map((each) => [each.name, planRendering(model, each).evaluations]));
  const work = (some: readonly FilledRendering[]): number =>
    frames * some.reduce((sum, { name }) => sum + evaluations.get(name)!, 0);
  const total = work(renderings);
  let before = 0;
  /** The last frame, for the next report. */
  let shown: Pick<Progress, 'picture'> = {};
  let shownAt = -Infinity;
  const hooks: RenderingHooks = {
    onStep({ name, label }, done) {
      signal?.throwIfAborted();
      const passes = before + Math.round(done * evaluations.get(name)!);
      onProgress?.({ done: passes, total, phase: 'denoising', label: denoisingLabel(label), ...shown });
      shown = {};
    },
    async onFrame(frame) {
      const ended = renderings.reduce((sum, { output }) => sum + output.count, 0);
      onFrame?.(ended, renderings.length * frames);
      if (!onProgress || performance.now() - shownAt < PICTURE_EVERY) return;
      shownAt = performance.now();
      shown = { picture: await smallPicture(frame) };
    },
    signal,
  };
  for (const group of groupsOf(renderings)) {
    if (group[0].options.steady) await renderKeyframes(model, from, group, hooks);
    else await renderAll(model, from, group[0], hooks);
    before += work(group);
  }
}

/** The label of the progress of a rendering, which is also the stage of a run. */
export function denoisingLabel(label: string): string {
  return `denoising ${label}`;
}

/** Steady renderings with the same keyframes are made together, so that the source's motion is computed once. */
function groupsOf(renderings: readonly FilledRendering[]): FilledRendering[][] {
  const groups = groupBy(renderings, ({ name, options, steps }) => {
    // Keyframes that are rendered together have steps of their own.
    const isAlone = !options.steady || steps;
    return isAlone ? name : JSON.stringify([chosenSettings(STEADY, options), options.batch]);
  });
  const isSteady = ([{ options }]: readonly FilledRendering[]): number => Number(options.steady ?? false);
  return [...groups.values()].sort((a, b) => isSteady(a) - isSteady(b));
}

/** Renders every frame. */
async function renderAll(
  model: Model,
  from: RenderedFrom,
  rendering: FilledRendering,
  { onStep, onFrame, signal }: RenderingHooks,
): Promise<void> {
  const { options, output, steps } = rendering;
  const frames = from.latents.count;
  // The frames of a shot that are rendered together: all of them.
  const batch = steps ? frames : withDefaults(RENDER, options).batch;
  // Continues at a whole batch, so that each batch has the same frames as without the interruption.
  if (output.count < frames) await output.truncate(Math.floor(output.count / batch) * batch);
  for (let first = output.count; first < frames; first += batch) {
    const count = Math.min(batch, frames - first);
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    signal?.throwIfAborted();
    const edited = await editLatents(model, from, { rendering, numbers }, (share) =>
      onStep(rendering, first + share * count),
    );
    for (const [i, latent] of edited.entries()) {
      const decoded = await decodeFrame(model, latent, first + i);
      const frame = isMasked(options) ? withMask(await seenAt(from, first + i), decoded, options) : decoded;
      await output.append(frame.data);
      await onFrame(frame);
    }
    await output.flush();
  }
}
