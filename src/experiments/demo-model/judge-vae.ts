// Measures an autoencoder's round trip, and the scaling factor that gives its latents unit variance.

import { compile } from '../../lib/engine/compile.js';
import { ops as g } from '../../lib/graph/ops.js';
import { compareFrames, peakSignalNoiseRatio } from '../../lib/metrics/pixels.js';
import type { VaeConfig } from '../../lib/models/config/config.js';
import { createScope } from '../../lib/models/networks/scope.js';
import { vaeDecoder, vaeEncoder } from '../../lib/models/networks/vae.js';
import { type Frame, framesToImage, imageToFrames } from '../../lib/tensor/frame.js';
import type { Weights } from '../../lib/training/loop/adamw.js';

/** The result of `judgeVae`. */
export interface VaeJudgement {
  /** Mean over the pictures of the peak signal-to-noise ratio of the round trip, in dB. */
  readonly psnr: number;
  /** 1 / standard deviation of the posterior's means over all pictures, cells and channels. */
  readonly scalingFactor: number;
  readonly roundTrips: readonly Frame[];
}

/** Encodes and decodes pictures of one size, using the posterior's mean. */
export async function judgeVae(config: VaeConfig, weights: Weights, pictures: readonly Frame[]): Promise<VaeJudgement> {
  const [{ width, height }] = pictures;
  const scope = createScope();
  const { mean } = vaeEncoder(scope, config, g.input('image', [1, 3, height, width]));
  const program = await compile({ mean, decoded: vaeDecoder(scope, config, mean) }, weights, { device: 'cpu' });
  const roundTrips: Frame[] = [];
  let [count, sum, squares, psnr] = [0, 0, 0, 0];
  try {
    for (const picture of pictures) {
      const result = await program.run({ image: framesToImage([picture]) });
      for (const value of result.mean.data) {
        count++;
        sum += value;
        squares += value * value;
      }
      const [frame] = imageToFrames(result.decoded);
      psnr += peakSignalNoiseRatio(compareFrames(frame, picture).squared) / pictures.length;
      roundTrips.push(frame);
    }
  } finally {
    await program.dispose();
  }
  return { psnr, scalingFactor: 1 / Math.sqrt(squares / count - (sum / count) ** 2), roundTrips };
}
