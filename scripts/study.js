// @ts-check
// `npm run study -- NAME [options]`: installs and builds what is missing, then answers one of the questions of src/experiments.
// What is done already is not done again.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, ensureInstalled, isBuilt, nodeProblem, root } from './setup.js';

const STUDIES = ['published-recipe', 'frames-and-iterations', 'demo-model'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: join(root, 'models/demo') },
    out: { type: 'string' },
    frames: { type: 'string' },
    only: { type: 'string' },
    real: { type: 'string' },
  },
});
const [name] = positionals;

async function main() {
  const problem = nodeProblem() ?? (ensureInstalled() ? undefined : 'The packages could not be installed.');
  if (problem) return fail(problem, 1);
  if (!STUDIES.includes(name)) return fail(`study: there is no "${name ?? ''}"; choose ${STUDIES.join(', ')}`, 2);
  if (!isBuilt() && !build().ok) return fail('The library could not be compiled: see npm run types.', 1);
  const dist = new URL('../dist/', import.meta.url);
  const { processTerminal } = await import(new URL('cli/terminal.js', dist).href);
  const { createProgressReporter } = await import(new URL('lib/base/progress.js', dist).href);
  const { signal } = processTerminal();
  const reporter = createProgressReporter();
  const common = {
    model: values.model,
    out: values.out ?? join(root, 'runs', name),
    onProgress: reporter.report,
    onNote: (/** @type {string} */ text) => reporter.note(`study: ${text}`),
    signal,
  };
  if (name === 'published-recipe') {
    const { runStudy } = await import(new URL('experiments/published-recipe/study.js', dist).href);
    const { formatStudy } = await import(new URL('experiments/published-recipe/study-table.js', dist).href);
    const table = await runStudy({
      ...common,
      frames: Number(values.frames ?? 16),
      guidance: [1, 2, 5, 7.5],
      ...(values.only && { only: values.only.split(',') }),
    });
    reporter.close();
    console.log(formatStudy(table));
  } else if (name === 'demo-model') {
    const { writeCard } = await import(new URL('experiments/demo-model/write-card.js', dist).href);
    const pictures = values.out ?? join(root, 'src/experiments/demo-model/pictures');
    console.log(JSON.stringify(await writeCard(values.model, pictures, values.real), null, 1));
  } else {
    const { DEMO_STUDY, formatStops, runFramesAndIterations } = await import(
      new URL('experiments/frames-and-iterations/study.js', dist).href
    );
    const judged = { ...DEMO_STUDY.judged, ...(values.frames && { frames: Number(values.frames) }) };
    const stops = await runFramesAndIterations({ ...DEMO_STUDY, ...common, judged });
    reporter.close();
    console.log(formatStops(stops));
  }
  return 0;
}

/** @param {string} text @param {number} code */
function fail(text, code) {
  console.error(text);
  return code;
}

process.exitCode = await main();
