// `steadyframe pull`: fetches a model of the Hugging Face Hub, so that --model OWNER/NAME finds it.

import type { Command } from 'commander';
import { formatBytes } from '../lib/base/format-bytes.js';
import type { PulledModel } from '../lib/models/hub/pull.js';
import { type Context, quote } from './context.js';
import { addOutputOptions } from './render-options.js';
import { formatPlural } from './table.js';

const EXAMPLES = `
Fetches what a Stable Diffusion checkpoint needs and no more: configurations, tokenizer, and one variant of the weights as
safetensors, into the cache that Python's tools share (HF_HOME, HF_HUB_CACHE). A download that was cut short goes on where it
ended; every file is checked. HF_TOKEN opens models that ask who you are, HF_ENDPOINT names another server.

Examples:
  steadyframe pull stable-diffusion-v1-5/stable-diffusion-v1-5
  steadyframe pull stable-diffusion-v1-5/stable-diffusion-v1-5 --variant fp16
  steadyframe pull OWNER/NAME/lora.safetensors --revision v1.0`;

interface PullValues {
  variant?: string;
  revision?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addPull(program: Command, context: Context): void {
  const command = program
    .command('pull')
    .summary('fetch a model of the Hugging Face Hub')
    .description('Fetches a model, or one file of it, from the Hugging Face Hub.')
    .argument('<name>', 'OWNER/NAME, or OWNER/NAME/file')
    .option('--variant <name>', 'which weights, such as fp16 at half the size; full precision by default')
    .option('--revision <name>', 'branch, tag or commit; main by default');
  addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((name: string, values: PullValues) => run(name, values, context));
}

async function run(text: string, values: PullValues, context: Context): Promise<void> {
  const { hubNameText, requireHubName } = await import('../lib/models/hub/hub-name.js');
  const { pullModel } = await import('../lib/models/hub/pull.js');
  const { reporter, terminal } = context;
  if (values.quiet) context.quieten();
  const { variant, revision } = values;
  const name = requireHubName(text, revision);
  const wanted = hubNameText(name);
  const pulled = await pullModel(name, {
    variant,
    signal: terminal.signal,
    onProgress: reporter.report,
    onPlan: (plan) => reporter.note(`steadyframe: ${wanted}: ${planText(plan)}`),
  });
  reporter.close();
  const use = name.file === undefined ? `--model ${quote(wanted)}` : quote(pulled.path);
  terminal.out(values.json ? `${JSON.stringify(pulled, null, 1)}\n` : `${pulled.path}\nuse it as:  ${use}\n`);
}

function planText({ files, bytes, missing, variant, others }: Omit<PulledModel, 'path'>): string {
  const rest = missing === 0 ? 'all there already' : `${formatBytes(missing)} to fetch`;
  const which = variant === '' ? '' : `, variant ${variant}`;
  const more = others.length > 0 ? ` (--variant may also be ${others.map((each) => each || "''").join(', ')})` : '';
  return `${formatPlural(files, 'file')}, ${formatBytes(bytes)}${which}: ${rest}${more}`;
}
