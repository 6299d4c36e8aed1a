// @ts-check
// `npm run study -- demo-model PART`: trains a part of the demo model from scratch; `--card` writes the pictures of its
// card.

import { join, resolve } from 'node:path';
import { root } from '../setup.js';
import { library } from './library.js';

/** @type {typeof import('../../src/cli/values.js')} */
const { integer, number } = await library('cli/values.js');
/** @type {typeof import('../../src/cli/render-options.js')} */
const { addTrackingOptions, trackingSettings } = await library('cli/render-options.js');
/** @type {typeof import('../../src/lib/base/errors.js')} */
const { UsageError } = await library('lib/base/errors.js');
/** @type {typeof import('../../src/experiments/demo-model/pretrain-options.js')} */
const { PARTS, PRETRAIN_DEFAULTS } = await library('experiments/demo-model/pretrain-options.js');

const EXAMPLES = `
First the autoencoder (vae), then the denoising network with its text encoder (unet); the decoder may be trained on later, since it
does not change the latents. Last the ControlNet (controlnet), which leaves the other networks as they are; its training has no end,
and --resume with more --iterations goes on. After every save the network is written into the model's folder, as diffusers opens it (float16, the
average of the weights). --resume continues from the checkpoint in the work folder, to the same bits as without the interruption;
--from-weights starts again from the weights in the model's folder, with a fresh optimizer.

Examples:
  npm run study -- demo-model vae
  npm run study -- demo-model unet --iterations 20000
  npm run study -- demo-model unet --iterations 20000 --resume
  npm run study -- demo-model unet --from-weights --iterations 10000 --learning-rate 2e-4 --seed 1
  npm run study -- demo-model controlnet --iterations 1200 --pictures 8192 --noise-offset 0.15
  npm run study -- demo-model --card`;

/** @param {import('commander').Command} program @param {import('../../src/cli/context.js').Context} context */
export function addDemoModel(program, context) {
  const { iterations, batch, pictures, seed, saveEvery } = PRETRAIN_DEFAULTS;
  const command = program
    .command('demo-model')
    .description(
      'Trains a part of the demo model from scratch on the procedural world, or writes the card of the model.',
    )
    .argument('[part]', `what to train: ${PARTS.join(', ')}`)
    .option('-o, --out <dir>', "the model's folder", join(root, 'models/demo'))
    .option('--work <dir>', 'folder for checkpoints and rendered data', join(root, '.cache/pretrain'))
    .option('--iterations <n>', 'updates in all', integer, iterations)
    .option('--batch <n>', 'pictures (of the autoencoder: crops of 64x64) an update', integer, batch)
    .option('--pictures <n>', 'different pictures that the denoising network and its ControlNet see', integer, pictures)
    .option('--seed <n>', 'seed of the weights and of the pictures', integer, seed)
    .option(
      '--learning-rate <rate>',
      'at its peak; by default 1e-3 (autoencoder), 5e-4 (denoising network), 3e-4 (ControlNet)',
      number,
    )
    .option(
      '--noise-offset <x>',
      "shift of the denoising network's noise, a channel: lets it change brightness",
      number,
    )
    .option('--save-every <n>', 'updates between checkpoints', integer, saveEvery)
    .option('--threads <n>', 'threads; on a busy machine one is often fastest', integer)
    .option('--resume', 'continue from the last checkpoint', false)
    .option('--from-weights', "start from the weights in the model's folder", false)
    .option('--card [dir]', 'write the pictures and numbers of the card into this folder, and train nothing')
    .option('--real <file>', 'for the card: a real video, which goes through the autoencoder too');
  addTrackingOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((part, values) => (values.card ? writeCard(part, values, context) : train(part, values, context)));
}

/** @param {string | undefined} part @param {any} values @param {import('../../src/cli/context.js').Context} context */
async function train(part, { card: _card, real, ...values }, context) {
  const known = PARTS.find((name) => name === part);
  const parts = PARTS.join(', ');
  if (part === undefined) throw new UsageError(`demo-model: say what to train, ${parts}; or give --card`);
  if (known === undefined) throw new UsageError(`demo-model: there is no part "${part}"; choose ${parts}`);
  if (real !== undefined) throw new UsageError('demo-model: --real belongs to --card; leave it out');
  /** @type {typeof import('../../src/experiments/demo-model/train-part.js')} */
  const { trainPart } = await library('experiments/demo-model/train-part.js');
  await trainPart(known, {
    ...values,
    ...trackingSettings(values, context),
    out: resolve(values.out),
    work: resolve(values.work),
    onProgress: context.reporter.report,
    onSaved: (iteration, note) => context.terminal.out(`iteration ${iteration}: ${note}\n`),
    signal: context.terminal.signal,
  });
}

/** @param {string | undefined} part @param {any} values @param {import('../../src/cli/context.js').Context} context */
async function writeCard(part, { card, out, real }, { terminal }) {
  if (part !== undefined) throw new UsageError(`demo-model: --card trains nothing; leave out "${part}"`);
  /** @type {typeof import('../../src/experiments/demo-model/write-card.js')} */
  const { writeCard } = await library('experiments/demo-model/write-card.js');
  const pictures = card === true ? join(root, 'src/experiments/demo-model/pictures') : resolve(card);
  terminal.out(`${JSON.stringify(await writeCard(resolve(out), pictures, { real }), null, 1)}\n`);
}
