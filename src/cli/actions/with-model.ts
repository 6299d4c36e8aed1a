// Opens the model that the options name, and closes it after use.

import { given } from '../../lib/base/given.js';
import { loadModel, type Model } from '../../lib/models/model.js';
import type { Context } from '../context.js';
import { checkpointOptions, type ModelOptions } from '../model-options.js';

/** Opens the model, calls `use` with it, reports fallbacks to the CPU, and closes the model. */
export async function withModel<T>(
  options: ModelOptions,
  context: Context,
  use: (model: Model) => Promise<T>,
): Promise<T> {
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

/** Reports how many nodes ran on the CPU although another device was requested. */
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

/** Warns before any work of empty or too long prompts, and of embeddings that no prompt uses. */
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
