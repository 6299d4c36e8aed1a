// @ts-check
// `npm run study -- frames-and-iterations`: how many frames, and how many iterations.

import { join } from 'node:path';
import { root } from '../setup.js';
import { library } from './library.js';

/** @param {import('commander').Command} program @param {import('../../src/cli/context.js').Context} context */
export function addFramesAndIterations(program, { terminal, reporter }) {
  program
    .command('frames-and-iterations')
    .description('How many frames are learned, and for how long; a quarter of an hour on 2 cores.')
    .option('--model <path>', 'the model that is finetuned', join(root, 'models/demo'))
    .option('-o, --out <dir>', 'folder of all results', join(root, 'runs/frames-and-iterations'))
    .option('--frames <n>', 'frames that are judged', Number)
    .action(async ({ frames, ...values }) => {
      /** @type {typeof import('../../src/experiments/frames-and-iterations/study.js')} */
      const { DEMO_STUDY, formatStops, runFramesAndIterations } = await library(
        'experiments/frames-and-iterations/study.js',
      );
      const stops = await runFramesAndIterations({
        ...DEMO_STUDY,
        ...values,
        judged: { ...DEMO_STUDY.judged, ...(frames && { frames }) },
        onProgress: reporter.report,
        signal: terminal.signal,
      });
      reporter.close();
      terminal.out(`${formatStops(stops)}\n`);
    });
}
