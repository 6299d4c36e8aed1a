// Which TensorFlow.js computes: the fastest of the packages that are installed.

import { createRequire } from 'node:module';
import { basename, isAbsolute } from 'node:path';
import { setWhereUnset, variable } from '../../base/environment.js';
import { FailureError, UsageError } from '../../base/errors.js';
import type { Device } from '../devices.js';
import type { Tfjs } from './api.js';
import type { Backend } from './steps.js';

/** A package that brings a backend, and the device of that backend. */
export interface TfjsPackage {
  readonly name: string;
  readonly backend: Backend;
  readonly device: Device;
}

/** The packages, in the order in which they are taken. */
export const PACKAGES: readonly TfjsPackage[] = [
  { name: '@tensorflow/tfjs-node-gpu', backend: 'tensorflow', device: 'cuda' },
  { name: '@tensorflow/tfjs-node', backend: 'tensorflow', device: 'cpu' },
  { name: '@tensorflow/tfjs-backend-wasm', backend: 'wasm', device: 'cpu' },
  { name: '@tensorflow/tfjs-backend-webgpu', backend: 'webgpu', device: 'webgpu' },
  { name: '@tensorflow/tfjs', backend: 'cpu', device: 'cpu' },
];

/** For tests: JavaScript without the packages around it. */
const BARE: TfjsPackage = { name: '@tensorflow/tfjs-backend-cpu', backend: 'cpu', device: 'cpu' };

const require = createRequire(import.meta.url);

function isInstalled(name: string): boolean {
  try {
    return require.resolve(name) !== '';
  } catch {
    return false;
  }
}

/**
 * The installed package to compute with, on `device` if it is given.
 *
 * @throws UsageError when none is installed, or none for the device
 */
export function findTfjs(device?: Device, installed: (name: string) => boolean = isInstalled): TfjsPackage {
  const candidates = PACKAGES.filter((known) => device === undefined || known.device === device);
  if (candidates.length === 0) {
    const devices = [...new Set(PACKAGES.map((known) => known.device))];
    throw new UsageError(`engine tfjs has no device ${device}; choose one of ${devices.join(', ')}, or engine onnx`);
  }
  const found = chosenForTests() ?? candidates.find(({ name }) => installed(name));
  if (found) return found;
  const names = candidates.map(({ name }) => name);
  if (names.length === 1) {
    throw new UsageError(
      `engine tfjs on device ${device} needs ${names[0]}, which is not installed: npm install ${names[0]}`,
    );
  }
  throw new UsageError(
    `engine tfjs needs a package of TensorFlow.js, and none is installed: npm install @tensorflow/tfjs-backend-wasm (${names.join(', ')} are taken, in this order)`,
  );
}

/** The package that the tests name, or the folder of one. */
function chosenForTests(): TfjsPackage | undefined {
  const name = variable('STEADYFRAME_TEST_TFJS');
  if (name === undefined) return undefined;
  const known = [...PACKAGES, BARE].find((one) => basename(one.name) === basename(name));
  if (!known)
    throw new UsageError(
      `STEADYFRAME_TEST_TFJS: '${name}' is no package of TensorFlow.js; name a package or its folder`,
    );
  return isAbsolute(name) ? { ...known, name } : known;
}

const opened = new Map<string, Promise<Tfjs>>();

/**
 * Loads a package, once.
 *
 * @param threads threads of native TensorFlow, for the first call in a process
 * @throws FailureError when it does not load or its backend does not start
 */
export function openTfjs(found: TfjsPackage, threads?: number): Promise<Tfjs> {
  const known = opened.get(found.name) ?? load(found, threads);
  opened.set(found.name, known);
  return known;
}

async function load({ name, backend }: TfjsPackage, threads?: number): Promise<Tfjs> {
  try {
    // Native TensorFlow reads these when it starts.
    if (threads !== undefined) setWhereUnset('TF_NUM_INTRAOP_THREADS', String(threads));
    setWhereUnset('TF_CPP_MIN_LOG_LEVEL', '2');
    const own = require(name) as Partial<Tfjs>;
    // A package that is a backend alone registers itself with the core beside it.
    const tf = own.tidy ? (own as Tfjs) : (createRequire(require.resolve(name))('@tensorflow/tfjs-core') as Tfjs);
    // Else it advertises and warns on the console.
    tf.enableProdMode();
    if (!(await tf.setBackend(backend))) throw new Error(`its backend ${backend} did not start`);
    await tf.ready();
    return tf;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
    throw new FailureError(
      `engine tfjs: ${name} is installed but cannot be used; install it again, or remove it and another one is taken (${reason})`,
    );
  }
}
