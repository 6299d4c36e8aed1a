// Trains the demo model's ControlNet on pictures of the procedural world, their captions, and the edges of the same views as
// photographs.

import { join } from 'node:path';
import { given } from '../../lib/base/given.js';
import { sha256File } from '../../lib/base/hash.js';
import { noiseSchedule } from '../../lib/diffusion/noise-schedule.js';
import { textConfig } from '../../lib/models/config/components.js';
import { controlNetConfig } from '../../lib/models/config/controlnet.js';
import { unetConfig } from '../../lib/models/config/unet.js';
import { loadModel } from '../../lib/models/model.js';
import type { Weights } from '../../lib/training/loop/adamw.js';
import { CONTROLNET, TEXT, TOKENS, UNET } from './configs.js';
import { openLatentSet } from './latent-set.js';
import { CONTROLNET_PREFIX, pretrainControlNet } from './pretrain-controlnet.js';
import type { PretrainOptions, PretrainReport } from './pretrain-options.js';
import { readModel, VAE_WEIGHTS } from './train-unet.js';
import { appendLog } from './training-log.js';
import { readNetwork, writeNetwork } from './write-network.js';

/** The folder of the ControlNet in that of the model. */
const FOLDER = 'controlnet-edges';

/**
 * Trains and yields after each update. Each save writes the ControlNet into `out`, and a line into its log. The other
 * networks must exist, and stay as they are.
 */
export async function* trainControlNet(options: PretrainOptions): AsyncGenerator<PretrainReport, void, undefined> {
  const { out, work, seed, batch, iterations, saveEvery, resume, pictures, threads, signal, heldOut = 8 } = options;
  const model = await loadModel(out, { device: 'cpu', ...given({ threads }) });
  try {
    const encoder = await sha256File(join(out, VAE_WEIGHTS));
    const set = openLatentSet({ model, folder: work, seed, pictures, batch, encoder, edges: true });
    const steps = pretrainControlNet({
      unet: unetConfig(UNET, 'the demo model'),
      text: textConfig(TEXT, 'the demo model'),
      controlNet: controlNetConfig(CONTROLNET, 'the demo model'),
      schedule: noiseSchedule(),
      predictionType: 'epsilon',
      latentShape: [batch, 4, 32, 32],
      tokens: TOKENS,
      base: await readModel(out),
      samples: set.samples,
      heldOut: await set.heldOut(heldOut),
      data: set.identity,
      folder: join(work, 'controlnet'),
      iterations,
      seed,
      saveEvery,
      resume,
      ...(options.fromWeights && { start: await readWeights(out) }),
      ...given({ noiseOffset: options.noiseOffset, learningRate: options.learningRate, threads, signal }),
    });
    let [sum, count] = [0, 0];
    for await (const { iteration, loss, saved, state, secondsLeft, heldOutLoss, learningRate } of steps) {
      sum += loss;
      count++;
      if (!saved) {
        yield { iteration, loss, secondsLeft, metrics: { loss, learning_rate: learningRate } };
        continue;
      }
      const weights = [...(state.average ?? state.weights)];
      const bare = weights.map(([name, value]) => [name.slice(CONTROLNET_PREFIX.length), value] as const);
      await writeNetwork(join(out, FOLDER), CONTROLNET, new Map(bare));
      const line = { iteration, loss: sum / count, heldOutLoss, learningRate };
      await appendLog(out, 'controlnet', line);
      const note = `loss ${line.loss.toFixed(4)}, held out ${heldOutLoss?.toFixed(4)}`;
      const metrics = { loss, learning_rate: learningRate, ...given({ held_out_loss: heldOutLoss }) };
      yield { iteration, loss, secondsLeft, metrics, note };
      [sum, count] = [0, 0];
    }
  } finally {
    await model.dispose();
  }
}

async function readWeights(out: string): Promise<Weights> {
  const { weights } = await readNetwork(join(out, FOLDER));
  return new Map([...weights].map(([name, value]) => [CONTROLNET_PREFIX + name, value]));
}
