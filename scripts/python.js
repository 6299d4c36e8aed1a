// @ts-check
// Python packages that tests and notebooks use, in `.venv`: `node scripts/python.js mlflow` installs one of them. The
// library itself needs no Python.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root } from './setup.js';

/**
 * What can be installed: the version, and the module that shows that it is there.
 *
 * @type {Record<string, { requirement: string, module: string }>}
 */
const PACKAGES = {
  mlflow: { requirement: 'mlflow==3.17.2', module: 'mlflow' },
  nbconvert: { requirement: 'nbconvert==7.17.2', module: 'nbconvert' },
  jupyterlab: { requirement: 'jupyterlab==4.6.6', module: 'jupyterlab' },
  // Not used by any code here: it is what draws plotly's JSON in JupyterLab.
  plotly: { requirement: 'plotly==7.1.0', module: 'plotly' },
};

const venv = join(root, '.venv');
const lock = join(root, '.cache/python.lock');
const refusal = join(root, '.cache/python-refused.json');
/** After a failure nobody tries again for so long (ms), so that each of many test files does not. */
const PATIENCE = 600_000;

/** The interpreter of `.venv`. */
export const venvPython = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/**
 * An interpreter that has a package: the one that the environment variable STEADYFRAME_<PACKAGE> names, else `.venv`'s,
 * which is made and filled where it can be.
 *
 * @param {string} name
 * @returns {Promise<{ python: string } | { missing: string }>} the interpreter's path, or why there is none
 */
export async function pythonWith(name) {
  const variable = `STEADYFRAME_${name.toUpperCase()}`;
  const { requirement, module } = PACKAGES[name];
  const chosen = process.env[variable];
  if (chosen === 'off') return { missing: `${variable} is off` };
  if (chosen)
    return hasModule(chosen, module) ? { python: chosen } : { missing: `${variable}: no ${module} in ${chosen}` };
  const unlock = await takeLock();
  try {
    if (isInstalled(requirement)) return { python: venvPython };
    const before = existsSync(refusal) ? JSON.parse(readFileSync(refusal, 'utf8')) : undefined;
    if (before?.requirement === requirement && Date.now() - before.time < PATIENCE) return { missing: before.missing };
    const missing = await install(requirement);
    if (missing === undefined) {
      rmSync(refusal, { force: true });
      return { python: venvPython };
    }
    writeFileSync(refusal, JSON.stringify({ requirement, missing, time: Date.now() }));
    return { missing };
  } finally {
    unlock();
  }
}

/** Whether pip has noted a package of `.venv` in its version. @param {string} requirement */
function isInstalled(requirement) {
  if (!existsSync(venvPython)) return false;
  const script =
    'import sys, importlib.metadata as m; n, v = sys.argv[1].split("=="); sys.exit(0 if m.version(n) == v else 1)';
  return spawnSync(venvPython, ['-c', script, requirement], { stdio: 'ignore' }).status === 0;
}

/** @param {string} python @param {string} module */
function hasModule(python, module) {
  const script = 'import sys, importlib.util as u; sys.exit(0 if u.find_spec(sys.argv[1]) else 1)';
  return spawnSync(python, ['-c', script, module], { stdio: 'ignore' }).status === 0;
}

/**
 * Installs a package; returns why it could not. By uv, which takes a tenth of pip's time; by pip where there is no uv, or
 * where uv does not find what pip's settings of this machine name.
 *
 * @param {string} requirement
 * @returns {Promise<string | undefined>}
 */
async function install(requirement) {
  const python = ['python3.11', 'python3.12', 'python3.10', 'python3'].find(isFitting);
  if (!existsSync(venvPython)) {
    if (!python) return 'there is no Python 3.10 to 3.12';
    console.error(`Creating .venv with ${python} ...`);
    const made = await run(python, ['-m', 'venv', '--without-pip', venv]);
    if (made !== undefined) {
      rmSync(venv, { recursive: true, force: true });
      return `${python} -m venv failed: ${made}`;
    }
  }
  console.error(`Installing ${requirement} into .venv; the first time this fetches a few hundred MB ...`);
  const pip = await pipInstall(python);
  if (typeof pip === 'string') return pip;
  if (!hasModule(venvPython, 'uv')) await pip('uv');
  const patience = { UV_HTTP_TIMEOUT: '20', UV_HTTP_RETRIES: '1', ...process.env };
  const uv = ['-m', 'uv', 'pip', 'install', '--quiet', '--python', venvPython, requirement];
  if ((await run(venvPython, uv, patience)) === undefined) return undefined;
  const failed = await pip(requirement);
  return failed === undefined ? undefined : `pip install ${requirement} failed: ${failed}`;
}

/**
 * What installs a package into `.venv` with pip: its own, else that of the Python that made it, else one that is put there;
 * or why there is none.
 *
 * @param {string | undefined} python
 * @returns {Promise<string | ((requirement: string) => Promise<string | undefined>)>}
 */
async function pipInstall(python) {
  let pip = [venvPython, '-m', 'pip'];
  if (!hasModule(venvPython, 'pip')) {
    if (python && hasModule(python, 'pip')) pip = [python, '-m', 'pip', '--python', venvPython];
    else {
      const failed = await run(venvPython, ['-m', 'ensurepip']);
      if (failed !== undefined) return `there is no pip: ${failed}`;
    }
  }
  const [program, ...args] = pip;
  // Not compiled ahead: that takes longer than all the rest, and most of it is never imported.
  const options = '--quiet --no-compile --disable-pip-version-check --no-input --retries 1 --timeout 20'.split(' ');
  return (requirement) => run(program, [...args, 'install', ...options, requirement]);
}

/** @param {string} python */
function isFitting(python) {
  const script = 'import sys; sys.exit(0 if (3, 10) <= sys.version_info[:2] <= (3, 12) else 1)';
  return spawnSync(python, ['-c', script], { stdio: 'ignore' }).status === 0;
}

/**
 * Runs a program; gives the last line of its errors where it failed.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string | undefined>}
 */
function run(program, args, env = process.env) {
  return new Promise((resolve) => {
    let errors = '';
    const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (text) => {
      errors += text;
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) =>
      resolve(code === 0 ? undefined : (errors.trim().split('\n').at(-1) ?? `exit code ${code}`)),
    );
  });
}

/** Waits for other processes that install. @returns {Promise<() => void>} what frees the lock */
async function takeLock() {
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return () => rmSync(lock, { recursive: true, force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) rmSync(lock, { recursive: true, force: true });
    else await sleep(200);
  }
}

/** Whether the process that holds the lock is gone. */
function isAbandoned() {
  try {
    const pid = readFileSync(join(lock, 'pid'), 'utf8');
    if (pid === '') return false;
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ESRCH') return true;
    // Just made, or just freed; a process that died right then leaves it so.
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return code === 'ENOENT' && age > 5000;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !Object.hasOwn(PACKAGES, name));
  if (names.length === 0 || unknown.length > 0) {
    console.error(`usage: node scripts/python.js ${Object.keys(PACKAGES).join('|')}`);
    process.exitCode = 2;
  } else {
    for (const name of names) {
      const found = await pythonWith(name);
      if ('missing' in found) {
        console.error(found.missing);
        process.exitCode = 1;
      } else console.log(found.python);
    }
  }
}
