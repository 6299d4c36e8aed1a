// The modules of `src` as the build has compiled them, for tests that run right after it: Node loads these itself, in place of
// vitest, which would compile every one again for each project and reach every name that one takes from another by a lookup.

import { dirname, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vite';

const SOURCES = resolve('src');
const BUILT = resolve('build');

/** Paths of compiled modules, which vitest is to leave to Node (`server.deps.external`). */
export const BUILT_MODULES: RegExp = /[\\/]build[\\/](lib|cli|ui|experiments)[\\/].*\.js$/;

/** Has an import of a module under `src` load the one under `build`. */
export const builtModules: Plugin = {
  name: 'steadyframe:built-modules',
  enforce: 'pre',
  resolveId(id, importer) {
    if (!importer || !id.startsWith('.')) return undefined;
    const path = relative(SOURCES, resolve(dirname(importer), id));
    if (path.startsWith(`..${sep}`)) return undefined;
    return { id: resolve(BUILT, path.replace(/\.ts$/, '.js')), external: true };
  },
};
