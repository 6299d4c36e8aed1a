// Trains the demo model's autoencoder on crops of the procedural world and on textures.

import { join } from 'node:path';
import { given } from '../../lib/base/given.js';
import { vaeConfig } from '../../lib/models/config/components.js';
import { heldOutPicture, trainingCrops } from '../../lib/world/sampling/training-crops.js';
import { VAE } from './configs.js';
import { judgeVae } from './judge-vae.js';
import type { PretrainOptions, PretrainReport } from './pretrain-options.js';
import { pretrainVae } from './pretrain-vae.js';
import { appendLog } from './training-log.js';
import { readNetwork, writeNetwork } from './write-network.js';

/**
 * Trains and yields after each update. Each save writes the network into `out`/vae, and a line into its log.
 *
 * @param part `decoder` keeps the encoder, and therefore all latents, of the model's folder
 */
export async function* trainVae(
  part: 'vae' | 'decoder',
  options: PretrainOptions,
): AsyncGenerator<PretrainReport, void, undefined> {
  const { out, work, seed, batch, iterations, fromWeights, saveEvery, resume, threads, signal, heldOut = 16 } = options;
  const config = vaeConfig(VAE, 'the demo model');
  const folder = join(work, part);
  const target = join(out, 'vae');
  const held = Array.from({ length: heldOut }, (_, i) => heldOutPicture(seed, i));
  const start = fromWeights || part === 'decoder' ? await readNetwork(target) : undefined;
  const steps = pretrainVae({
    config,
    pictures: (iteration) => trainingCrops(seed, iteration, batch),
    data: `world crops, seed ${seed}, batch ${batch}`,
    folder,
    iterations,
    seed,
    learningRate: options.learningRate ?? 1e-3,
    saveEvery,
    resume,
    ...(start && { start: start.weights }),
    ...(part === 'decoder' && { frozen: /^(encoder|quant_conv)\./ }),
    ...given({ threads, signal }),
  });
  let [sum, count] = [0, 0];
  for await (const { iteration, loss, saved, state, secondsLeft, learningRate } of steps) {
    const metrics = { loss, learning_rate: learningRate };
    sum += loss;
    count++;
    if (!saved) {
      yield { iteration, loss, secondsLeft, metrics };
      continue;
    }
    const weights = new Map([...(start?.weights ?? []), ...(state.average ?? state.weights)]);
    const { psnr, ...judged } = await judgeVae(config, weights, held);
    // Training the decoder must not change the meaning of latents.
    const scalingFactor = part === 'decoder' ? Number(start!.config.scaling_factor) : judged.scalingFactor;
    await writeNetwork(target, { ...VAE, scaling_factor: scalingFactor }, weights);
    const line = { iteration, loss: sum / count, psnr, scalingFactor };
    await appendLog(out, part, line);
    yield {
      iteration,
      loss,
      secondsLeft,
      metrics: { ...metrics, psnr },
      note: `loss ${(sum / count).toFixed(4)}, held-out PSNR ${psnr.toFixed(2)} dB`,
    };
    [sum, count] = [0, 0];
  }
}
