// Options that say which model to use and where it runs, and the model opened by them.

import type { Command } from 'commander';
import { given } from '../lib/base/given.js';
import type { Model } from '../lib/models/model.js';
import type { OptionsOf } from '../lib/settings/setting.js';
import { APPLIED, CHECKPOINT, SUBJECT } from '../lib/settings/table.js';
import type { Context } from './context.js';
import { addSettings, flagArguments } from './setting-flags.js';

const { model } = SUBJECT;
const MODEL = { model, ...APPLIED, ...CHECKPOINT };

/** The values of `addModelOptions`. */
export interface ModelOptions extends OptionsOf<typeof CHECKPOINT>, OptionsOf<typeof APPLIED> {
  model: string;
  strict?: boolean;
}

/** Adds --model, --lora, --embedding, --clip-skip, --device, --config, --vae, --prediction, --variant and --strict. */
export function addModelOptions(command: Command): Command {
  return addSettings(command, MODEL, { required: ['model'] }).option(
    '--strict',
    'refuse to run where some part would fall back to the CPU',
  );
}

/** The values of the options that say what a checkpoint is, apart from its path, as the library takes them. */
export function checkpointOptions({ config, vae, prediction, variant }: OptionsOf<typeof CHECKPOINT>) {
  return given({ config, vae, prediction, variant });
}

/** The same, as they are written on a command line. */
export function checkpointArguments(values: OptionsOf<typeof CHECKPOINT>): string[] {
  return flagArguments(CHECKPOINT, values);
}

/** The options of what is applied to a model, as arguments of another command. */
export function appliedArguments({ loras, embeddings, clipSkip = 0 }: OptionsOf<typeof APPLIED>): string[] {
  return flagArguments(APPLIED, given({ loras, embeddings, clipSkip: clipSkip === 0 ? undefined : clipSkip }));
}

/** Opens the model, lets `use` work with it, says what fell back to the CPU, and closes it. */
export async function withModel<T>(
  options: ModelOptions,
  context: Context,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  const { loadModel } = await import('../lib/models/model.js');
  const { device, strict, loras, embeddings, clipSkip } = options;
  const model = await loadModel(options.model, {
    ...given({ device, strict, loras, embeddings, clipSkip }),
    ...checkpointOptions(options),
    onWarning: context.warn,
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
export function checkPrompts(
  model: Model,
  options: { prompt: string; negativePrompt?: string },
  { warn }: Context,
): void {
  if (options.prompt.trim() === '') {
    warn('the prompt is empty: the model follows its own taste, and guidance has nothing to lead to');
  }
  const { prompt, negativePrompt = '' } = options;
  const unused = model.embeddings.filter(
    ({ word }) => !`${prompt}\n${negativePrompt}`.toLowerCase().includes(word.toLowerCase()),
  );
  if (unused.length > 0) {
    warn(`no prompt says ${unused.map(({ word }) => word).join(', ')}: the learned embedding has no effect`);
  }
  model.tokenize(prompt);
  model.tokenize(negativePrompt);
}
