// @ts-check
// `node scripts/bundle.js MODULES DIST`: joins the compiled modules into few files, which load in two thirds of the time, and
// puts the types of the library beside them. Commands still load only what they need: actions are imported when they run.

import { chmodSync, cpSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const [modules, dist] = process.argv.slice(2).map((path) => resolve(path));

/** What is started or imported from outside: the library, the command, and the program of a sweep's workers. */
const ENTRIES = ['lib/index', 'cli/main', 'lib/sweeps/jobs/worker'];

const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((name) => [name, join(modules, `${name}.js`)])),
  platform: 'node',
  // Packages stay packages.
  external: (id) => !/^[./]|^[A-Z]:/i.test(id),
  treeshake: false,
  onLog(_, { message }) {
    throw new Error(message);
  },
});
await bundle.write({
  dir: dist,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
chmodSync(join(dist, 'cli/main.js'), 0o755);

for (const path of readdirSync(join(modules, 'lib'), { recursive: true, encoding: 'utf8' })) {
  if (path.endsWith('.d.ts')) cpSync(join(modules, 'lib', path), join(dist, 'lib', path));
}
