// @ts-check
// `npm run study -- methods`: every method of consistency on three held-out shots with three prompts each.

import { join } from 'node:path';
import { root } from '../setup.js';
import { library } from './library.js';

/** @type {typeof import('../../src/cli/values.js')} */
const { integer } = await library('cli/values.js');

/** @param {string} names */
const list = (names) => names.split(',');

/** @param {import('commander').Command} program @param {import('../../src/cli/context.js').Context} context */
export function addMethods(program, { terminal, reporter }) {
  program
    .command('methods')
    .description('What steadies a restyled video, at which cost: all methods on three videos with three prompts each.')
    .option('--model <path>', 'the model that is finetuned', join(root, 'models/demo'))
    .option(
      '-o, --out <dir>',
      'folder of all results; by default runs/methods, and for other videos runs/methods-N or runs/methods-real',
    )
    .option('--frames <n>', 'frames of each shot', integer, 16)
    .option('--shots-seed <n>', 'the held-out drives n, n + 1 and n + 2 in place of the bundled shots', integer)
    .option('--real <files>', 'real clips in place of the shots, with commas between them; those that exist', list)
    .option('--only <names>', 'names of cases, with commas between them; all nine by default', list)
    .option('--methods <names>', 'names of methods, with commas between them; all by default', list)
    .action(async ({ out, ...values }) => {
      const other = values.real ? '-real' : values.shotsSeed === undefined ? '' : `-${values.shotsSeed}`;
      /** @type {typeof import('../../src/experiments/methods/study.js')} */
      const { METHOD_STRENGTHS, runStudy } = await library('experiments/methods/study.js');
      /** @type {typeof import('../../src/experiments/methods/study-table.js')} */
      const { formatStudy } = await library('experiments/methods/study-table.js');
      const table = await runStudy({
        ...values,
        out: out ?? join(root, `runs/methods${other}`),
        strengths: METHOD_STRENGTHS,
        onNote: (text) => reporter.note(`study: ${text}`),
        onProgress: reporter.report,
        signal: terminal.signal,
      });
      reporter.close();
      if (table.cases.length > 0) terminal.out(`${formatStudy(table)}\n`);
    });
}
