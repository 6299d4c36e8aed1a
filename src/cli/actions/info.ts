// `steadyframe info`: what a checkpoint is, without running it.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatBytes } from '../../lib/base/format-bytes.js';
import { given } from '../../lib/base/given.js';
import { weightAccess } from '../../lib/engine/onnx/weight-files.js';
import type { Checkpoint, WeightTable } from '../../lib/models/checkpoint/checkpoint.js';
import { loadModel } from '../../lib/models/model.js';
import type { InfoValues } from '../commands/info.js';
import type { Context } from '../context.js';
import { checkpointOptions } from '../model-options.js';
import { formatCount, formatList, formatPlural, formatTable } from '../table.js';
import { describeAddition } from './describe-addition.js';

export async function run({ terminal, warn }: Context, path: string, values: InfoValues): Promise<void> {
  if (values.model !== undefined) {
    terminal.out(await describeAddition(path, values.model, checkpointOptions(values), values.json ?? false));
    return;
  }
  // Opening as a model checks every weight; nothing is computed.
  const model = await loadModel(path, { device: 'cpu', onWarning: warn, ...checkpointOptions(values) });
  const info = await describe(model.checkpoint, model.config.vaeFactor);
  await model.dispose();
  terminal.out(values.json ? `${JSON.stringify(info, null, 1)}\n` : infoText(info));
}

/** What `info --json` prints. */
async function describe(checkpoint: Checkpoint, vaeFactor: number) {
  const { unet, vae, textEncoder, tokenizer, schedule, options } = checkpoint;
  const networks = {
    unet: network(unet.weights),
    vae: network(vae.weights),
    textEncoder: network(textEncoder.weights),
  };
  const names = [...new Set(Object.values(networks).flatMap(({ files }) => files))];
  const files = await Promise.all(
    names.map(async (file) => ({ file, bytes: (await stat(file)).size, ...(await weightAccess(file)) })),
  );
  const { trainTimesteps, betaSchedule, betaStart, betaEnd, trainedBetas, rescaleZeroSnr = false } = schedule;
  const { spacing = null, stepsOffset = 1, setAlphaToOne = false, raw } = schedule;
  return {
    path: resolve(checkpoint.path),
    layout: checkpoint.layout,
    predictionType: checkpoint.predictionType,
    networks,
    files,
    tokenizer: { vocabulary: tokenizer.vocabSize, length: tokenizer.modelMaxLength, padding: tokenizer.padId },
    schedule: {
      trainTimesteps,
      betaSchedule: trainedBetas ? 'trained' : betaSchedule,
      betaStart: trainedBetas?.[0] ?? betaStart,
      betaEnd: trainedBetas?.at(-1) ?? betaEnd,
      rescaleZeroSnr,
      /** null: each sampler has its own. */
      spacing,
      stepsOffset,
      setAlphaToOne,
      class: typeof raw._class_name === 'string' ? raw._class_name : null,
    },
    latents: { channels: vae.config.latentChannels, vaeFactor, scalingFactor: vae.config.scalingFactor },
    contextWidth: unet.config.crossAttentionDim,
    trainedSize: unet.config.sampleSize * vaeFactor,
    ignoredTensors: checkpoint.ignored.length,
    chosen: given({ vae: options.vae, prediction: options.prediction, variant: options.variant }),
  };
}

/** How a run's timesteps are spread, in words. */
function spacingText({
  spacing,
  stepsOffset,
  setAlphaToOne,
}: Awaited<ReturnType<typeof describe>>['schedule']): string {
  return [
    spacing ?? "each sampler's own (leading for ddim and pndm, linspace for the others)",
    ...(spacing === null || spacing === 'leading' ? [`leading ones from ${stepsOffset}`] : []),
    ...(setAlphaToOne ? ['ddim and pndm end without noise'] : []),
  ].join(', ');
}

interface Network {
  weights: number;
  /** Numbers by element type. */
  dtypes: Record<string, number>;
  files: string[];
}

function network(table: WeightTable): Network {
  const dtypes: Record<string, number> = {};
  const files = new Set<string>();
  let weights = 0;
  for (const { dtype, shape, file } of table.values()) {
    const size = shape.reduce((product, side) => product * side, 1);
    weights += size;
    dtypes[dtype] = (dtypes[dtype] ?? 0) + size;
    files.add(resolve(file));
  }
  return { weights, dtypes, files: [...files] };
}

function infoText(info: Awaited<ReturnType<typeof describe>>): string {
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
