// The UNet as a program: one for each shape of its inputs, and a run of it.

import { ops as g } from '../../graph/ops.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { UNetConfig } from '../config/config.js';
import type { Programs } from './programs.js';
import { type Adapter, createScope } from './scope.js';
import { unet } from './unet.js';

/** What a UNet is given: samples [B, C, h, w] at timesteps [B] (of any number type) with contexts [B, T, D]. */
export interface UNetInputs {
  readonly sample: Tensor<'float32'>;
  readonly timesteps: Tensor;
  readonly context: Tensor<'float32'>;
}

/**
 * The output [B, C, h, w] of the UNet (epsilon or v), compiled into `programs` where these shapes are new.
 *
 * @param adapters low-rank updates by the path of their layer
 * @param weights values of the weights that are inputs of the programs
 */
export async function runUnet(
  programs: Programs,
  adapters: ReadonlyMap<string, readonly Adapter[]>,
  config: UNetConfig,
  { sample, timesteps, context }: UNetInputs,
  weights: Iterable<readonly [name: string, value: Tensor]> = [],
): Promise<Tensor<'float32'>> {
  const [batch] = sample.shape;
  const program = await programs.get(`${sample.shape} ${context.shape}`, () => ({
    output: unet(
      createScope(adapters),
      config,
      g.input('sample', sample.shape),
      g.input('timesteps', [batch]),
      g.input('context', context.shape),
    ),
  }));
  const times = tensor('float32', [batch], Float32Array.from(timesteps.data as Float32Array, Number));
  return (await program.run({ ...Object.fromEntries(weights), sample, timesteps: times, context })).output;
}
