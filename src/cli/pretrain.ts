// `steadyframe pretrain`: trains the parts of the demo model from scratch on the procedural world.

import { appendFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import type { Frame } from '../lib/tensor/frame.js';
import type { Context } from './context.js';
import { integer, number } from './values.js';

const EXAMPLES = `
Trains from a checkpoint in the work folder with --resume, to the same bits as without the interruption. After every save the
network is written into the model's folder, as diffusers opens it (float16, the average of the weights).

Examples:
  steadyframe pretrain vae --out models/demo
  steadyframe pretrain vae --out models/demo --resume`;

interface PretrainValues {
  out: string;
  work: string;
  iterations: number;
  batch: number;
  seed: number;
  learningRate: number;
  saveEvery: number;
  resume?: boolean;
}

/** The demo model's autoencoder: factor 4, so that a car 30 pixels wide survives; 0.8 M weights. */
const VAE = {
  _class_name: 'AutoencoderKL',
  act_fn: 'silu',
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  block_out_channels: [24, 48, 64],
  layers_per_block: 1,
  norm_num_groups: 8,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
  sample_size: 128,
};

/** Pictures on which a save is judged, none of which training sees. */
const JUDGED = 16;

/** Adds the command to the program. */
export function addPretrain(program: Command, context: Context): void {
  program
    .command('pretrain')
    .summary('train the demo model from scratch')
    .description('Trains a part of the demo model from scratch on the procedural world.')
    .addArgument(new Argument('<part>', 'what to train').choices(['vae']))
    .option('-o, --out <dir>', "the model's folder", 'models/demo')
    .option('--work <dir>', 'folder for checkpoints', '.cache/pretrain')
    .option('--iterations <n>', 'updates in all', integer, 20000)
    .option('--batch <n>', 'crops of 64x64 an update', integer, 16)
    .option('--seed <n>', 'seed of the weights and of the pictures', integer, 0)
    .option('--learning-rate <rate>', 'at its peak', number, 1e-3)
    .option('--save-every <n>', 'updates between checkpoints', integer, 250)
    .option('--resume', 'go on from the last checkpoint')
    .addHelpText('after', EXAMPLES)
    .action((_part: string, values: PretrainValues) => run(values, context));
}

async function run(values: PretrainValues, { terminal, reporter }: Context): Promise<void> {
  const [{ pretrainVae }, { judgeVae }, { writeNetwork }, { vaeConfig }, world] = await Promise.all([
    import('../lib/training/pretrain-vae.js'),
    import('../lib/training/judge-vae.js'),
    import('../lib/training/write-network.js'),
    import('../lib/models/component-configs.js'),
    import('../lib/world/training-crops.js'),
  ]);
  const { seed, batch, iterations, learningRate, saveEvery, resume = false } = values;
  const config = vaeConfig(VAE, 'the demo model');
  const folder = join(resolve(values.work), 'vae');
  const held: readonly Frame[] = Array.from({ length: JUDGED }, (_, i) => world.heldOutPicture(seed, i));
  const steps = pretrainVae({
    config,
    pictures: (iteration) => world.trainingCrops(seed, iteration, batch),
    data: `world crops, seed ${seed}, batch ${batch}`,
    folder,
    iterations,
    seed,
    learningRate,
    saveEvery,
    resume,
    signal: terminal.signal,
  });
  let sum = 0;
  let count = 0;
  for await (const { iteration, loss, saved, state, secondsLeft } of steps) {
    sum += loss;
    count++;
    reporter.report({ done: iteration, total: iterations, label: 'vae', ...(secondsLeft && { secondsLeft }) });
    if (!saved) continue;
    const weights = state.average ?? state.weights;
    const { psnr, scalingFactor } = await judgeVae(config, weights, held);
    await writeNetwork(join(resolve(values.out), 'vae'), { ...VAE, scaling_factor: scalingFactor }, weights);
    const line = { iteration, loss: sum / count, psnr, scalingFactor };
    await appendFile(join(folder, 'log.jsonl'), `${JSON.stringify(line)}\n`);
    terminal.out(`iteration ${iteration}: loss ${line.loss.toFixed(4)}, held-out PSNR ${psnr.toFixed(2)} dB\n`);
    [sum, count] = [0, 0];
  }
}
