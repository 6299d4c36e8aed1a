// Options that select a model and where it runs.

import type { Command } from 'commander';
import { given } from '../lib/base/given.js';
import type { OptionsOf } from '../lib/settings/setting.js';
import { APPLIED, CHECKPOINT, SUBJECT } from '../lib/settings/table.js';
import { addSettings, flagArguments } from './setting-flags.js';

const { model } = SUBJECT;
const MODEL = { model, ...APPLIED, ...CHECKPOINT };

/** The values of `addModelOptions`. */
export interface ModelOptions extends OptionsOf<typeof CHECKPOINT>, OptionsOf<typeof APPLIED> {
  model: string;
  strict?: boolean;
}

/** Adds --model, --lora, --embedding, --control, --clip-skip, --device, --engine, --precision, --config, --vae, --prediction, --variant and --strict. */
export function addModelOptions(command: Command): Command {
  return addSettings(command, MODEL, { required: ['model'] }).option(
    '--strict',
    'refuse to run where some part would fall back to the CPU',
  );
}

/** The library's options of a checkpoint. */
export function checkpointOptions({ config, vae, prediction, variant }: OptionsOf<typeof CHECKPOINT>) {
  return given({ config, vae, prediction, variant });
}

/** The options of a checkpoint as command-line arguments. */
export function checkpointArguments(values: OptionsOf<typeof CHECKPOINT>): string[] {
  return flagArguments(CHECKPOINT, values);
}

/** --lora, --embedding, --control and --clip-skip as arguments of another command. */
export function appliedArguments({ loras, embeddings, controls, clipSkip = 0 }: OptionsOf<typeof APPLIED>): string[] {
  return flagArguments(
    APPLIED,
    given({ loras, embeddings, controls, clipSkip: clipSkip === 0 ? undefined : clipSkip }),
  );
}
