// @ts-check
// The main job that `npm start` runs once everything is installed and built: `steadyframe recipe` on a bundled shot with
// the demo model. Arguments are added to the recipe's: `npm start -- --shot white-car-dusk --frames 36`.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.js';

const modules = new URL('../build/', import.meta.url);
/** @type {typeof import('../src/lib/index.js')} */
const { VERSION } = await import(new URL('lib/index.js', modules).href);
/** @type {typeof import('../src/cli/run.js')} */
const { runCli } = await import(new URL('cli/run.js', modules).href);
/** @type {typeof import('../src/cli/terminal.js')} */
const { processTerminal } = await import(new URL('cli/terminal.js', modules).href);

const results = join(process.env.STEADYFRAME_RUNS || join(root, 'runs'), 'experiment');
/** One of the nine cases of studies (`src/lib/recipe/combinations.ts`), with its default arm. */
const embedded = [
  ['--shot', 'red-car-curve'],
  ['--style', 'neon'],
  ['--prompt', 'a cyberpunk neon painting of a city street at night'],
  ['--prompt', 'a neon painting of a street at night'],
  ['--preset', 'demo'],
  ['--model', join(root, 'models/demo')],
  ['--frames', '16'],
];

/** Whether an earlier experiment was interrupted: then it is continued where its settings are still the same. */
function wasInterrupted() {
  if (!existsSync(results)) return false;
  return readdirSync(results).some((name) => existsSync(join(results, name, 'artifacts/.partial')));
}

/** @returns {Promise<number>} the exit code */
async function main() {
  console.error(`steadyframe ${VERSION}: the published recipe on a bundled shot, with the demo model.`);
  process.env.STEADYFRAME_RUNS ||= join(root, 'runs');
  const given = process.argv.slice(2);
  const defaults = embedded.filter(([option]) => !given.includes(option));
  const resume = wasInterrupted() && !given.includes('--resume') ? ['--resume'] : [];
  return runCli(['recipe', ...defaults.flat(), ...resume, ...given], processTerminal());
}

main().then((code) => {
  process.exitCode = code;
});
