// @ts-check
// The studies as commands of one program, with the options, messages and exit codes of `steadyframe`.

import { addDemoModel } from './demo-model.js';
import { addFlowNetwork } from './flow-network.js';
import { addFramesAndIterations } from './frames-and-iterations.js';
import { library } from './library.js';
import { addMethods } from './methods.js';
import { addPublishedRecipe } from './published-recipe.js';

const PROGRAM = {
  name: 'npm run study --',
  description: 'Answers the questions of src/experiments, each with a README. What is done already is not done again.',
  commands: [addPublishedRecipe, addMethods, addFramesAndIterations, addDemoModel, addFlowNetwork],
};

/** Runs a study. @param {string[]} args @returns {Promise<number>} the exit code */
export async function runStudies(args) {
  /** @type {typeof import('../../src/cli/run.js')} */
  const { runCli } = await library('cli/run.js');
  /** @type {typeof import('../../src/cli/terminal.js')} */
  const { processTerminal } = await library('cli/terminal.js');
  return runCli(args, processTerminal(), PROGRAM);
}
