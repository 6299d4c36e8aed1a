// @ts-check
// `npm run study -- flow-network`: trains the optical-flow network of the package; `--judge` compares it with the other
// estimators.

import { join, resolve } from 'node:path';
import { root } from '../setup.js';
import { library } from './library.js';

/** @type {typeof import('../../src/cli/values.js')} */
const { integer, number } = await library('cli/values.js');
/** @type {typeof import('../../src/experiments/flow-network/train-flow.js')} */
const { TRAIN_FLOW_DEFAULTS } = await library('experiments/flow-network/train-flow.js');

const EXAMPLES = `
After every save the network (float16, the average of the weights) is written into its folder, and its mean endpoint error on drives
that are not trained on is printed. --resume continues from the checkpoint in the work folder, to the same bits.

Examples:
  npm run study -- flow-network --resume
  npm run study -- flow-network --from-weights --learning-rate 1e-4 --iterations 3000
  npm run study -- flow-network --judge`;

/** @param {import('commander').Command} program @param {import('../../src/cli/context.js').Context} context */
export function addFlowNetwork(program, context) {
  const { iterations, batch, pairs, seed, learningRate, saveEvery } = TRAIN_FLOW_DEFAULTS;
  program
    .command('flow-network')
    .description('Trains the optical-flow network on moving pairs of the procedural world, or judges all estimators.')
    .option('-o, --out <dir>', "the network's folder", join(root, 'models/flow'))
    .option('--work <dir>', 'folder for checkpoints and rendered pairs', join(root, '.cache/flow-network'))
    .option('--iterations <n>', 'updates in all', integer, iterations)
    .option('--batch <n>', 'pairs an update', integer, batch)
    .option('--pairs <n>', 'different pairs', integer, pairs)
    .option('--seed <n>', 'seed of the weights and of the pairs', integer, seed)
    .option('--learning-rate <rate>', 'at its peak', number, learningRate)
    .option('--save-every <n>', 'updates between checkpoints', integer, saveEvery)
    .option('--threads <n>', 'threads; on a busy machine one is often fastest', integer)
    .option('--resume', 'continue from the last checkpoint', false)
    .option('--from-weights', "start from the weights in the network's folder", false)
    .option(
      '--judge [n]',
      'print endpoint errors of all estimators on so many pairs a set (24), and train nothing',
      integer,
    )
    .addHelpText('after', EXAMPLES)
    .action(({ judge, ...values }) =>
      judge ? judgeAll(judge === true ? 24 : judge, context) : train(values, context),
    );
}

/** @param {any} values @param {import('../../src/cli/context.js').Context} context */
async function train({ fromWeights, ...values }, { terminal, reporter }) {
  /** @type {typeof import('../../src/experiments/flow-network/train-flow.js')} */
  const { trainFlow } = await library('experiments/flow-network/train-flow.js');
  /** @type {typeof import('../../src/lib/models/flow/flow-model.js')} */
  const { readFlowWeights } = await library('lib/models/flow/flow-model.js');
  const out = resolve(values.out);
  const steps = trainFlow({
    ...TRAIN_FLOW_DEFAULTS,
    ...values,
    ...(fromWeights && { start: await readFlowWeights(out) }),
    out,
    work: resolve(values.work),
    signal: terminal.signal,
  });
  let [sum, count] = [0, 0];
  for await (const { iteration, loss, secondsLeft, endpointError } of steps) {
    sum += loss;
    count++;
    reporter.report({
      done: iteration,
      total: values.iterations,
      label: 'flow network',
      ...(secondsLeft && { secondsLeft }),
    });
    if (endpointError === undefined) continue;
    terminal.out(
      `iteration ${iteration}: loss ${(sum / count).toFixed(3)}, off by ${endpointError.toFixed(3)} pixels\n`,
    );
    [sum, count] = [0, 0];
  }
  reporter.close();
}

/** @param {number} count @param {import('../../src/cli/context.js').Context} context */
async function judgeAll(count, { terminal }) {
  /** @type {typeof import('../../src/experiments/flow-network/judge-flow.js')} */
  const { formatJudgements, judgeAllEstimators } = await library('experiments/flow-network/judge-flow.js');
  terminal.out(`${formatJudgements(await judgeAllEstimators(count))}\n`);
}
