// @ts-check
// `npm start`: installs and builds what is missing or out of date, then runs the main job with the arguments given.

import { build, ensureInstalled, isBuilt, nodeProblem } from './setup.js';

/** Prepares the project; returns the sentence that says why it could not, else undefined. */
function prepare() {
  const problem = nodeProblem();
  if (problem) return problem;
  if (!ensureInstalled()) return 'The packages could not be installed.';
  if (isBuilt()) return undefined;
  console.error('Compiling the library ...');
  const { ok, output } = build();
  return ok ? undefined : `${output.trimEnd()}\nThe library could not be compiled.`;
}

const problem = prepare();
if (problem) {
  console.error(problem);
  process.exitCode = 1;
} else {
  await import('./main-job.js');
}
