// `steadyframe pretrain`: trains the parts of the demo model from scratch on the procedural world.

import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { given } from '../lib/base/given.js';
import type { Context } from './context.js';
import { addTrackingOptions, type TrackingValues, trackingSettings } from './render-options.js';
import { integer, number } from './values.js';

const PARTS = ['vae', 'unet', 'decoder'] as const;
const EXAMPLES = `
First the autoencoder, then the denoising network with its text encoder; the decoder may be trained on later, since it does not
change the latents. After every save the network is written into the model's folder, as diffusers opens it (float16, the average
of the weights). --resume goes on from the checkpoint in the work folder, to the same bits as without the interruption;
--from-weights starts anew from the weights in the model's folder, with a fresh optimizer.

Examples:
  steadyframe pretrain vae
  steadyframe pretrain unet --iterations 20000
  steadyframe pretrain unet --iterations 20000 --resume
  steadyframe pretrain unet --from-weights --iterations 10000 --learning-rate 2e-4 --seed 1`;

interface PretrainValues extends TrackingValues {
  out: string;
  work: string;
  iterations: number;
  batch: number;
  pictures: number;
  seed: number;
  learningRate?: number;
  noiseOffset?: number;
  saveEvery: number;
  threads?: number;
  resume?: boolean;
  fromWeights?: boolean;
}

/** Adds the command to the program. */
export function addPretrain(program: Command, context: Context): void {
  const command = program
    .command('pretrain')
    .summary('train the demo model from scratch')
    .description('Trains a part of the demo model from scratch on the procedural world.')
    .addArgument(new Argument('<part>', 'what to train').choices(PARTS))
    .option('-o, --out <dir>', "the model's folder", 'models/demo')
    .option('--work <dir>', 'folder for checkpoints and rendered data', '.cache/pretrain')
    .option('--iterations <n>', 'updates in all', integer, 20000)
    .option('--batch <n>', 'pictures (of the autoencoder: crops of 64x64) an update', integer, 16)
    .option('--pictures <n>', 'different pictures that the denoising network sees', integer, 16384)
    .option('--seed <n>', 'seed of the weights and of the pictures', integer, 0)
    .option('--learning-rate <rate>', 'at its peak; 1e-3 for the autoencoder, 5e-4 for the rest by default', number)
    .option(
      '--noise-offset <deviation>',
      "shift of the denoising network's noise, a channel: lets it change brightness",
      number,
    )
    .option('--save-every <n>', 'updates between checkpoints', integer, 250)
    .option('--threads <n>', 'threads; on a busy machine one is often fastest', integer)
    .option('--resume', 'go on from the last checkpoint')
    .option('--from-weights', "start from the weights in the model's folder");
  addTrackingOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((part: (typeof PARTS)[number], values: PretrainValues) => run(part, values, context));
}

async function run(part: (typeof PARTS)[number], values: PretrainValues, context: Context): Promise<void> {
  const { plainFolder, trackWork } = await import('../lib/tracking/log/tracked-work.js');
  const { sha256Json } = await import('../lib/base/hash.js');
  const { terminal, reporter } = context;
  const options = {
    ...values,
    out: resolve(values.out),
    work: resolve(values.work),
    resume: values.resume ?? false,
    from: values.fromWeights ?? false,
    signal: terminal.signal,
  };
  const { iterations, batch, pictures, seed, learningRate, noiseOffset, out, resume, signal } = options;
  const parameters = {
    part,
    iterations,
    batch,
    pictures,
    seed,
    learning_rate: learningRate,
    noise_offset: noiseOffset,
    from_weights: options.from,
  };
  const asked = {
    ...trackingSettings(values, context),
    ...{ experiment: 'pretrain', name: part, key: sha256Json(parameters), parameters, out, resume, signal },
  };
  await trackWork(asked, plainFolder, async ({ run, resumed }) => {
    const steps =
      part === 'unet'
        ? (await import('../experiments/demo-model/train-unet.js')).trainUnet(options)
        : (await import('../experiments/demo-model/train-vae.js')).trainVae({ ...options, part });
    let first = true;
    for await (const { iteration, secondsLeft, metrics, note } of steps) {
      if (first && resumed) await run.rewind(iteration);
      first = false;
      run.logMetrics(metrics, { step: iteration });
      reporter.report({ done: iteration, total: iterations, label: part, ...given({ secondsLeft }) });
      if (note) terminal.out(`iteration ${iteration}: ${note}\n`);
    }
  });
}
