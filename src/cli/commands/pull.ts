// The flags and help of `steadyframe pull`.

import type { Command } from 'commander';
import { addOutputOptions } from '../render-options.js';

const EXAMPLES = `
Fetches what a Stable Diffusion checkpoint needs and no more: configurations, tokenizer, and one variant of the weights as
safetensors, into the cache that Python's tools share (HF_HOME, HF_HUB_CACHE). A download that was cut short goes on where it
ended; every file is checked. HF_TOKEN opens models that ask who you are, HF_ENDPOINT names another server.

Examples:
  steadyframe pull stable-diffusion-v1-5/stable-diffusion-v1-5
  steadyframe pull stable-diffusion-v1-5/stable-diffusion-v1-5 --variant fp16
  steadyframe pull OWNER/NAME/lora.safetensors --revision v1.0`;

/** Values of the options. */
export interface PullValues {
  variant?: string;
  revision?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addPull(program: Command): Command {
  const command = program
    .command('pull')
    .summary('fetch a model of the Hugging Face Hub')
    .description('Fetches a model, or one file of it, from the Hugging Face Hub.')
    .argument('<name>', 'OWNER/NAME, or OWNER/NAME/file')
    .option('--variant <name>', 'which weights, such as fp16 at half the size; full precision by default')
    .option('--revision <name>', 'branch, tag or commit; main by default');
  return addOutputOptions(command).addHelpText('after', EXAMPLES);
}
