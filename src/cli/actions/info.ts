// `steadyframe info`: describes a checkpoint, or a LoRA or textual inversion for it, without running it; and how a picture or a
// video was made.

import { formatBytes } from '../../lib/base/format-bytes.js';
import { PART_NAME } from '../../lib/models/checkpoint/checkpoint.js';
import { type CheckpointDescription, describeCheckpoint } from '../../lib/models/checkpoint/describe-checkpoint.js';
import { type AdditionDescription, describeAddition } from '../../lib/models/describe-addition.js';
import { loadModel } from '../../lib/models/model.js';
import type { InfoValues } from '../commands/info.js';
import type { Context } from '../context.js';
import { checkpointOptions } from '../model-options.js';
import { formatCount, formatList, formatPlural, formatTable } from '../table.js';

import { isMedia, printOrigin } from './picture-info.js';

export async function run(context: Context, path: string, values: InfoValues): Promise<void> {
  const { terminal, warn } = context;
  if (values.model === undefined && isMedia(path)) return printOrigin(context, path, values.json);
  if (values.model !== undefined) {
    const about = await describeAddition(path, values.model, checkpointOptions(values));
    terminal.out(
      values.json
        ? `${JSON.stringify({ file: path, ...about }, null, 1)}
`
        : additionText(path, values.model, about),
    );
    return;
  }
  // Loading the model checks every weight, and runs nothing.
  const model = await loadModel(path, { device: 'cpu', onWarning: warn, ...checkpointOptions(values) });
  const info = await describeCheckpoint(model.checkpoint, model.config.vaeFactor);
  await model.dispose();
  terminal.out(values.json ? `${JSON.stringify(info, null, 1)}\n` : infoText(info));
}

/** The timestep spacing in words. */
function spacingText({ spacing, stepsOffset, setAlphaToOne }: CheckpointDescription['schedule']): string {
  return [
    spacing ?? "each sampler's own (leading for ddim and pndm, linspace for the others)",
    ...(spacing === null || spacing === 'leading' ? [`leading ones from ${stepsOffset}`] : []),
    ...(setAlphaToOne ? ['ddim and pndm end without noise'] : []),
  ].join(', ');
}

function infoText(info: CheckpointDescription): string {
  const { tokenizer, schedule, latents } = info;
  const { unet, vae, textEncoder } = info.networks;
  const networks = [
    ['UNet', unet],
    ['VAE', vae],
    ['text encoder', textEncoder],
  ] as const;
  const betas = `${schedule.betaSchedule} ${schedule.betaStart} to ${schedule.betaEnd}`;
  return [
    formatList([
      ['checkpoint', info.path],
      ['layout', info.layout === 'diffusers' ? 'diffusers folder' : 'single file, original layout'],
      ['predicts', info.predictionType],
      [
        'schedule',
        `${schedule.trainTimesteps} timesteps, betas ${betas}${schedule.rescaleZeroSnr ? ', zero terminal SNR' : ''}`,
      ],
      ['spacing', spacingText(schedule)],
      ['tokenizer', `${formatCount(tokenizer.vocabulary)} tokens, ${tokenizer.length} a prompt`],
      [
        'latents',
        `${latents.channels} channels, ${latents.vaeFactor} pixels a cell, scaled by ${latents.scalingFactor}`,
      ],
      ['trained at', `${info.trainedSize}x${info.trainedSize}`],
      ['ignored', formatPlural(info.ignoredTensors, 'tensor')],
    ]),
    '\n',
    formatTable(
      ['network', 'weights', 'stored as'],
      networks.map(([name, { weights, dtypes }]) => [name, formatCount(weights), Object.keys(dtypes).join(', ')]),
    ),
    '\n',
    ...info.files.map(({ file, bytes, mapped, reason }) => {
      const way = mapped ? 'mapped without a copy' : `copied: ${reason}`;
      return `${file}: ${formatBytes(bytes)}, ${way}\n`;
    }),
  ].join('');
}

/** The description of a LoRA or a textual inversion as text. */
function additionText(file: string, model: string, about: AdditionDescription): string {
  if (about.kind === 'textual inversion') {
    return formatList([
      ['textual inversion', file],
      ['word', about.word],
      ['vectors', `${about.vectors} of ${about.width} numbers`],
    ]);
  }
  const { layers, unmatched } = about;
  const left = unmatched.map(({ key, reason }) => [key, reason]);
  return [
    formatList([
      ['LoRA', file],
      ['updates', `${formatPlural(layers.length, 'layer')} of ${model}`],
      ['left out', formatPlural(unmatched.length, 'entry', 'entries')],
    ]),
    '\n',
    formatTable(
      ['network', 'layer', 'kind', 'rank', 'alpha'],
      layers.map(({ part, path, kind, rank, alpha }) => [PART_NAME[part], path, kind, String(rank), String(alpha)]),
    ),
    ...(left.length > 0 ? ['\n', formatTable(['left out', 'because'], left)] : []),
  ].join('');
}
