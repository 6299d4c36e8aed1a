// `steadyframe seeds`: renders one video with several seeds, with one noise for all frames or one for each.

import { compareSeeds, planCompareSeeds } from '../../lib/renderings/compare-seeds.js';
import type { SeedsValues } from '../commands/seeds.js';
import type { Context } from '../context.js';
import { runComparison } from './comparison.js';

export async function run(context: Context, video: string, values: SeedsValues): Promise<void> {
  const { strength, seeds, noise } = values;
  await runComparison(
    {
      run: (model, path, options) => compareSeeds(model, path, { ...options, strength, seeds, noise }),
      plan: (model, path, options) => planCompareSeeds(model, path, { ...options, strength, seeds, noise }),
      headings: ['seed', 'noise'],
      cells: (cell) => [String(cell.seed), cell.noise],
    },
    video,
    values,
    context,
  );
}
