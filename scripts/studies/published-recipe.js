// @ts-check
// `npm run study -- published-recipe`: the recipe on three held-out shots with three prompts each.

import { join } from 'node:path';
import { root } from '../setup.js';
import { library } from './library.js';

/** @param {import('commander').Command} program @param {import('../../src/cli/context.js').Context} context */
export function addPublishedRecipe(program, { terminal, reporter }) {
  program
    .command('published-recipe')
    .description('The recipe on three held-out shots with three prompts each; half an hour on 2 cores.')
    .option('--model <path>', 'the model that is finetuned', join(root, 'models/demo'))
    .option('-o, --out <dir>', 'folder of all results', join(root, 'runs/published-recipe'))
    .option('--frames <n>', 'frames of each shot', Number, 16)
    .option('--only <names>', 'names of cases, with commas between them; all nine by default')
    .action(async ({ only, ...values }) => {
      /** @type {typeof import('../../src/experiments/published-recipe/study.js')} */
      const { runStudy } = await library('experiments/published-recipe/study.js');
      /** @type {typeof import('../../src/experiments/published-recipe/study-table.js')} */
      const { formatStudy } = await library('experiments/published-recipe/study-table.js');
      const table = await runStudy({
        ...values,
        guidance: [1, 2, 5, 7.5],
        ...(only && { only: only.split(',') }),
        onProgress: reporter.report,
        onNote: (text) => reporter.note(`study: ${text}`),
        signal: terminal.signal,
      });
      reporter.close();
      terminal.out(`${formatStudy(table)}\n`);
    });
}
