// Opens the model that the options name, and closes it after use.

import { formatBytes } from '../../lib/base/format-bytes.js';
import { given } from '../../lib/base/given.js';
import { totalPlacement } from '../../lib/engine/total-placement.js';
import { loadModel, type Model } from '../../lib/models/model.js';
import type { Context } from '../context.js';
import { checkpointOptions, type ModelOptions } from '../model-options.js';

/** Opens the model, calls `use` with it, reports fallbacks to the CPU, and closes the model. */
export async function withModel<T>(
  options: ModelOptions,
  context: Context,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  const { device, engine, precision, strict, loras, embeddings, controls, clipSkip } = options;
  const model = await loadModel(options.model, {
    ...given({ device, engine, precision, strict, loras, embeddings, controls, clipSkip }),
    ...checkpointOptions(options),
    onWarning: context.warn,
  });
  if (model.engine === 'tfjs') context.reporter.note(`steadyframe: engine tfjs: ${model.runsOn}`);
  if (model.precision !== 'float32') {
    context.reporter.note(`steadyframe: precision ${model.precision}: results are approximate`);
  }
  try {
    const result = await use(model);
    reportPlacement(model, context);
    return result;
  } finally {
    await model.dispose();
  }
}

/** Reports how many nodes ran on the CPU although another device was requested, and what that one holds. */
function reportPlacement(model: Model, { reporter }: Context): void {
  const placements = model.placements();
  if (placements.length === 0) return;
  const { nodes, onCpu, weightBytes } = totalPlacement(placements);
  const fallen = Object.values(onCpu).reduce((sum, count) => sum + count, 0);
  const names = Object.entries(onCpu).map(([name, count]) => `${name} ${count}`);
  const which = fallen === 0 ? '' : ` (${names.join(', ')})`;
  reporter.note(`steadyframe: device ${model.device}: ${fallen} of ${nodes} nodes fell back to the CPU${which}`);
  reporter.note(`steadyframe: device ${model.device}: ${formatBytes(weightBytes)} of weights on it`);
}
