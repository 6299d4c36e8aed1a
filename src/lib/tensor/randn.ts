// Normal noise as a tensor, with the seeds of PyTorch pipelines. The generator itself is in base/random.

import { UsageError } from '../base/errors.js';
import { createGenerator } from '../base/random.js';
import { sizeOf, type Tensor, tensor } from './tensor.js';

/**
 * Options of `randn`.
 *
 * @inline
 */
export interface RandnOptions {
  /**
   * 1 (the default) for the first tensor of this shape from the seeded generator, 2 for the second, and so on. PyTorch's
   * img2img pipelines first sample the VAE, then draw their noise: 2 gives their noise.
   */
  readonly draw?: number;
}

/**
 * Normal noise of a shape: `torch.randn(shape, generator=torch.Generator().manual_seed(seed))` within 1e-6.
 *
 * @throws UsageError when the seed, a side of the shape or `draw` is not a valid integer
 */
export function randn(seed: number | bigint, shape: readonly number[], options: RandnOptions = {}): Tensor<'float32'> {
  const draw = options.draw ?? 1;
  if (!Number.isSafeInteger(draw) || draw < 1) {
    throw new UsageError(`randn: draw is ${draw}, expected 1 for the first draw of the seed, 2 for the second, ...`);
  }
  if (!shape.every((side) => Number.isSafeInteger(side) && side >= 0)) {
    throw new UsageError(`randn: shape [${shape.join(', ')}] has a side that is not an integer of at least 0`);
  }
  const generator = createGenerator(seed);
  const count = sizeOf(shape);
  for (let skipped = 1; skipped < draw; skipped++) generator.randn(count);
  return tensor('float32', shape, generator.randn(count));
}
