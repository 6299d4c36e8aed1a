// Noise with shifted channels, with which a network learns to change the brightness of pictures.

import type { RandomGenerator } from '../../lib/base/random.js';

/**
 * Normal noise of `channels` times `cells` numbers, each channel shifted by a normal number with standard deviation
 * `offset`. Without a shift, the mean over many cells reveals the mean of the picture at every noise level, and a network
 * learns to keep it. Source: N. Guttenberg, Diffusion with Offset Noise, 2023; `noise_offset` of diffusers' training
 * scripts.
 */
export function offsetNoise(generator: RandomGenerator, channels: number, cells: number, offset: number): Float32Array {
  const noise = generator.randn(channels * cells);
  if (offset === 0) return noise;
  generator.randn(channels).forEach((shift, channel) => {
    for (let i = channel * cells; i < (channel + 1) * cells; i++) noise[i] += offset * shift;
  });
  return noise;
}
