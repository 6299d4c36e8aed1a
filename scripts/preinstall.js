// @ts-check
// Runs when npm installs this package, before the scripts of its dependencies. On Linux x64 the one of onnxruntime-node
// would fetch 300 MB of CUDA files from NuGet, GPU or not, and where that fails npm gives up the whole installation. It
// leaves out files that are there already, so an empty file is put where each is missing. Device `cuda` is asked for by name
// and says how to get the real ones; the CPU never opens them. ONNXRUNTIME_NODE_INSTALL has its meaning: then nothing is
// done here.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const { env, platform, arch } = process;

/** Paths of the files that onnxruntime-node's script would fetch on this platform. */
function fetched() {
  const script = dirname(require.resolve('onnxruntime-node/script/install.js'));
  const { requirements, manifests } = require(join(script, 'install-metadata.js'));
  const binaries = join(script, '../bin/napi-v6', platform, arch);
  /** @type {string[]} */
  const names = requirements[`${platform}/${arch}`] ?? [];
  return names
    .flatMap((name) => Object.keys(manifests[`${platform}/${arch}:${name}`]))
    .map((file) => join(binaries, file));
}

/**
 * Makes an empty file unless there is one.
 *
 * @param {string} file
 */
function placehold(file) {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, '', { flag: 'wx' });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
}

if (!env.ONNXRUNTIME_NODE_INSTALL && !env.npm_config_onnxruntime_node_install) {
  try {
    for (const file of fetched()) placehold(file);
  } catch {
    // Installed in another order or another layout: onnxruntime-node then does as it would without this package.
  }
}
