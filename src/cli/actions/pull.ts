// `steadyframe pull`: downloads a model from the Hugging Face Hub, for --model OWNER/NAME.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '../../lib/base/format-bytes.js';
import { hubNameText, requireHubName } from '../../lib/models/hub/hub-name.js';
import { type PulledModel, pullModel } from '../../lib/models/hub/pull.js';
import type { PullValues } from '../commands/pull.js';
import { type Context, quote } from '../context.js';
import { formatPlural } from '../table.js';

export async function run(context: Context, text: string, values: PullValues): Promise<void> {
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
  const use = name.file === undefined ? useOf(pulled.path, quote(wanted)) : quote(pulled.path);
  terminal.out(values.json ? `${JSON.stringify(pulled, null, 1)}\n` : `${pulled.path}\nuse it as:  ${use}\n`);
}

/** The flag that takes what a folder holds: a checkpoint, or one network. */
function useOf(folder: string, wanted: string): string {
  const about = join(folder, 'config.json');
  if (existsSync(join(folder, 'model_index.json')) || !existsSync(about)) return `--model ${wanted}`;
  return /"_class_name": *"ControlNet/.test(readFileSync(about, 'utf8'))
    ? `--control KIND=${wanted}`
    : `--vae ${wanted}`;
}

function planText({ files, bytes, missing, variant, others }: Omit<PulledModel, 'path'>): string {
  const rest = missing === 0 ? 'all there already' : `${formatBytes(missing)} to fetch`;
  const which = variant === '' ? '' : `, variant ${variant}`;
  const more = others.length > 0 ? ` (--variant may also be ${others.map((each) => each || "''").join(', ')})` : '';
  return `${formatPlural(files, 'file')}, ${formatBytes(bytes)}${which}: ${rest}${more}`;
}
