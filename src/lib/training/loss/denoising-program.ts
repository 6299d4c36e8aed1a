// The loss of a denoising UNet with its gradients, as one compiled graph. denoising-batch.ts creates its inputs.

import type { CompileOptions } from '../../engine/compile.js';
import type { WeightSource } from '../../engine/program.js';
import { ops as g } from '../../graph/ops.js';
import type { UNetConfig } from '../../models/config/config.js';
import { type Adapter, createScope } from '../../models/networks/scope.js';
import { unet } from '../../models/networks/unet.js';
import { compileBlockwiseGradients } from '../loop/blockwise-gradients.js';
import { compileGradients, type GradientProgram } from '../loop/gradient-program.js';
import { weightedLoss } from './objective.js';

/** The trained network, and the shapes of its inputs. */
export interface DenoisingProgramOptions {
  readonly config: UNetConfig;
  /** Values of the frozen weights; may contain those of trained ones too. */
  readonly frozen: WeightSource;
  /** Low-rank updates by the path of their layer, trained and frozen ones. */
  readonly adapters: ReadonlyMap<string, readonly Adapter[]>;
  /** Names of the trained weights. */
  readonly trained: readonly string[];
  /** [C, h, w]. */
  readonly latentShape: readonly number[];
  /** [T, D]: tokens of a prompt, and the width of a token's context. */
  readonly contextShape: readonly number[];
  readonly batch: number;
  /** Compute block by block, which needs less memory and about a third more time. */
  readonly blockwise?: boolean;
}

/**
 * Compiles mean(w (UNet(x, t, context) - target)^2) with its gradients. Inputs of a run: `sample` [B, C, h, w], `timesteps`
 * [B], `context` [B, T, D], `target` [B, C, h, w] and `weights` [B], all float32.
 *
 * @throws UsageError when a weight is missing or the loss does not depend on it
 */
export function denoisingProgram(
  { config, frozen, adapters, trained, latentShape, contextShape, batch, blockwise = false }: DenoisingProgramOptions,
  engine: CompileOptions = {},
): Promise<GradientProgram> {
  const scope = createScope(adapters);
  const shape = [batch, ...latentShape];
  const context = g.input('context', [batch, ...contextShape]);
  const inputs = { sample: g.input('sample', shape), timesteps: g.input('timesteps', [batch]), context };
  const output = unet(scope, config, inputs);
  const loss = weightedLoss(output, g.input('target', shape), g.input('weights', [batch]));
  const compile = blockwise ? compileBlockwiseGradients : compileGradients;
  return compile(loss, scope, { trained, frozen }, engine);
}
