// The network of a rendering under the model's controls: each acts in its part of the steps, for all prompts alike.

import { assertInteger } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import { actsIn } from '../models/controls/controls.js';
import type { Model } from '../models/model.js';
import type { Conditions } from '../models/networks/run-controls.js';
import { type CachedFeature, predictionOf, type UNetInputs } from '../models/networks/run-unet.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { SamplingPlan } from './samplers/sampler.js';
import { type SeenFrame, seenBy } from './seen-frames.js';

/** The pictures that a rendering follows. */
export interface ControlledOptions {
  /** One picture [B, 3, H, W] in [0, 1] a control of the model, in their order. */
  conditions?: readonly Tensor<'float32'>[];
}

/**
 * The conditions of step `index` of `steps` for a network that sees the rows of B once a prompt; undefined without controls.
 *
 * @throws UsageError when the model has controls and no pictures are given
 */
export function conditionsOfStep(
  model: Model,
  { conditions }: ControlledOptions,
  rows: number,
  [index, steps]: readonly [index: number, steps: number],
): Pick<UNetInputs, 'conditions'> {
  if (model.controls.length === 0 && (conditions ?? []).length === 0) return {};
  if (!conditions) {
    throw new UsageError(
      `conditions: no pictures were given for the model's ${model.controls.length} controls; pass one a control`,
    );
  }
  const active: Conditions = conditions.map((condition, i) => {
    const control = model.controls[i];
    return control && !actsIn(control, index, steps) ? null : repeated(condition, rows);
  });
  return { conditions: active };
}

/**
 * The model's network for one run of a plan, which evaluates each of its entries once, in order. With `cacheInterval` only every
 * n-th evaluation, and the last one, computes all of it.
 *
 * @throws UsageError when `cacheInterval` is no positive integer
 */
export function networkOfRun(
  model: Model,
  options: ControlledOptions & OptionsOf<Pick<typeof RENDER, 'cacheInterval'>>,
  { timesteps: { length: steps } }: SamplingPlan,
): (inputs: UNetInputs) => Promise<Tensor<'float32'>> {
  const { cacheInterval } = withDefaults(RENDER, options);
  assertInteger('cacheInterval: the number of evaluations', cacheInterval, 1);
  let index = 0;
  let last: CachedFeature | undefined;
  return async (inputs) => {
    const at = index++;
    const [rows] = inputs.sample.shape;
    // Without guidance from some step on, there are fewer rows than before.
    if (last && at % cacheInterval > 0 && at < steps - 1 && last.deep.shape[0] === rows) {
      return (await model.predictCached(inputs, last)).output;
    }
    const conditions = conditionsOfStep(model, options, rows, [at, steps]);
    if (cacheInterval === 1) return predictionOf(model, { ...inputs, ...conditions });
    const whole = await model.predictCached({ ...inputs, ...conditions });
    last = whole.cached;
    return whole.output;
  };
}

/** What the model's controls see of frames, in the controls' order. */
export function conditionsOfFrames({ controls }: Model, frames: readonly SeenFrame[]): readonly (readonly Frame[])[] {
  return controls.map((control) => frames.map((frame) => seenBy(control, frame)));
}

/** The rows of a picture tensor over and over, `rows` in all. */
function repeated(condition: Tensor<'float32'>, rows: number): Tensor<'float32'> {
  const [own, ...shape] = condition.shape;
  if (own === rows || rows % own !== 0) return condition;
  const data = new Float32Array((condition.data.length * rows) / own);
  for (let at = 0; at < data.length; at += condition.data.length) data.set(condition.data, at);
  return tensor('float32', [rows, ...shape], data);
}
