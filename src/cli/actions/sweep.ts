// `steadyframe sweep`: renders one video at several strengths and compares the results.

import type { Command } from 'commander';
import { given } from '../../lib/base/given.js';
import { planStrengthSweep, strengthSweep } from '../../lib/renderings/strength-sweep.js';
import type { SweepValues } from '../commands/sweep.js';
import type { Context } from '../context.js';
import { runComparison } from './comparison.js';

export async function run(context: Context, video: string, values: SweepValues, command: Command): Promise<void> {
  const { seed, noise, strengthSchedule } = values;
  // The default list makes way for a schedule.
  const isDefault = strengthSchedule !== undefined && command.getOptionValueSource('strengths') === 'default';
  const strengths = isDefault ? undefined : values.strengths;
  const own = given({ strengths, seed, noise });
  await runComparison(
    {
      run: (model, path, options) => strengthSweep(model, path, { ...options, ...own }),
      plan: (model, path, options) => planStrengthSweep(model, path, { ...options, ...own }),
      headings: ['strength'],
      cells: ({ strength }) => [String(strength)],
    },
    video,
    values,
    context,
  );
}
