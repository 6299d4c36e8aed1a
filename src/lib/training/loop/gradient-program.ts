// A loss with its gradients, compiled once for all training steps.

import { type CompileOptions, compile } from '../../engine/compile.js';
import type { WeightSource } from '../../engine/program.js';
import { gradient } from '../../graph/gradient.js';
import type { Node } from '../../graph/types.js';
import type { RootScope } from '../../models/networks/scope.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import type { Weights } from './adamw.js';

/** Called with the loss and with gradients as they are computed, once per weight; they may be overwritten afterwards. */
export type ConsumeGradients = (gradients: Weights, loss: number) => void;

/** A compiled loss. */
export interface GradientProgram {
  /**
   * Returns the loss and its gradient with respect to every trained weight. With `consume`, gradients are passed to it
   * instead, and it may change their weights.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    trained: Weights,
    consume?: ConsumeGradients,
  ): Promise<{ loss: number; gradients: Weights }>;
  dispose(): Promise<void>;
}

/** The weights of a graph. */
export interface GradientWeights {
  /** Names of the weights to differentiate by, whose values are passed to each run. */
  readonly trained: readonly string[];
  /** Values of all other weights; none by default. */
  readonly frozen?: WeightSource;
}

/**
 * Compiles `loss` (a scalar built in `scope`) with its gradients.
 *
 * @throws UsageError when the loss does not depend on one of `trained`
 */
export async function compileGradients(
  loss: Node,
  scope: RootScope,
  { trained, frozen = new Map() }: GradientWeights,
  options: CompileOptions = {},
): Promise<GradientProgram> {
  const gradients = gradient(
    loss,
    trained.map((name) => scope.weights.get(name)!),
  );
  const outputs = Object.fromEntries(trained.map((name, i) => [gradientOf(name), gradients[i]]));
  const program = await compile({ loss, ...outputs }, frozen, { ...options, trained: new Set(trained) });
  const nodes = trained.map((name) => scope.weights.get(name) as Node<'weight'>);
  let kept: Record<string, Float32Array> | undefined;
  return {
    async run(inputs, weights, consume) {
      // If gradients are not kept, each run writes them into the same arrays.
      if (consume) kept ??= carve(new Float32Array(nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0)), nodes);
      const result = await program.run({ ...inputs, ...Object.fromEntries(weights) }, consume && kept);
      const loss = result.loss.data[0];
      const found = new Map(trained.map((name) => [name, result[gradientOf(name)]]));
      if (!consume) return { loss, gradients: found };
      consume(found, loss);
      return { loss, gradients: new Map() };
    },
    dispose: () => program.dispose(),
  };
}

/** The output name of the gradient of `name`. */
export const gradientOf = (name: string): string => `d ${name}`;

/** Consecutive parts of an array for the gradients of weights, by output name. */
export function carve(array: Float32Array, weights: readonly Node<'weight'>[]): Record<string, Float32Array> {
  const parts: Record<string, Float32Array> = {};
  let offset = 0;
  for (const { attributes, shape } of weights) {
    parts[gradientOf(attributes.name)] = array.subarray(offset, offset + sizeOf(shape));
    offset += sizeOf(shape);
  }
  return parts;
}
