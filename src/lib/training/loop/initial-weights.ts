// Initial weights of a training: PyTorch's defaults for linear layers and convolutions, from a seed.

import { createGenerator } from '../../base/random.js';
import type { RootScope } from '../../models/networks/scope.js';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.js';
import type { Weights } from './adamw.js';

/** Layers that start at zero, so that residual branches do not contribute initially. */
const ZERO_AT_FIRST = /(conv2|proj_out|to_out\.0|ff\.net\.2|out_proj|fc2)\.(weight|bias)$/;
const NORMS = /(norm\w*|group_norm|conv_norm_out|layer_norm\d|final_layer_norm)\.(weight|bias)$/;

/**
 * Uniform in +- 1 / sqrt(fan in) for matrices and their biases, 1 and 0 for norms, normal with standard deviation 0.02 for
 * embeddings, 0 for the last layer of each residual branch.
 */
export function initialWeights(scope: RootScope, seed: number): Weights {
  const generator = createGenerator(seed);
  const weights = new Map<string, Tensor<'float32'>>();
  for (const [name, { shape }] of scope.weights) {
    const data = new Float32Array(sizeOf(shape));
    if (NORMS.test(name)) data.fill(name.endsWith('.weight') ? 1 : 0);
    else if (name.includes('embedding.weight')) data.set(generator.randn(data.length).map((value) => 0.02 * value));
    else if (!ZERO_AT_FIRST.test(name)) {
      const matrix = scope.weights.get(name.replace(/\.bias$/, '.weight')) ?? { shape };
      const bound = 1 / Math.sqrt(sizeOf(matrix.shape.slice(1)));
      for (let i = 0; i < data.length; i++) data[i] = bound * (2 * generator.uniform() - 1);
    }
    weights.set(name, tensor('float32', shape, data));
  }
  return weights;
}
