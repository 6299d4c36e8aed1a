// @ts-check
// `npm run notebooks`: installs JupyterLab and the TypeScript kernel into `.venv` and opens the notebooks.
// `npm run notebooks -- --execute [NAME ...]` executes them and saves them with what they show.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { executeNotebook, openWorkspace, saveNotebook } from './execute-notebook.js';
import { pythonWith } from './python.js';
import { build, ensureInstalled, isBuilt, nodeProblem, root } from './setup.js';

const folder = join(root, 'notebooks');

/** Names of the project's notebooks, in order. */
export function notebookNames() {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ipynb'))
    .sort();
}

/** Registers the kernel for a Jupyter that looks for kernels in `data`. @param {string} data */
export function registerKernel(data) {
  const kernel = join(data, 'kernels/tslab');
  mkdirSync(kernel, { recursive: true });
  const spec = {
    argv: [
      process.execPath,
      join(root, 'node_modules/tslab/bin/tslab'),
      'kernel',
      '--config-path',
      '{connection_file}',
    ],
    display_name: 'TypeScript',
    language: 'typescript',
  };
  writeFileSync(join(kernel, 'kernel.json'), `${JSON.stringify(spec, null, 1)}\n`);
}

/** @param {string[]} names @returns {Promise<number>} the exit code */
async function execute(names) {
  const found = await pythonWith('nbconvert');
  if ('missing' in found) return fail(`The notebooks cannot be executed: ${found.missing}.`, 1);
  const workspace = openWorkspace(registerKernel);
  try {
    for (const name of names) {
      console.error(`Executing ${name} ...`);
      const { notebook, failure } = await executeNotebook(found.python, workspace, name);
      if (failure !== undefined) return fail(`${name}: ${failure}`, 1);
      saveNotebook(join(folder, name), notebook, workspace);
    }
    return 0;
  } finally {
    rmSync(workspace.folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<number>} the exit code */
async function open() {
  for (const name of ['jupyterlab', 'plotly']) {
    const found = await pythonWith(name);
    if ('missing' in found) return fail(`JupyterLab cannot be installed: ${found.missing}.`, 1);
  }
  const found = await pythonWith('jupyterlab');
  if ('missing' in found) return 1;
  const { python } = found;
  registerKernel(join(dirname(dirname(python)), 'share/jupyter'));
  // Without this JupyterLab would strip the players from notebooks that it has not executed itself.
  const files = notebookNames().map((name) => join(folder, name));
  spawnSync(python, ['-m', 'jupyter', 'trust', ...files], { stdio: ['ignore', 'ignore', 'inherit'] });
  const lab = spawn(python, ['-m', 'jupyter', 'lab', folder], { stdio: 'inherit' });
  process.on('SIGINT', () => {}); // JupyterLab hears it too, and asks
  return new Promise((resolve) => lab.on('close', (code) => resolve(code ?? 0)));
}

/** @param {string} text @param {number} code */
function fail(text, code) {
  console.error(text);
  return code;
}

/** @returns {Promise<number>} the exit code */
async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { execute: { type: 'boolean' } } });
  const problem = nodeProblem() ?? (ensureInstalled() ? undefined : 'The packages could not be installed.');
  if (problem) return fail(problem, 1);
  if (!isBuilt() && !build().ok) return fail('The library could not be compiled: see npm run types.', 1);
  if (!values.execute) return open();
  const names = positionals.map((name) => (name.endsWith('.ipynb') ? name : `${name}.ipynb`));
  const unknown = names.find((name) => !notebookNames().includes(name));
  if (unknown) return fail(`There is no notebook ${unknown}; choose from ${notebookNames().join(', ')}.`, 2);
  return execute(names.length > 0 ? names : notebookNames());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main();
