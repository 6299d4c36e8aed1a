// `steadyframe sweep`: renders one video at several strengths and compares the results.

import { planStrengthSweep, strengthSweep } from '../../lib/renderings/strength-sweep.js';
import type { SweepValues } from '../commands/sweep.js';
import type { Context } from '../context.js';
import { runComparison } from './comparison.js';

export async function run(context: Context, video: string, values: SweepValues): Promise<void> {
  const { strengths, seed, noise } = values;
  await runComparison(
    {
      run: (model, path, options) => strengthSweep(model, path, { ...options, strengths, seed, noise }),
      plan: (model, path, options) => planStrengthSweep(model, path, { ...options, strengths, seed, noise }),
      headings: ['strength'],
      cells: ({ strength }) => [String(strength)],
    },
    video,
    values,
    context,
  );
}
