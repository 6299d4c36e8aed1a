// One rendering of a video: its name, its settings, and their plan for a model.

import { assertInteger } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import { createGenerator } from '../base/random.js';
import { checkKeyframes, countKeys } from '../consistency/key-segments.js';
import { MOTION_BYTES } from '../consistency/stored-motion.js';
import { checkAnchored, isAnchored } from '../diffusion/anchored-img2img.js';
import { assertGuidance } from '../diffusion/guidance.js';
import { checkMask } from '../diffusion/mask.js';
import { noiseSchedule } from '../diffusion/noise-schedule.js';
import { checkFollowing } from '../diffusion/previous-frame.js';
import type { NoiseMode, RestyleOptions } from '../diffusion/restyle.js';
import { samplerName, samplers } from '../diffusion/samplers/index.js';
import { planForStrength } from '../diffusion/strength.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { largestStrength, promptKeys, strengthKeys } from '../settings/schedule.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER, type STEADIED } from '../settings/table.js';

/** Options of one rendering: all of its frames, or with `steady` its keyframes and what is carried from them. */
export type RenderingOptions = RestyleOptions & OptionsOf<typeof STEADIED>;

/** One rendering of the video: a name for its files, a label for the grid, and its settings. */
export interface Rendering {
  readonly name: string;
  readonly label: string;
  readonly options: RenderingOptions;
  /** A model for this rendering only, such as a finetuned one; it must have the same autoencoder as the others. */
  readonly model?: Model;
}

/**
 * The size of renderings' journals, in pictures a frame: one each, and the motion between frames while keyframes are rendered
 * together, which is removed before the next of these.
 */
export function picturesOf(renderings: readonly Pick<Rendering, 'options'>[]): number {
  const isCarried = renderings.some(({ options }) => options.steady && isAnchored(options));
  return renderings.length + (isCarried ? MOTION_BYTES / 3 : 0);
}

/** The plan of a rendering. */
export interface RenderingPlan {
  label: string;
  /** The largest one, where it changes with time. */
  strength: number;
  seed: number;
  noise: NoiseMode;
  /** The first executed timestep, by which samplers are compared (not by strength). */
  firstTimestep: number;
  /** Number of network evaluations per frame. */
  evaluations: number;
}

/**
 * The plan of a rendering with a model.
 *
 * @throws UsageError for a strength outside (0, 1] or that runs no step, a bad number of steps, sampler, guidance, batch or
 *   seed
 */
export function planRendering(base: Model, { label, options, model = base }: Rendering): RenderingPlan {
  const settings = withDefaults(RENDER, options);
  const { sampler, steps, batch, noiseDraw, seed, noise, cacheInterval } = settings;
  const method = samplers[samplerName(sampler)];
  const planAt = (strength: number) =>
    planForStrength(method, noiseSchedule(model.config.schedule), { steps, strength });
  for (const { value } of strengthKeys(settings)) planAt(value);
  const strength = largestStrength(settings);
  const { timesteps } = planAt(strength);
  for (const text of [settings.prompt, settings.negativePrompt]) promptKeys(text);
  assertGuidance(settings, model.config.unet.guidanceDim !== undefined);
  assertInteger('batch: the number of frames', batch, 1);
  assertInteger('noise draw: the number', noiseDraw, 1);
  assertInteger('cacheInterval: the number of evaluations', cacheInterval, 1);
  checkAnchored(options);
  checkMask(options);
  checkKeyframes(options);
  checkFollowing(model, options);
  createGenerator(seed);
  return { label, strength, seed: Number(seed), noise, firstTimestep: timesteps[0], evaluations: timesteps.length };
}

/**
 * Plans the renderings of one comparison.
 *
 * @throws UsageError when there are none, when two are the same, or as `planRendering`
 */
export function planRenderings(model: Model, renderings: readonly Rendering[]): RenderingPlan[] {
  if (renderings.length === 0) {
    throw new UsageError('comparison: there is nothing to render; give at least one strength and one seed');
  }
  const names = renderings.map(({ name }) => name);
  const twice = renderings.find(({ name }, i) => names.indexOf(name) !== i);
  if (twice) throw new UsageError(`comparison: ${twice.label} is given twice; name each strength and seed once`);
  return renderings.map((rendering) => planRendering(model, rendering));
}

/** Number of frames that go through the network; of a steady rendering at least. */
export function renderedFrames(options: OptionsOf<typeof STEADIED>, frames: number): number {
  return options.steady ? countKeys(frames, checkKeyframes(options)) : frames;
}
