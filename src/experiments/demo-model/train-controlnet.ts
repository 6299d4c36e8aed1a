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
import { writePicture } from '../../lib/video/still.js';
import { CONTROLNET, TOKENS, textEncoder, UNET } from './configs.js';
import { judgeControlNet } from './judge-controlnet.js';
import { openLatentSet } from './latent-set.js';
import { CONTROLNET_PREFIX, pretrainControlNet } from './pretrain-controlnet.js';
import type { PretrainOptions, PretrainReport } from './pretrain-options.js';
import { reportedSteps } from './report-denoiser.js';
import { readModel, VAE_WEIGHTS } from './train-unet.js';
import { readNetwork, writeNetwork } from './write-network.js';

/** The folder of the ControlNet in that of the model. */
const FOLDER = 'controlnet-edges';

/** Views of held-out drives that a save renders. */
const VIEWS = 4;

/**
 * Trains and yields after each update. Each save writes the ControlNet into `out`, a line into its log, and a sheet of
 * rendered views into `work`. The other networks must exist, and stay as they are.
 */
export async function* trainControlNet(options: PretrainOptions): AsyncGenerator<PretrainReport, void, undefined> {
  const { out, work, seed, batch, iterations, saveEvery, resume, pictures, threads, signal, heldOut = 8 } = options;
  const model = await loadModel(out, { device: 'cpu', ...given({ threads }) });
  try {
    const encoder = await sha256File(join(out, VAE_WEIGHTS));
    const set = openLatentSet({ model, folder: work, seed, pictures, batch, encoder, edges: true });
    const steps = pretrainControlNet({
      unet: unetConfig(UNET, 'the demo model'),
      text: textConfig(textEncoder(), 'the demo model'),
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
    yield* reportedSteps(steps, { out, part: 'controlnet' }, async (weights, iteration) => {
      const bare = [...weights].map(([name, value]) => [name.slice(CONTROLNET_PREFIX.length), value] as const);
      await writeNetwork(join(out, FOLDER), CONTROLNET, new Map(bare));
      const line = await renderedViews(out, join(work, 'controlnet', `views-${iteration}.png`), options);
      return { line, note: notedViews(line) };
    });
  } finally {
    await model.dispose();
  }
}

/** Mean differences of rendered views from the true pictures, with and without the ControlNet; none without views. */
async function renderedViews(
  out: string,
  file: string,
  { heldOut = 8, threads }: PretrainOptions,
): Promise<{ error?: number; plainError?: number }> {
  const drives = Math.min(VIEWS, Math.floor(heldOut / 2));
  if (drives === 0) return {};
  const { judgements, sheet } = await judgeControlNet(out, {
    control: join(out, FOLDER),
    drives,
    ...given({ threads }),
  });
  await writePicture(file, sheet);
  const [plainError, error] = judgements[0].error;
  return { error, plainError };
}

function notedViews({ error, plainError }: { error?: number; plainError?: number }): string {
  return error === undefined ? '' : `, error ${error.toFixed(1)} (${plainError?.toFixed(1)} without)`;
}

async function readWeights(out: string): Promise<Weights> {
  const { weights } = await readNetwork(join(out, FOLDER));
  return new Map([...weights].map(([name, value]) => [CONTROLNET_PREFIX + name, value]));
}
