// @ts-check
// `npm run study -- NAME [options]`: installs and builds what is missing, then answers one of the questions of
// src/experiments. What is done already is not done again.

import { build, ensureInstalled, isBuilt, nodeProblem } from './setup.js';

/** @returns {string | undefined} why the studies cannot run here */
function problem() {
  const node = nodeProblem();
  if (node) return node;
  if (!ensureInstalled()) return 'The packages could not be installed.';
  if (!isBuilt() && !build().ok) return 'The library could not be compiled: see npm run types.';
  return undefined;
}

const sentence = problem();
if (sentence === undefined) {
  const { runStudies } = await import('./studies/run-studies.js');
  process.exitCode = await runStudies(process.argv.slice(2));
} else {
  console.error(sentence);
  process.exitCode = 1;
}
