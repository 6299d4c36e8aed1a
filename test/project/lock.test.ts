// package-lock.json is complete for `npm ci`: npm 11 refuses a lock without a package, even one for another platform.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';

interface Entry {
  version?: string;
  resolved?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const lock: Record<string, Entry> = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;

/** Whether a package at `path` finds `name` in its own node_modules or one above. */
function finds(path: string, name: string, packages: Record<string, Entry>): boolean {
  if (packages[`${path ? `${path}/` : ''}node_modules/${name}`]) return true;
  if (path === '') return false;
  const up = path.lastIndexOf('/node_modules/');
  return finds(up < 0 ? '' : path.slice(0, up), name, packages);
}

function missing(packages: Record<string, Entry>): string[] {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !finds(path, name, packages))
      .map((name) => `${path} needs ${name}`),
  );
}

describe('package-lock.json', () => {
  it('lists every package that another one needs', () => {
    expect(missing(lock)).toEqual([]);
    const { 'node_modules/@biomejs/cli-win32-x64': _, ...without } = lock;
    expect(missing(without)).toEqual(['node_modules/@biomejs/biome needs @biomejs/cli-win32-x64']);
  });

  it('names no registry', () => {
    const named = Object.entries(lock).filter(([, { resolved, link }]) => resolved && !link);
    expect(named.map(([path]) => path)).toEqual([]);
  });

  it('has a decision in package.json about every install script', () => {
    const { allowScripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const scripted = Object.entries(lock).filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript);
    const names = scripted.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(names.filter((name) => !(name in allowScripts)).sort()).toEqual([]);
  });
});
