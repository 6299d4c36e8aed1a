// Runs the UNet, with one compiled program for each shape of its inputs.

import { ops as g } from '../../graph/ops.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { UNetConfig } from '../config/config.js';
import type { Programs } from './programs.js';
import { type Adapter, createScope } from './scope.js';
import { unet } from './unet.js';

/** Inputs of a run: samples [B, C, h, w], timesteps [B] of any number type, contexts [B, T, D]. */
export interface UNetInputs {
  readonly sample: Tensor<'float32'>;
  readonly timesteps: Tensor;
  readonly context: Tensor<'float32'>;
}

/** What may differ from the weights in the checkpoint. */
export interface UNetChanges {
  /** Low-rank updates by the path of their layer. */
  readonly adapters: ReadonlyMap<string, readonly Adapter[]>;
  /** Values of the weights that are inputs of the programs. */
  readonly weights?: Iterable<readonly [name: string, value: Tensor]>;
}

/** The output [B, C, h, w] of the UNet (epsilon or v). New shapes are compiled into `programs`. */
export async function runUnet(
  programs: Programs,
  config: UNetConfig,
  { sample, timesteps, context }: UNetInputs,
  { adapters, weights = [] }: UNetChanges,
): Promise<Tensor<'float32'>> {
  const [batch] = sample.shape;
  const program = await programs.get(`${sample.shape} ${context.shape}`, () => ({
    output: unet(createScope(adapters), config, {
      sample: g.input('sample', sample.shape),
      timesteps: g.input('timesteps', [batch]),
      context: g.input('context', context.shape),
    }),
  }));
  const times = tensor('float32', [batch], Float32Array.from(timesteps.data as Float32Array, Number));
  return (await program.run({ ...Object.fromEntries(weights), sample, timesteps: times, context })).output;
}
