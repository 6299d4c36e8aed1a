// @ts-check
// Native TensorFlow for the tests of engine `tfjs`, made from parts of the registries alone, since the package's own installer
// downloads from elsewhere: `node scripts/tfjs-node.js` compiles @tensorflow/tfjs-node against the libraries of PyPI's
// tensorflow-cpu, into .cache/tfjs-node. Linux x64 with g++ and pip; nothing of Python is run but pip.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm, root } from './setup.js';

const VERSIONS = { node: '4.22.0', tensorflow: '2.15.0' };
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

const folder = join(root, '.cache/tfjs-node');

/** The folder of the package, for `STEADYFRAME_TEST_TFJS`. */
export const tfjsNode = join(folder, 'node_modules/@tensorflow/tfjs-node');

/** Why native TensorFlow is not here; undefined if it is. */
export function tfjsNodeMissing() {
  if (existsSync(join(folder, 'done'))) return undefined;
  return 'native TensorFlow is not here: node scripts/tfjs-node.js compiles it';
}

/**
 * Runs a command and stops at its failure.
 *
 * @param {string} what
 * @param {import('node:child_process').SpawnSyncReturns<string | Buffer>} result
 */
function check(what, { status, error }) {
  if (status !== 0) throw new Error(`${what} failed${error ? `: ${error.message}` : ''}; see the lines above`);
}

/** Takes the libraries and headers out of the wheel, which is a zip archive. */
const UNPACK = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith('tensorflow/include/t') or name in ['tensorflow/' + library for library in sys.argv[2:]]:
            wheel.extract(name)
`;

function build() {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('only Linux x64 is known here');
  const work = `${folder}-${process.pid}`;
  mkdirSync(work, { recursive: true });
  /** @type {import('node:child_process').SpawnSyncOptions} */
  const here = { cwd: work, stdio: ['ignore', 2, 2] };
  writeFileSync(join(work, 'package.json'), '{ "private": true }');
  const packages = [`@tensorflow/tfjs-node@${VERSIONS.node}`, 'node-api-headers@1.5.0'];
  check('npm install', npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], here));
  const platform = ['--platform', 'manylinux2014_x86_64', '--python-version', '3.11', '--only-binary', ':all:'];
  const wheel = `tensorflow-cpu==${VERSIONS.tensorflow}`;
  check('pip download', spawnSync('python3', ['-m', 'pip', 'download', '--no-deps', ...platform, wheel], here));
  const file = readdirSync(work).find((name) => name.endsWith('.whl'));
  check('unpacking the wheel', spawnSync('python3', ['-c', UNPACK, String(file), ...LIBRARIES], here));
  rmSync(join(work, String(file)));

  const place = join(work, 'node_modules/@tensorflow/tfjs-node');
  mkdirSync(join(place, 'deps/lib'), { recursive: true });
  mkdirSync(join(place, 'lib/napi-v8'), { recursive: true });
  for (const library of LIBRARIES) renameSync(join(work, 'tensorflow', library), join(place, 'deps/lib', library));
  const include = [
    '-I',
    join(work, 'node_modules/node-api-headers/include'),
    '-I',
    place,
    '-I',
    join(work, 'tensorflow/include'),
  ];
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(place, 'binding', name));
  const libraries = LIBRARIES.map((library) => join(place, 'deps/lib', library));
  const output = ['-o', join(place, 'lib/napi-v8/tfjs_binding.node'), '-Wl,-rpath,$ORIGIN/../../deps/lib'];
  const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', ...include];
  check('g++', spawnSync('g++', [...flags, ...sources, ...output, ...libraries], here));
  rmSync(join(work, 'tensorflow'), { recursive: true });
  writeFileSync(join(work, 'done'), '');
  rmSync(folder, { recursive: true, force: true });
  renameSync(work, folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (tfjsNodeMissing()) build();
  console.log(tfjsNode);
}
