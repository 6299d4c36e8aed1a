// The flags and help of `steadyframe info`.

import type { Command } from 'commander';
import { CHECKPOINT, SUBJECT } from '../../lib/settings/table.js';
import type { ModelOptions } from '../model-options.js';
import { addOutputOptions } from '../render-options.js';
import { addSettings } from '../setting-flags.js';

const EXAMPLES = `
Examples:
  steadyframe info sd15/
  steadyframe info style.safetensors --model sd15/
  steadyframe info model.safetensors --config sd15/ --json
  steadyframe info strength-0.45.mp4`;

/** Values of the options. */
export interface InfoValues extends Omit<ModelOptions, 'model'> {
  model?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addInfo(program: Command): Command {
  const command = program
    .command('info')
    .summary('describe a checkpoint, or how a picture was made')
    .description(
      'Says what a checkpoint is, and how its weights reach the engine; of a picture or a video, how it was made.',
    )
    .argument('<file>', `${SUBJECT.model.help}; or a picture or a video`)
    .option(
      '-m, --model <path>',
      'describe a LoRA or a textual inversion (in place of <file>) as it meets this checkpoint',
    );
  return addOutputOptions(addSettings(command, CHECKPOINT)).addHelpText('after', EXAMPLES);
}
