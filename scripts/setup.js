// @ts-check
// What a fresh clone needs before anything can run: a Node that is new enough, the packages, the compiled library.
// Plain JavaScript without dependencies, because node_modules may not be there yet.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The sentence to show when this Node cannot run the project, else undefined. Keep it in step with `engines`.
 *
 * @param {string} [version]
 * @returns {string | undefined}
 */
export function nodeProblem(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return undefined;
  return `steadyframe needs Node 20.19 or newer in the 20 line, or 22.12 and newer; this is Node ${version}. Install a current Node from https://nodejs.org and run the command again.`;
}

/**
 * Whether every package that `lock` asks for is among those that npm noted as `installed` (node_modules/.package-lock.json).
 * Optional packages may be missing (they are for other machines), other versions may not.
 *
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockEntry
 * @param {{ packages: Record<string, LockEntry> }} lock
 * @param {{ packages: Record<string, LockEntry> }} installed
 */
export function isInstalled(lock, installed) {
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    const found = installed.packages[path];
    if (!found) return Boolean(wanted.optional || wanted.devOptional);
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/**
 * Runs npm and waits for it.
 *
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 */
export function npm(args, options) {
  // npm names itself to the scripts that it runs; on Windows `npm` alone would need a shell.
  const self = process.env.npm_execpath;
  if (self && basename(self) === 'npm-cli.js') return spawnSync(process.execPath, [self, ...args], options);
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** Installs the packages when they are missing or package-lock.json has changed since. Returns whether they are there now. */
export function ensureInstalled() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (existsSync(hidden) && isInstalled(lock, JSON.parse(readFileSync(hidden, 'utf8')))) return true;
  console.error('Installing the packages (npm ci); the first time this fetches a few hundred MB ...');
  const { status, error } = npm(['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // Without this the installer of onnxruntime-node downloads CUDA's libraries wherever it finds CUDA.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: process.env.ONNXRUNTIME_NODE_INSTALL ?? 'skip' },
  });
  if (status === 0) return true;
  console.error(`npm ci failed${error ? ` (${error.message})` : ''}: see the lines above, then run the command again.`);
  return false;
}

/** TypeScript as a native program, which takes a sixth of the time. Version 6 stays for what parses with it in JavaScript. */
const COMPILER = 'node_modules/typescript-native';
/** Its program, below the project's folder. */
export const TSC = `${COMPILER}/bin/tsc`;

/** What the compiled library depends on besides its sources. */
const CONFIGURATION = ['tsconfig.json', 'tsconfig.build.json', 'scripts/bundle.js', 'assets/ui/chart-math.js'];

/** Fingerprint of everything that the compiled library depends on. */
function sourceStamp() {
  const hash = createHash('sha256');
  const compiler = JSON.parse(readFileSync(join(root, COMPILER, 'package.json'), 'utf8')).version;
  hash.update(compiler);
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  for (const file of [...CONFIGURATION.map((name) => join(root, name)), ...sources]) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

const stampFile = join(root, '.cache/build-stamp');

/** Whether `dist` and `build` were compiled from the sources as they are now. */
export function isBuilt() {
  return (
    existsSync(join(root, 'dist/lib/index.js')) &&
    existsSync(join(root, 'build/lib/index.js')) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === sourceStamp()
  );
}

/** Has the next command that needs `dist` compile it again: for a build whose types turned out to be wrong. */
export function forgetBuild() {
  rmSync(stampFile, { force: true });
}

/** @typedef {{ ok: boolean, output: string }} Outcome */

/** Runs a Node script and its arguments. @param {string[]} args @returns {Outcome} */
function run(...args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` };
}

/**
 * Compiles `src` module by module into `modules`, a folder of the project's, and from these what the package has into `dist`.
 * The compiler's complaints are in `output`.
 *
 * @param {{ modules: string, dist: string }} folders
 * @param {boolean} [checked] whether types are checked; only where something else does may it be false, which takes a third of the time
 * @returns {Outcome}
 */
function compileInto({ modules, dist }, checked = true) {
  const check = checked ? '--noEmitOnError' : '--noCheck';
  const args = [TSC, '-p', join(root, 'tsconfig.build.json'), '--outDir', modules, check];
  const compiled = run(...args);
  return compiled.ok ? run(join(root, 'scripts/bundle.js'), modules, dist) : compiled;
}

/**
 * Compiles `src` into a folder, as the package has it.
 *
 * @param {string} dist
 * @returns {Outcome}
 */
export function compile(dist) {
  const modules = temporaryModules();
  try {
    return compileInto({ modules, dist });
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
}

/** Modules import files of the project by paths that hold one level below its folder. */
const temporaryModules = () => join(root, `build-${process.pid}`);

/**
 * Compiles `src` into `dist`, which the package has, and module by module into `build`, for scripts and benchmarks. A failed
 * build leaves the previous one as it was; a good one leaves no file of deleted sources.
 *
 * @param {{ checked?: boolean }} [options] see `compileInto`
 * @returns {Outcome}
 */
export function build({ checked } = {}) {
  const modules = temporaryModules();
  const dist = join(root, `.cache/dist-${process.pid}`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  try {
    const stamp = sourceStamp();
    const result = compileInto({ modules, dist }, checked);
    if (!result.ok) return result;
    rmSync(stampFile, { force: true });
    for (const [name, fresh] of Object.entries({ dist, build: modules })) {
      rmSync(join(root, name), { recursive: true, force: true });
      renameSync(fresh, join(root, name));
    }
    writeFileSync(stampFile, stamp);
    return result;
  } finally {
    for (const fresh of [modules, dist]) rmSync(fresh, { recursive: true, force: true });
  }
}
