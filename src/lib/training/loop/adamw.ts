// AdamW (Loshchilov and Hutter 2019): Adam with weight decay on the weights instead of the gradient.

import type { Tensor } from '../../tensor/tensor.js';
import { updateWeights } from './weight-kernels.js';

/** Learned tensors, or corresponding tensors (gradients, averages), by weight name. */
export type Weights = ReadonlyMap<string, Tensor<'float32'>>;

/** Settings; PyTorch's defaults. */
export interface AdamWOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
}

/** Running averages of the gradients and of their squares, and the number of updates. */
export interface AdamWState {
  step: number;
  readonly mean: Weights;
  readonly square: Weights;
}

/** An optimizer. */
export interface Optimizer<State> {
  init(weights: Weights): State;
  /** One update, in place to avoid a second copy of all weights. */
  update(weights: Weights, gradients: Weights, state: State, learningRate: number): void;
  /** An update in parts: counts it and returns a function that is called with some of the gradients at a time. */
  begin(weights: Weights, state: State, learningRate: number): (gradients: Weights) => void;
}

/**
 * w <- w (1 - lr decay); m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2;
 * w <- w - lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + epsilon), as `torch.optim.AdamW` computes it.
 */
export function adamw(options: AdamWOptions = {}): Optimizer<AdamWState> {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 1e-2 } = options;
  const optimizer: Optimizer<AdamWState> = {
    init: (weights) => ({ step: 0, mean: zerosLike(weights), square: zerosLike(weights) }),
    update: (weights, gradients, state, learningRate) => optimizer.begin(weights, state, learningRate)(gradients),
    begin(weights, state, learningRate) {
      state.step++;
      const step = {
        newMean: 1 - beta1,
        newSquare: 1 - beta2,
        decay: learningRate * weightDecay,
        stepSize: learningRate / (1 - beta1 ** state.step),
        rootCorrection: 1 / Math.sqrt(1 - beta2 ** state.step),
        epsilon,
      };
      return (gradients) => {
        for (const [name, { data }] of gradients) {
          const [w, m, v] = [weights, state.mean, state.square].map((group) => group.get(name)!.data);
          updateWeights([w, m, v, data], step);
        }
      };
    },
  };
  return optimizer;
}

function zerosLike(weights: Weights): Weights {
  const zeros = new Map<string, Tensor<'float32'>>();
  for (const [name, { shape, data }] of weights) {
    zeros.set(name, { dtype: 'float32', shape, data: new Float32Array(data.length) });
  }
  return zeros;
}
