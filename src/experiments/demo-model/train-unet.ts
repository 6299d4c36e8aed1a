// Trains the demo model's denoising network with its text encoder on pictures of the procedural world and their captions.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { given } from '../../lib/base/given.js';
import { sha256File } from '../../lib/base/hash.js';
import { noiseSchedule } from '../../lib/diffusion/noise-schedule.js';
import { writeConfigurations, writeTokenizer } from '../../lib/models/checkpoint/write-checkpoint.js';
import { textConfig } from '../../lib/models/config/components.js';
import { unetConfig } from '../../lib/models/config/unet.js';
import { loadModel } from '../../lib/models/model.js';
import { createScope } from '../../lib/models/networks/scope.js';
import type { Weights } from '../../lib/training/loop/adamw.js';
import { initialWeights } from '../../lib/training/loop/initial-weights.js';
import { SCHEDULER, TOKENS, textEncoder, UNET, vocabulary } from './configs.js';
import { openLatentSet } from './latent-set.js';
import { type DenoiserConfig, denoiserLoss, pretrainDenoiser, UNET_PREFIX } from './pretrain-denoiser.js';
import type { PretrainOptions, PretrainReport } from './pretrain-options.js';
import { reportedSteps } from './report-denoiser.js';
import { readNetwork, writeNetwork } from './write-network.js';

export const VAE_WEIGHTS = 'vae/diffusion_pytorch_model.safetensors';

/**
 * Trains and yields after each update. Each save writes the whole model into `out`, and a line into its log. The autoencoder
 * must exist.
 */
export async function* trainUnet(options: PretrainOptions): AsyncGenerator<PretrainReport, void, undefined> {
  const { out, work, seed, batch, iterations, saveEvery, resume, pictures, threads, signal, heldOut = 8 } = options;
  const config: DenoiserConfig = {
    unet: unetConfig(UNET, 'the demo model'),
    text: textConfig(textEncoder(), 'the demo model'),
    schedule: noiseSchedule(),
    predictionType: 'epsilon',
    latentShape: [batch, 4, 32, 32],
    tokens: TOKENS,
    ...given({ noiseOffset: options.noiseOffset }),
  };
  const folder = join(work, 'unet');
  const isNew = !existsSync(join(out, 'unet/config.json'));
  if (isNew) await writeModel(out, firstWeights(config, seed));
  const model = await loadModel(out, { device: 'cpu', ...given({ threads }) });
  try {
    const encoder = await sha256File(join(out, VAE_WEIGHTS));
    const set = openLatentSet({ model, folder: work, seed, pictures, batch, encoder });
    const steps = pretrainDenoiser({
      ...config,
      samples: set.samples,
      heldOut: await set.heldOut(heldOut),
      data: set.identity,
      folder,
      iterations,
      seed,
      saveEvery,
      resume,
      ...(options.fromWeights && { start: await readModel(out) }),
      ...given({ learningRate: options.learningRate, threads, signal }),
    });
    yield* reportedSteps(steps, { out, part: 'unet' }, async (weights) => {
      await writeModel(out, weights);
      return {};
    });
  } finally {
    await model.dispose();
  }
}

function firstWeights(config: DenoiserConfig, seed: number): Weights {
  const scope = createScope();
  denoiserLoss(scope, config);
  return initialWeights(scope, seed);
}

/** Writes everything except the autoencoder. */
async function writeModel(out: string, weights: Weights): Promise<void> {
  const { config: vae } = await readNetwork(join(out, 'vae'));
  await writeConfigurations(out, { unet: UNET, vae, text: textEncoder(), scheduler: SCHEDULER });
  await writeTokenizer(join(out, 'tokenizer'), vocabulary(), TOKENS);
  const isUnet = (name: string): boolean => name.startsWith(UNET_PREFIX);
  const unet = [...weights].filter(([name]) => isUnet(name));
  const text = [...weights].filter(([name]) => !isUnet(name));
  await writeNetwork(join(out, 'text_encoder'), textEncoder(), new Map(text), 'model.safetensors');
  const bare = unet.map(([name, value]) => [name.slice(UNET_PREFIX.length), value] as const);
  await writeNetwork(join(out, 'unet'), UNET, new Map(bare));
}

export async function readModel(out: string): Promise<Weights> {
  const unet = await readNetwork(join(out, 'unet'));
  const text = await readNetwork(join(out, 'text_encoder'), 'model.safetensors');
  return new Map([...[...unet.weights].map(([name, value]) => [UNET_PREFIX + name, value] as const), ...text.weights]);
}
