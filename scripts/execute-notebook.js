// @ts-check
// Executes notebooks through nbconvert and the tslab kernel, in a workspace of its own, so that nothing that they write lies
// about. A cell with the tag `parameters` holds what may be chosen, as papermill has it.

import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.js';

/**
 * @typedef {{ output_type: string, data?: Record<string, unknown>, text?: string | string[], name?: string }} Output
 * @typedef {{ cell_type: string, source: string | string[], metadata?: { tags?: string[] }, outputs?: Output[] }} Cell
 * @typedef {{ cells: Cell[], metadata: object, nbformat: number, nbformat_minor: number }} Notebook
 * @typedef {{ folder: string, notebooks: string, jupyter: string }} Workspace
 */

/** Longest that a cell may take, in seconds. */
const PATIENCE = 900;

/**
 * A folder that looks to notebooks as the project does: `../models`, `../README.md`, the package by its name; and copies of
 * them.
 *
 * @param {(data: string) => void} registerKernel
 * @param {string} [library] the folder of the package; the project's own by default
 * @returns {Workspace}
 */
export function openWorkspace(registerKernel, library = root) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache/notebooks-'));
  const notebooks = join(folder, 'notebooks');
  const jupyter = join(folder, 'jupyter');
  for (const made of [notebooks, join(folder, 'node_modules')]) mkdirSync(made);
  symlinkSync(library, join(folder, 'node_modules/steadyframe'), 'junction');
  symlinkSync(join(root, 'models'), join(folder, 'models'), 'junction');
  // A package of its own, or Node would take the name for the project around it.
  writeFileSync(join(folder, 'package.json'), '{ "name": "workspace", "private": true }\n');
  copyFileSync(join(root, 'README.md'), join(folder, 'README.md'));
  for (const name of readdirSync(join(root, 'notebooks')).filter((each) => each.endsWith('.ipynb'))) {
    copyFileSync(join(root, 'notebooks', name), join(notebooks, name));
  }
  registerKernel(jupyter);
  return { folder, notebooks, jupyter };
}

/**
 * Executes a notebook of the workspace. A failure is a cell that throws, or what a cell left running throws later, which
 * nbconvert alone would not notice.
 *
 * @param {string} python an interpreter that has nbconvert
 * @param {Workspace} workspace
 * @param {string} name
 * @returns {Promise<{ notebook: Notebook, failure?: string }>}
 */
export async function executeNotebook(python, { folder, notebooks, jupyter }, name) {
  const out = `executed-${name}`;
  const settings = { timeout: PATIENCE, startup_timeout: PATIENCE, kernel_name: 'tslab', record_timing: 'False' };
  const { STEADYFRAME_MLFLOW_URI: _, ...env } = process.env;
  const args = [
    ...['-m', 'nbconvert', '--to', 'notebook', '--execute', name, '--output', out],
    ...Object.entries(settings).map(([key, value]) => `--ExecutePreprocessor.${key}=${value}`),
  ];
  const { code, text } = await run(python, args, notebooks, {
    ...env,
    JUPYTER_PATH: jupyter,
    // Neither the user's settings nor their history.
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    IPYTHONDIR: join(folder, 'ipython'),
    STEADYFRAME_RUNS: join(folder, 'runs'),
    // Python's own compiled files are kept, or every notebook would pay for them.
    PYTHONDONTWRITEBYTECODE: '',
  });
  if (code !== 0) return { notebook: await readNotebook(join(notebooks, name)), failure: text.trim() };
  const notebook = await readNotebook(join(notebooks, out));
  const late = notebook.cells
    .flatMap(({ outputs = [] }) => outputs)
    .filter(({ name: stream }) => stream === 'stderr')
    .map(({ text: lines }) => textOf(lines))
    .find((lines) => /UncaughtException|UnhandledPromiseRejection/.test(lines));
  return { notebook, ...(late !== undefined && { failure: late }) };
}

/**
 * Writes values for constants into a notebook's cell `parameters`, in place of its own. (Not below it as papermill does:
 * tslab's cells are one scope of constants.)
 *
 * @param {Notebook} notebook
 * @param {Record<string, number>} parameters
 */
export function setParameters({ cells }, parameters) {
  const cell = cells.find(({ metadata }) => metadata?.tags?.includes('parameters'));
  if (!cell) throw new Error('there is no cell with the tag parameters');
  let source = textOf(cell.source);
  for (const [key, value] of Object.entries(parameters)) {
    const line = new RegExp(`^const ${key} = .*;$`, 'm');
    if (!line.test(source)) throw new Error(`there is no parameter ${key}`);
    source = source.replace(line, `const ${key} = ${value};`);
  }
  cell.source = source;
}

/** @param {string} path @returns {Promise<Notebook>} */
export async function readNotebook(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** A text of a notebook, which may be stored as lines. @param {string | string[] | undefined} text */
export function textOf(text) {
  return Array.isArray(text) ? text.join('') : (text ?? '');
}

/**
 * Saves an executed notebook without paths of this machine.
 *
 * @param {string} path
 * @param {Notebook} notebook
 * @param {Workspace} workspace
 */
export function saveNotebook(path, notebook, { folder }) {
  const text = JSON.stringify(scrubbed(notebook, folder), null, 1);
  const temporary = `${path}.partial`;
  writeFileSync(temporary, `${text}\n`);
  renameSync(temporary, path);
}

/**
 * A notebook's value with the folders of this machine taken out of its texts.
 *
 * @template T
 * @param {T} value
 * @param {string} folder of the workspace
 * @returns {T}
 */
export function scrubbed(value, folder) {
  if (typeof value === 'string') {
    let text = /** @type {string} */ (value);
    const places = [
      [folder, '..'],
      [root, '..'],
      [tmpdir(), 'tmp'],
      [homedir(), '~'],
    ];
    for (const [place, name] of places)
      text = text.replaceAll(`${place}/`, `${name}/`).replaceAll(`file://${place}`, name);
    return /** @type {T} */ (text);
  }
  if (Array.isArray(value)) return /** @type {T} */ (value.map((each) => scrubbed(each, folder)));
  if (typeof value !== 'object' || value === null) return value;
  return /** @type {T} */ (
    Object.fromEntries(Object.entries(value).map(([key, each]) => [key, scrubbed(each, folder)]))
  );
}

/**
 * @param {string} program @param {string[]} args @param {string} cwd @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number | null, text: string }>}
 */
function run(program, args, cwd, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (piece) => {
      text += piece;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}
