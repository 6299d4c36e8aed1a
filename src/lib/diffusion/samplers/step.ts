// The start and the end of every sampler's step, with checks that stop a run at the first non-finite number.

import { assertSameLength } from '../../base/assert.js';
import { NonFiniteError } from '../../base/errors.js';
import type { Denoiser, SampleOptions, SamplerStep, SamplingPlan } from './sampler.js';

/** The place of a non-finite number. */
interface NonFinitePlace {
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  readonly timestep: number;
  /** Row of the batch, counted from 0; the caller maps it to a frame. */
  readonly row: number;
}

/** A latent or prediction turned NaN or infinite. */
export class NonFiniteLatentError extends NonFiniteError implements NonFinitePlace {
  override name = 'NonFiniteLatentError';
  readonly step: number;
  readonly steps: number;
  readonly timestep: number;
  readonly row: number;

  constructor(what: string, { step, steps, timestep, row }: NonFinitePlace) {
    super(
      `${what} is not finite (NaN or infinite) at step ${step} of ${steps}, timestep ${timestep}, batch row ${row}; check the weights, or try a lower guidance scale`,
    );
    this.step = step;
    this.steps = steps;
    this.timestep = timestep;
    this.row = row;
  }
}

/** A step of a plan by its index. */
export interface PlannedStep {
  readonly plan: SamplingPlan;
  readonly index: number;
  readonly options: SampleOptions;
}

/**
 * The network's output at a step of a plan.
 *
 * @throws NonFiniteLatentError when it holds NaN or an infinity; UsageError when its length is not the latent's
 */
export async function evaluate(
  denoiser: Denoiser,
  x: Float32Array,
  { plan, index, options }: PlannedStep,
): Promise<Float32Array> {
  const output = await denoiser.predict(x, plan.timesteps[index]);
  assertSameLength("the network's prediction", output.length, x.length);
  requireFinite("the network's prediction", output, { plan, index, options });
  return output;
}

/**
 * The state after step `index` of a plan.
 *
 * @throws NonFiniteLatentError when the latent holds NaN or an infinity
 */
export function stepAfter(
  latent: Float32Array,
  plan: SamplingPlan,
  index: number,
  options: SampleOptions,
): SamplerStep {
  requireFinite('the latent', latent, { plan, index, options });
  return { timestep: plan.timesteps[index], latent };
}

function requireFinite(what: string, values: Float32Array, { plan, index, options }: PlannedStep): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const row = Math.floor((bad * (options.batch ?? 1)) / values.length);
  const { timesteps } = plan;
  throw new NonFiniteLatentError(what, { step: index + 1, steps: timesteps.length, timestep: timesteps[index], row });
}
