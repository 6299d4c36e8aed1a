// `steadyframe finetune`: trains a model on a video and on edited frames of it.

import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import { given } from '../lib/base/given.js';
import type { SamplerName } from '../lib/diffusion/samplers/index.js';
import type { Model } from '../lib/models/model.js';
import { SAMPLERS } from '../lib/settings/table.js';
import type { TrainingVideo } from '../lib/training/finetune/encode-items.js';
import type { FinetuneOptions } from '../lib/training/finetune/options.js';
import type { Preview } from '../lib/training/finetune/preview.js';
import { recentLoss } from '../lib/training/finetune/recent-loss.js';
import type { FinetuneResult } from '../lib/training/finetune/result.js';
import { type TrainedFiles, trainedSource } from '../lib/training/finetune/trained-source.js';
import type { LoraLayers, WhatIsTrained } from '../lib/training/finetune/trained-weights.js';
import type { Objective, Weighting } from '../lib/training/loss/denoising-batch.js';
import type { FrameSize } from '../lib/video/geometry.js';
import { type Context, resumeCommand, shellCommand } from './context.js';
import { addEditOptions, chosenEdits, type EditValues, readEdits } from './finetune-edits.js';
import {
  addModelOptions,
  appliedArguments,
  checkpointArguments,
  checkpointOptions,
  type ModelOptions,
  withModel,
} from './model-options.js';
import {
  addOutputOptions,
  addPartOptions,
  addSizeOption,
  addTrackingOptions,
  sizeArguments,
  type TrackingValues,
  trackingSettings,
} from './render-options.js';
import { formatNumber, formatPlural, formatTable } from './table.js';
import { integer, listOf, number, oneOf } from './values.js';

const EXAMPLES = `
The defaults are the published recipe. Frames of the video are learned under the empty prompt; each edited frame, paired with
its original, under its own. Writes lora.safetensors (or, with --train all or attention, the diffusers folder model/),
result.json, checkpoints/ at 100, 200, 400 iterations and every 200 more, and previews/, in which to look for the sweet spot.
With --resume, --iterations, --preview-every and --checkpoint-every may differ, nothing else.

Examples:
  steadyframe edit shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --at 1.5s --out edits/ --auto
  steadyframe finetune shot.mp4 --model sd15/ --edit edits/edit.png --out runs/neon
  steadyframe finetune shot.mp4 --model sd15/ --edit night.png --edit-frame 45 --edit-prompt "a city at night" \\
    --edit night.png --edit-frame 45 --edit-prompt "neon lights" --iterations 400 --out runs/night
  steadyframe finetune shot.mp4 --model sd15/ --edit edits/edit.png --iterations 1400 --out runs/neon --resume
  steadyframe sweep shot.mp4 --model sd15/ --lora runs/neon/lora.safetensors --prompt "a cyberpunk city at night"`;

interface FinetuneValues extends ModelOptions, TrackingValues {
  edit?: EditValues[] | false;
  size?: FrameSize;
  start?: number;
  duration?: number;
  frames?: number;
  every?: number;
  frameRate?: number;
  iterations: number;
  trainingFrames: number;
  timestepRange: [number, number];
  startRange: [number, number];
  objective: Objective;
  weighting: Weighting;
  train: WhatIsTrained['kind'];
  loraRank?: number;
  loraAlpha?: number;
  loraLayers?: LoraLayers[];
  learningRate: number;
  warmup: number;
  schedule: 'constant' | 'cosine';
  weightDecay: number;
  batch: number;
  accumulate: number;
  clipNorm?: number;
  averageDecay?: number;
  seed: number;
  priorPreservation: number;
  priorPrompt?: string[];
  checkpointEvery: number;
  previewEvery: number;
  previewFrames: number;
  previewFrom?: number;
  previewPrompt?: string;
  previewStrength: number;
  previewGuidance: number;
  previewSteps: number;
  previewSampler: SamplerName;
  out?: string;
  resume?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addFinetune(program: Command, context: Context): void {
  const command = program
    .command('finetune')
    .summary('train a model on a video and an edited frame of it')
    .description('Trains a model on a video, so that mild edits of it come out strong and steady.')
    .argument('<video>', 'a video, a GIF, or a folder of pictures');
  addPartOptions(addSizeOption(addEditOptions(addModelOptions(command))))
    .option('--iterations <n>', 'updates in all', integer, 1000)
    .option('--training-frames <n>', 'frames that are learned, spread evenly', integer, 30)
    .addOption(rangeOption('--timestep-range <from,to>', 'timesteps that are trained, the last one excluded', [0, 500]))
    .option(
      '--objective <name>',
      'how edits are learned: noised-original, or rendering-path',
      oneOf<Objective>(['noised-original', 'rendering-path']),
      'noised-original',
    )
    .addOption(rangeOption('--start-range <from,to>', 'timesteps at which a rendering-path starts', [300, 500]))
    .option(
      '--weighting <name>',
      'min-snr-paired (of edits), min-snr (of all items), none',
      oneOf<Weighting>(['min-snr-paired', 'min-snr', 'none']),
      'min-snr-paired',
    )
    .option(
      '--train <what>',
      'lora, attention (the weights of these layers), or all weights of the UNet',
      oneOf<WhatIsTrained['kind']>(['lora', 'attention', 'all']),
      'lora',
    )
    .option('--lora-rank <n>', 'rank of the low-rank updates (default: 4)', integer)
    .option('--lora-alpha <x>', 'their scale is alpha / rank (default: the rank)', number)
    .option(
      '--lora-layers <list>',
      'attention, feed-forward, convolutions (default: attention)',
      listOf(oneOf<LoraLayers>(['attention', 'feed-forward', 'convolutions'])),
    )
    .option('--learning-rate <rate>', 'at its peak', number, 1e-5)
    .option('--warmup <n>', 'iterations over which it rises from 0', integer, 0)
    .option(
      '--schedule <name>',
      'what it does then: constant, or cosine, which falls to 0 at --iterations',
      oneOf<'constant' | 'cosine'>(['constant', 'cosine']),
      'constant',
    )
    .option('--weight-decay <x>', "AdamW's", number, 0.01)
    .option('--batch <n>', 'items an update', integer, 1)
    .option('--accumulate <n>', 'batches whose gradients are averaged for an update', integer, 1)
    .option('--clip-norm <x>', 'scale gradients down to this norm; not by default', number)
    .option('--average-decay <x>', 'keep a moving average of the weights, such as 0.99, as the result', number)
    .option('--seed <n>', 'decides order, timesteps and noise', integer, 0)
    .option(
      '--prior-preservation <weight>',
      'keep what the model predicts of other pictures, at twice the work',
      number,
      0,
    )
    .option('--prior-prompt <text>', 'a prompt of such pictures; may be repeated', (text, all: string[] = []) => [
      ...all,
      text,
    ])
    .option(
      '--checkpoint-every <n>',
      'iterations between checkpoints; the first comes after half of them',
      integer,
      200,
    )
    .option('--preview-every <n>', 'iterations between previews; 0 for none', integer, 200)
    .option('--preview-frames <n>', 'successive frames that they show', integer, 4)
    .option('--preview-from <n>', 'number of the first of them; from the middle by default', integer)
    .option('--preview-prompt <text>', "their prompt; the first edit's by default")
    .option('--preview-strength <x>', 'strength in (0, 1]', number, 0.45)
    .option('--preview-guidance <scale>', 'guidance scale', number, 7.5)
    .option('--preview-steps <n>', 'steps of a full run', integer, 50)
    .option('--preview-sampler <name>', SAMPLERS.join(', '), oneOf(SAMPLERS), 'ddim' as SamplerName)
    .option('-o, --out <dir>', 'folder for the results; a new one under runs/ by default')
    .option('--resume', 'go on from the nearest checkpoint that is not past --iterations');
  addOutputOptions(addTrackingOptions(command))
    .addHelpText('after', EXAMPLES)
    .action((video: string, values: FinetuneValues) => run(video, values, context));
}

function rangeOption(flags: string, description: string, byDefault: [number, number]): Option {
  return new Option(flags, description).argParser(listOf(integer)).default(byDefault, byDefault.join(','));
}

async function run(path: string, values: FinetuneValues, context: Context): Promise<void> {
  const { openForModel } = await import('../lib/video/read/open-for-model.js');
  const { shotName } = await import('../lib/video/shot-name.js');
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const options = libraryOptions(values);
  const chosen = chosenEdits(values.edit, context.args);
  const { start, duration, frames, every, frameRate } = values;
  await withModel(values, context, async (model) => {
    const video = await openForModel(model, path, {
      ...given({ size: values.size, start, duration, frames, every, frameRate }),
      signal: terminal.signal,
      onWarning: warn,
    });
    const edits = await readEdits(chosen, video, start);
    let out: string | undefined;
    const onFolder = (folder: string): void => {
      out = folder;
      context.reporter.note(`steadyframe: writing into ${folder}`);
    };
    try {
      const own = { ...trackingSettings(values, context), name: shotName(path), onFolder };
      const place = values.out === undefined ? {} : { out: resolve(values.out) };
      const { result, previews } = await trained(model, video, { ...options, ...own, ...place, edits }, context);
      context.reporter.close();
      const weights = { kind: result.kind, weights: result.result };
      const next = renderCommand(path, values, weights, edits[0]?.prompt ?? '');
      terminal.out(
        values.json
          ? `${JSON.stringify({ ...result, previews, render: next }, null, 1)}\n`
          : resultText(result, previews, next),
      );
    } catch (error) {
      const { storedIterations } = await import('../lib/training/finetune/folder.js');
      const stored = out === undefined ? [] : await storedIterations(out);
      if (!(error instanceof UsageError) && stored.length > 0) {
        context.remedy = `Checkpoints up to iteration ${stored.at(-1)} are kept in ${out}; continue with:\n  ${resumeCommand(context.args)}`;
      }
      throw error;
    }
  });
}

/** The library's options, as far as they are values of options. */
function libraryOptions(values: FinetuneValues): Omit<FinetuneOptions, 'edits'> {
  const { loraRank, loraAlpha, loraLayers, train, resume, averageDecay, priorPrompt, previewFrom, previewPrompt } =
    values;
  for (const range of ['timestepRange', 'startRange'] as const) {
    if (values[range].length === 2) continue;
    const flag = range === 'timestepRange' ? '--timestep-range' : '--start-range';
    throw new UsageError(`${flag} is ${values[range].join(',')}; give two timesteps, such as 0,500`);
  }
  const lora = given({ rank: loraRank, alpha: loraAlpha, layers: loraLayers });
  const [first] = Object.keys(lora);
  if (train !== 'lora' && first !== undefined) {
    throw new UsageError(`--lora-${first} belongs to --train lora; leave it out, or do not use --train ${train}`);
  }
  const { iterations, trainingFrames, timestepRange, startRange, objective, weighting } = values;
  const { learningRate, warmup, schedule, weightDecay, batch, accumulate, seed, priorPreservation, clipNorm } = values;
  return {
    ...{ iterations, trainingFrames, timestepRange, startRange, objective, weighting },
    ...{ learningRate, warmup, schedule, weightDecay, batch, accumulate, seed, priorPreservation },
    ...(clipNorm !== undefined && { clipNorm }),
    train: train === 'lora' ? { kind: train, ...lora } : { kind: train },
    ...(averageDecay !== undefined && { averageDecay }),
    ...(priorPrompt && { priorPrompts: priorPrompt }),
    ...(resume !== undefined && { resume }),
    checkpointEvery: values.checkpointEvery,
    previewEvery: values.previewEvery,
    preview: {
      frames: values.previewFrames,
      strength: values.previewStrength,
      guidanceScale: values.previewGuidance,
      steps: values.previewSteps,
      sampler: values.previewSampler,
      ...(previewFrom !== undefined && { from: previewFrom }),
      ...(previewPrompt !== undefined && { prompt: previewPrompt }),
    },
  };
}

type Seen = Preview & { forgetting?: number };

/** Runs the training to its end and reports its previews as they are rendered. */
async function trained(
  model: Model,
  video: TrainingVideo,
  options: FinetuneOptions,
  context: Context,
): Promise<{ result: FinetuneResult; previews: Seen[] }> {
  const { finetune } = await import('../lib/training/finetune/finetune.js');
  const previews: Seen[] = [];
  const tell = (preview: Seen): void => {
    previews.push(preview);
    const { edit_strength, flicker_ratio } = preview.metrics;
    const numbers = `edit strength ${formatNumber(edit_strength)}, flicker ${formatNumber(flicker_ratio)}`;
    context.reporter.note(`steadyframe: preview at iteration ${preview.iteration}: ${numbers}, ${preview.sheet}`);
  };
  const result = await finetune(model, video, {
    ...options,
    onStep({ before, preview, forgetting }) {
      if (before) tell(before);
      if (preview) tell({ ...preview, ...given({ forgetting }) });
    },
    onProgress: context.reporter.report,
    onWarning: context.warn,
    signal: context.terminal.signal,
  });
  return { result, previews };
}

/** The command that renders the video with the result. */
function renderCommand(path: string, values: FinetuneValues, trained: TrainedFiles, prompt: string): string {
  const { model, loras, embeddings, clipSkip } = values;
  const base = { path: model, options: given({ loras, embeddings, clipSkip, ...checkpointOptions(values) }) };
  const { path: weights, options } = trainedSource(trained, base);
  const opened = [...appliedArguments(options), ...checkpointArguments(options)];
  const args = ['sweep', path, '--model', weights, ...opened, ...sizeArguments(values)];
  return shellCommand([...args, '--prompt', prompt, '--strengths', String(values.previewStrength)]);
}

function resultText(result: FinetuneResult, previews: readonly Seen[], next: string): string {
  const { iterations, items, kind, losses, forgetting } = result;
  const edited = items.filter((item) => item.edited).length;
  const recent = recentLoss(losses);
  const rows = previews.map(({ iteration, metrics, forgetting: lost }) => [
    String(iteration),
    formatNumber(metrics.edit_strength),
    formatNumber(metrics.flicker_ratio),
    formatNumber(metrics.warping_error),
    formatNumber(metrics.warping_error_normalised),
    formatNumber(lost),
  ]);
  const headings = ['preview at', 'edit strength', 'flicker', 'warping error', 'per variance', 'forgetting'];
  return [
    rows.length > 0 ? `${formatTable(headings, rows)}\n` : '',
    `${formatPlural(iterations, 'iteration')} over ${formatPlural(items.length, 'item')}, ${edited} of them edited; `,
    `mean loss of the last ${recent.iterations}: ${formatNumber(recent.mean)}`,
    forgetting.length > 0 ? `; forgetting ${formatNumber(forgetting.at(-1)?.value)}\n` : '\n',
    `${kind === 'lora' ? 'LoRA file' : 'model'}: ${result.result}\nall: ${result.out}\nrender with it:\n  ${next}\n`,
  ].join('');
}
