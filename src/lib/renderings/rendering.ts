// One rendering of a video within a comparison: its name, its settings, and what they come to with a given model.

import { assertInteger } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import { createGenerator } from '../base/random.js';
import { noiseSchedule } from '../diffusion/noise-schedule.js';
import type { NoiseMode, RestyleOptions } from '../diffusion/restyle.js';
import { samplerName, samplers } from '../diffusion/samplers/index.js';
import { planForStrength } from '../diffusion/strength.js';
import type { Model } from '../models/model.js';

/** One rendering of the video: a name for its files, a label for the grid, and its settings. */
export interface Cell {
  readonly name: string;
  readonly label: string;
  readonly options: RestyleOptions;
  /** A model of its own, such as a finetuned one; it must have the comparison's autoencoder. */
  readonly model?: Model;
}

/** What a cell comes to. */
export interface CellPlan {
  label: string;
  strength: number;
  seed: number;
  noise: NoiseMode;
  /** The first executed timestep: by it, not by strength, samplers compare. */
  firstTimestep: number;
  /** How often the network is evaluated for a frame. */
  evaluations: number;
}

/**
 * What a cell comes to with a model.
 *
 * @throws UsageError for a strength outside (0, 1] or that runs no step, a bad number of steps, sampler, guidance, batch or seed
 */
export function planCell(comparison: Model, { label, options, model = comparison }: Cell): CellPlan {
  const { strength, sampler = 'ddim', steps = 50, guidanceScale = 7.5, batch = 1, noiseDraw = 1 } = options;
  const { seed = 42, noise = 'fixed' } = options;
  const method = samplers[samplerName(sampler)];
  const { timesteps } = planForStrength(method.plan(noiseSchedule(model.config.schedule), steps), strength);
  if (!(guidanceScale >= 0 && guidanceScale < Infinity)) {
    throw new UsageError(`guidance scale: ${guidanceScale} is not a number of at least 0; 7.5 is usual`);
  }
  assertInteger('batch: the number of frames', batch, 1);
  assertInteger('noise draw: the number', noiseDraw, 1);
  createGenerator(seed);
  return { label, strength, seed: Number(seed), noise, firstTimestep: timesteps[0], evaluations: timesteps.length };
}

/**
 * Plans the cells of one comparison.
 *
 * @throws UsageError when there are none, when two are the same, or as `planCell`
 */
export function planCells(model: Model, cells: readonly Cell[]): CellPlan[] {
  if (cells.length === 0) {
    throw new UsageError('comparison: there is nothing to render; give at least one strength and one seed');
  }
  const names = cells.map(({ name }) => name);
  const twice = cells.find(({ name }, i) => names.indexOf(name) !== i);
  if (twice) throw new UsageError(`comparison: ${twice.label} is given twice; name each strength and seed once`);
  return cells.map((cell) => planCell(model, cell));
}
