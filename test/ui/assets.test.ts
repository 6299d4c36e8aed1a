// Style sheets and scripts of the dashboard: all are used and free of type errors, and a page has at most one script.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { root, TSC } from '../../scripts/setup.js';
import {
  COMPARISON_SCRIPTS,
  COMPARISON_STYLES,
  comparisonAssets,
  LIST_STYLES,
  servedAsset,
} from '../../src/ui/ui-assets.js';
import { scratchFolder } from '../tracking/scratch.js';

const folder = join(root, 'assets/ui');
const scratch = scratchFolder();

/** A module and its imported modules. */
function withImports(name: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(folder, name), 'utf8');
  for (const [, from] of text.matchAll(/^import .* from '\.\/(.*)';$/gm)) withImports(from, found);
  return found;
}

describe('scripts and styles of the dashboard', () => {
  it('are all used', () => {
    const list = [...withImports('list.js')];
    const scripts = COMPARISON_SCRIPTS.map((name) => `${name}.js`);
    const styles = [...new Set([...COMPARISON_STYLES, ...LIST_STYLES])].map((name) => `${name}.css`);
    const types = 'chart-math.d.ts'; // for src/lib/report
    expect(
      readdirSync(folder)
        .filter((name) => name !== types)
        .sort(),
    ).toEqual([...new Set([...list, ...scripts, ...styles])].sort());
  });

  it('become one script, in which no two names clash and each is known before it is used', () => {
    const { script } = comparisonAssets();
    expect(script).not.toMatch(/^\s*(import|export)\b/m);
    expect(script).not.toMatch(/<\/script|<!--/i);
    const path = join(scratch, 'script.mjs');
    writeFileSync(path, script);
    expect(spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' }).stderr).toBe('');
    const known = new Set<string>();
    for (const name of COMPARISON_SCRIPTS) {
      for (const from of withImports(`${name}.js`)) if (from !== `${name}.js`) expect(known).toContain(from);
      known.add(`${name}.js`);
    }
  });

  it('are handed out by their names alone', () => {
    expect(fileURLToPath(servedAsset('ui/list.js')!)).toBe(join(folder, 'list.js'));
    for (const path of [
      'ui/../report/main.js',
      'ui/x/list.js',
      'ui/list.ts',
      '/ui/list.js',
      'other/list.js',
      'ui/.js',
    ]) {
      expect(servedAsset(path)).toBeUndefined();
    }
  });

  it('are free of type errors', () => {
    const args = [TSC, '-p', 'test/ui/page-scripts.json'];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
