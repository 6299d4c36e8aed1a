// The network of a rendering under the model's controls: each acts in its part of the steps, for all prompts alike.

import { UsageError } from '../base/errors.js';
import { actsIn } from '../models/controls/controls.js';
import type { Model } from '../models/model.js';
import type { Conditions } from '../models/networks/run-controls.js';
import type { UNetInputs } from '../models/networks/run-unet.js';
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

/** The model's network for one run of a plan, which evaluates each of its entries once, in order. */
export function controlledNetwork(
  model: Model,
  options: ControlledOptions,
  { timesteps: { length: steps } }: SamplingPlan,
): (inputs: UNetInputs) => Promise<Tensor<'float32'>> {
  let index = 0;
  return ({ sample, timesteps, context }) => {
    const conditions = conditionsOfStep(model, options, sample.shape[0], [index++, steps]);
    return model.predict(sample, timesteps, context, conditions);
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
