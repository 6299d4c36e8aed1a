// Options that say which model to use and where it runs, and the model opened by them.

import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { given } from '../lib/base/given.js';
import { DEVICES } from '../lib/engine/devices.js';
import type { LoraRequest } from '../lib/models/lora/lora.js';
import type { Model } from '../lib/models/model.js';
import type { EmbeddingRequest } from '../lib/models/text/textual-inversion.js';
import type { Context } from './context.js';
import { integer, oneOf } from './values.js';

/** The values of `addModelOptions`. */
export interface ModelOptions {
  model: string;
  lora?: LoraRequest[];
  embedding?: EmbeddingRequest[];
  clipSkip?: number;
  config?: string;
  vae?: string;
  prediction?: 'epsilon' | 'v';
  variant?: string;
  device?: string;
  strict?: boolean;
}

/** What --model takes. */
export const MODEL_HELP =
  'diffusers folder or single .safetensors file of Stable Diffusion 1.x or 2.x; OWNER/NAME that was pulled; or demo';

const CONFIG_OPTION = new Option(
  '--config <dir>',
  'diffusers folder to read configurations from, for single files that are not stock 1.x',
);
const VAE_OPTION = new Option(
  '--vae <path>',
  "autoencoder in place of the model's own: a diffusers folder or a .safetensors file",
);
const PREDICTION_OPTION = new Option(
  '--prediction <kind>',
  'what the UNet predicts, epsilon or v, whatever the model says of it',
).argParser(oneOf(['epsilon', 'v']));
const VARIANT_OPTION = new Option(
  '--variant <name>',
  'which weights of a diffusers folder, where there are several: fp16, bf16, non_ema',
);

/** The options that say what a checkpoint is, apart from its path. */
export const CHECKPOINT_OPTIONS: readonly Option[] = [CONFIG_OPTION, VAE_OPTION, PREDICTION_OPTION, VARIANT_OPTION];

/** The values of `CHECKPOINT_OPTIONS`, as the library takes them. */
export function checkpointOptions({ config, vae, prediction, variant }: Omit<ModelOptions, 'model'>) {
  return given({ config, vae, prediction, variant });
}

/** The same, as they are written on a command line. */
export function checkpointArguments(values: Omit<ModelOptions, 'model'>): string[] {
  return Object.entries(checkpointOptions(values)).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Adds --model, --lora, --embedding, --clip-skip, --config, --vae, --prediction, --variant, --device and --strict. */
export function addModelOptions(command: Command): Command {
  command
    .requiredOption('-m, --model <path>', MODEL_HELP)
    .option('--lora <file[:scale]>', 'LoRA, DoRA or LoHa to apply, file or PEFT folder; may be repeated', collectLora)
    .option(
      '--embedding <file[:word]>',
      'textual inversion: the word of prompts stands for what the file learned; may be repeated',
      collectEmbedding,
    )
    .option(
      '--clip-skip <n>',
      "layers left out at the text encoder's end, as diffusers counts: 1 is what AUTOMATIC1111 calls 2",
      integer,
    );
  for (const option of CHECKPOINT_OPTIONS) command.addOption(option);
  return command
    .addOption(deviceOption())
    .option('--strict', 'refuse to run where some part would fall back to the CPU');
}

/** --device, whose value the library checks; shells complete it. */
export function deviceOption(): Option {
  const parse = Object.assign((text: string) => text, { words: DEVICES });
  return new Option('--device <name>', `${DEVICES.join(', ')}; STEADYFRAME_DEVICE, else cpu, by default`).argParser(
    parse,
  );
}

function collectLora(text: string, before: LoraRequest[] = []): LoraRequest[] {
  return [...before, lora(text)];
}

/** `FILE` or `FILE:SCALE`: only a number after the last colon is a scale, and not where a file has that very name. */
export function lora(text: string): LoraRequest {
  const [, file, scale] = /^(.+):([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
  return file === undefined || existsSync(text) ? { file: text } : { file, scale: Number(scale) };
}

function collectEmbedding(text: string, before: EmbeddingRequest[] = []): EmbeddingRequest[] {
  return [...before, embedding(text)];
}

/** `FILE` or `FILE:WORD`: the file is the shortest part before a colon that exists, else all before the last colon. */
export function embedding(text: string): EmbeddingRequest {
  if (existsSync(text)) return { file: text };
  const colons = [...text.matchAll(/:/g)].map(({ index }) => index).filter((index) => index > 0);
  const at = colons.find((index) => existsSync(text.slice(0, index))) ?? colons.at(-1);
  return at === undefined ? { file: text } : { file: text.slice(0, at), word: text.slice(at + 1) };
}

/** The options of what is applied to a model, as arguments of another command. */
export function appliedArguments({ lora = [], embedding = [], clipSkip }: Partial<ModelOptions>): string[] {
  return [
    ...lora.flatMap(({ file, scale }) => ['--lora', scale === undefined ? file : `${file}:${scale}`]),
    ...embedding.flatMap(({ file, word }) => ['--embedding', word === undefined ? file : `${file}:${word}`]),
    ...(clipSkip === undefined ? [] : ['--clip-skip', String(clipSkip)]),
  ];
}

/** Opens the model, lets `use` work with it, says what fell back to the CPU, and closes it. */
export async function withModel<T>(
  options: ModelOptions,
  context: Context,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  const { loadModel } = await import('../lib/models/model.js');
  const { device, strict, lora: loras = [], embedding: embeddings = [], clipSkip } = options;
  const model = await loadModel(options.model, {
    loras,
    embeddings,
    ...(clipSkip !== undefined && { clipSkip }),
    onWarning: context.warn,
    ...checkpointOptions(options),
    ...(device !== undefined && { device }),
    ...(strict !== undefined && { strict }),
  });
  try {
    const result = await use(model);
    reportPlacement(model, context);
    return result;
  } finally {
    await model.dispose();
  }
}

/** How many nodes ran on the CPU though another device was asked for. */
function reportPlacement(model: Model, { reporter }: Context): void {
  const placements = model.placements();
  if (placements.length === 0) return;
  const nodes = placements.reduce((sum, placement) => sum + placement.nodes, 0);
  const operators = new Map<string, number>();
  for (const { onCpu } of placements) {
    for (const [name, count] of Object.entries(onCpu)) operators.set(name, (operators.get(name) ?? 0) + count);
  }
  const fallen = [...operators.values()].reduce((sum, count) => sum + count, 0);
  const names = [...operators].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
  const which = fallen === 0 ? '' : ` (${names.join(', ')})`;
  reporter.note(`steadyframe: device ${model.device}: ${fallen} of ${nodes} nodes fell back to the CPU${which}`);
}

/** Warns, once and before any work, of prompts that say nothing or are too long. */
export function checkPrompts(model: Model, options: { prompt: string; negative?: string }, { warn }: Context): void {
  if (options.prompt.trim() === '') {
    warn('the prompt is empty: the model follows its own taste, and guidance has nothing to lead to');
  }
  const { prompt, negative = '' } = options;
  const unused = model.embeddings.filter(
    ({ word }) => !`${prompt}\n${negative}`.toLowerCase().includes(word.toLowerCase()),
  );
  if (unused.length > 0) {
    warn(`no prompt says ${unused.map(({ word }) => word).join(', ')}: the learned embedding has no effect`);
  }
  model.tokenize(prompt);
  model.tokenize(negative);
}
