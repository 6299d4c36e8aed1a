// Reads a `scheduler_config.json` as diffusers writes it: the training of the checkpoint and the spacing of its timesteps.
// The caller, not this file, chooses the sampler: classes of other samplers with the same training are accepted, classes of
// another kind of training are refused by name.

import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import type { SchedulerConfig } from './config.js';
import { count, type Json, only } from './fields.js';
import { parseJson } from './json-file.js';

/** Classes of diffusers that sample the discrete variance-preserving process that Stable Diffusion is trained on. */
const SAME_TRAINING = new Set(
  [
    ...[
      'DDIM',
      'DDIMInverse',
      'DDIMParallel',
      'DDPM',
      'DDPMParallel',
      'PNDM',
      'LCM',
      'TCD',
      'UniPCMultistep',
      'SASolver',
    ],
    ...[
      'EulerDiscrete',
      'EulerAncestralDiscrete',
      'HeunDiscrete',
      'LMSDiscrete',
      'KDPM2Discrete',
      'KDPM2AncestralDiscrete',
    ],
    ...['DPMSolverMultistep', 'DPMSolverMultistepInverse', 'DPMSolverSinglestep', 'DPMSolverSDE', 'DEISMultistep'],
  ].map((name) => `${name}Scheduler`),
);

/** More training timesteps than any checkpoint has; each needs memory in several tables. */
const MOST_TIMESTEPS = 100_000;
const beta = z.number().gt(0).lt(1);
const timesteps = count.max(MOST_TIMESTEPS).min(2);

function words<T extends string>(...list: [T, ...T[]]) {
  const [last, ...before] = list.map((word) => `"${word}"`).reverse();
  return z.enum(list, { error: () => `expected ${[before.reverse().join(', '), last].join(' or ')}` });
}

const schedulerSchema = z.looseObject({
  num_train_timesteps: timesteps.default(1000),
  beta_schedule: words('scaled_linear', 'linear', 'squaredcos_cap_v2', 'sigmoid').default('scaled_linear'),
  beta_start: beta.default(0.00085),
  beta_end: beta.default(0.012),
  trained_betas: z.array(beta).min(2).max(MOST_TIMESTEPS).nullish(),
  rescale_betas_zero_snr: z.boolean().nullish(),
  timestep_spacing: words('leading', 'trailing', 'linspace').nullish(),
  steps_offset: z.int().min(0).max(MOST_TIMESTEPS).nullish(),
  set_alpha_to_one: z.boolean().nullish(),
  prediction_type: words('epsilon', 'v_prediction').default('epsilon'),
  // The following settings belong to other kinds of training.
  use_flow_sigmas: only(false, null),
  timestep_type: only('discrete'),
  snr_shift_scale: only(1, null),
});

/**
 * Reads a `scheduler_config.json`; `where` is its path, for errors. Defaults are those of the published Stable Diffusion
 * checkpoints: offset 1, the last step ends at the noise level of timestep 0, and each sampler has its own spacing. Stated
 * values apply to every sampler, as when diffusers creates one sampler from another one's configuration.
 *
 * @throws UsageError naming file, key and value of what is not supported
 */
export function schedulerConfig(json: unknown, where: string): SchedulerConfig {
  refuseOtherTraining(json, where);
  const c = parseJson(json, schedulerSchema, where);
  return {
    trainTimesteps: c.trained_betas?.length ?? c.num_train_timesteps,
    betaSchedule: c.beta_schedule,
    betaStart: c.beta_start,
    betaEnd: c.beta_end,
    ...(c.trained_betas && { trainedBetas: c.trained_betas }),
    ...(c.rescale_betas_zero_snr && { rescaleZeroSnr: true }),
    ...(c.timestep_spacing && { spacing: c.timestep_spacing }),
    ...((c.steps_offset ?? 1) !== 1 && { stepsOffset: c.steps_offset! }),
    ...(c.set_alpha_to_one && { setAlphaToOne: true }),
    predictionType: c.prediction_type,
    raw: json as Json,
  };
}

function refuseOtherTraining(json: unknown, where: string): void {
  const name = (json as Json | null)?._class_name;
  if (name === undefined || (typeof name === 'string' && SAME_TRAINING.has(name.replace(/^Flax/, '')))) return;
  const shown = typeof name === 'string' && name.length <= 80 ? name : 'its _class_name';
  const kind = /flow/i.test(shown)
    ? 'samples models that were trained by flow matching'
    : 'is of another kind of training';
  throw new UsageError(
    `${where}: ${shown} ${kind}, which is not supported; use a Stable Diffusion 1.x or 2.x checkpoint (PNDM, DDIM, Euler, DPM-Solver and their like)`,
  );
}
