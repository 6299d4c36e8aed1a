// A loss with its gradients, compiled once: what every training step runs.

import { type CompileOptions, compile } from '../engine/onnx/compile.js';
import type { WeightSource } from '../engine/program.js';
import { gradient } from '../graph/gradient.js';
import type { Node } from '../graph/types.js';
import type { RootScope } from '../models/scope.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Weights } from './adamw.js';

/** A compiled loss. */
export interface GradientProgram {
  /** The loss and its gradient with respect to every trained weight. */
  run(inputs: Readonly<Record<string, Tensor>>, trained: Weights): Promise<{ loss: number; gradients: Weights }>;
  dispose(): Promise<void>;
}

/**
 * Compiles `loss` (a scalar built in `scope`) with its gradients.
 *
 * @param trained names of the weights to differentiate by; they are given at each run
 * @param frozen values of all other weights
 * @throws UsageError when the loss does not depend on one of `trained`
 */
export async function compileGradients(
  loss: Node,
  scope: RootScope,
  trained: readonly string[],
  frozen: WeightSource,
  options: CompileOptions = {},
): Promise<GradientProgram> {
  const gradients = gradient(
    loss,
    trained.map((name) => scope.weights.get(name)!),
  );
  const outputs = Object.fromEntries(trained.map((name, i) => [`d ${name}`, gradients[i]]));
  const program = await compile({ loss, ...outputs }, frozen, { ...options, trained: new Set(trained) });
  return {
    async run(inputs, weights) {
      const result = await program.run({ ...inputs, ...Object.fromEntries(weights) });
      return {
        loss: result.loss.data[0],
        gradients: new Map(trained.map((name) => [name, result[`d ${name}`]])),
      };
    },
    dispose: () => program.dispose(),
  };
}
