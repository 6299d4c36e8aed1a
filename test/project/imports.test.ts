// Holds src to the table of folders, and shows on made-up sources that each rule can fail.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { breaches, cycles, importsOf, packagesLoadedWith } from './imports.js';

const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.[mc]?tsx?$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((file) => ({ path: relative(root, file).split(sep).join('/'), text: readFileSync(file, 'utf8') }));

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

describe('imports of src', () => {
  it('point upwards in the table of folders only', () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(breaches(sources, dependencies)).toEqual([]);
  });

  it('never run in a circle', () => {
    expect(cycles(sources)).toEqual([]);
  });
});

describe('imports of the command', () => {
  const inFolder = (folder: string) => sources.filter(({ path }) => path.startsWith(folder));

  it('are static but for one action a command, and what main.ts loads to report a damaged installation', () => {
    const dynamic = inFolder('src/cli/').flatMap((file) =>
      importsOf(file).flatMap(({ specifier, dynamic }) => (dynamic ? [`${file.path}: ${specifier}`] : [])),
    );
    const actions = inFolder('src/cli/commands/').map(
      ({ path }) => `src/cli/commands.ts: ./actions/${path.split('/').at(-1)!.replace(/ts$/, 'js')}`,
    );
    expect(actions.length).toBeGreaterThan(0);
    expect(dynamic.sort()).toEqual([...actions, 'src/cli/main.ts: ./command-process.js'].sort());
  });

  it('load no package but commander before an action', () => {
    expect(packagesLoadedWith('src/cli/main.ts', sources)).toEqual([]);
    expect(packagesLoadedWith('src/cli/command-process.ts', sources)).toEqual(['commander']);
  });
});

describe('the rules', () => {
  const one = (path: string, text: string) => breaches([{ path, text }], ['zod', 'onnxruntime-node']);

  it('see every form of import', () => {
    const text = `
      import a from './a.js';
      import type { B } from './b.js';
      import { type C } from './c.js';
      import { type D, d } from './d.js';
      import './e.js';
      import * as f from './f.js';
      export * from './g.js';
      export type { H } from './h.js';
      export const i = () => import('./i.js');
      export type J = import('./j.js').J;
      const k = require('./k.js');
      const comment = "import './l.js'";`;
    const seen = importsOf({ path: 'src/lib/base/x.ts', text });
    expect(seen.map(({ specifier }) => specifier.slice(2, 3)).join('')).toBe('abcdefghijk');
    expect(seen.filter(({ typeOnly }) => typeOnly).map(({ specifier }) => specifier.slice(2, 3))).toEqual([
      'b',
      'h',
      'j',
    ]);
  });

  it('allow what stands before', () => {
    expect(one('src/lib/models/unet.ts', `import { op } from '../graph/op.js'; import './vae.js';`)).toEqual([]);
    expect(one('src/lib/index.ts', `export { plot } from './notebook/plot.js';`)).toEqual([]);
    expect(one('src/cli/main.ts', `import { serve } from '../ui/serve.js'; import '../lib/index.js';`)).toEqual([]);
    expect(one('src/lib/engine/onnx/run.ts', `import * as ort from 'onnxruntime-node'; import 'node:fs';`)).toEqual([]);
  });

  it.each([
    ['a folder after it', 'src/lib/tensor/a.ts', `import { b } from '../graph/b.js';`],
    ['the type of a folder after it', 'src/lib/video/a.ts', `import type { V } from '../diffusion/v.js';`],
    ['anything but base from tracking', 'src/lib/tracking/a.ts', `import type { T } from '../tensor/t.js';`],
    ['the public surface from within', 'src/lib/sweeps/a.ts', `export * from '../index.js';`],
    ['the command from the library', 'src/lib/notebook/a.ts', `import('../../cli/main.js');`],
    ['something outside src', 'src/lib/base/a.ts', `import '../../../test/b.js';`],
    ['another experiment', 'src/experiments/one/a.ts', `import '../two/b.js';`],
    ['the list of experiments from one', 'src/experiments/one/a.ts', `import '../index.js';`],
    ['ONNX Runtime outside the engine', 'src/lib/models/a.ts', `import type { Tensor } from 'onnxruntime-node';`],
    ['a package that is not a dependency', 'src/lib/base/a.ts', `import { it } from 'vitest';`],
    ['a built-in module without its prefix', 'src/lib/base/a.ts', `import { join } from 'path';`],
    ['anything, from a folder that is not in the table', 'src/lib/helpers/a.ts', ''],
  ])('forbid importing %s', (_, path, text) => {
    expect(one(path, text)).toHaveLength(1);
  });

  it('find the packages that are loaded with a file', () => {
    const files = [
      {
        path: 'src/cli/a.ts',
        text: `import './b.js'; import type { Z } from 'zod'; import('yaml'); import 'node:fs';`,
      },
      { path: 'src/cli/b.ts', text: `import { C } from 'commander'; import type { D } from './c.js';` },
      { path: 'src/cli/c.ts', text: `import sharp from 'sharp';` },
    ];
    expect(packagesLoadedWith('src/cli/a.ts', files)).toEqual(['commander']);
  });

  it('find circles, of types too', () => {
    const circle = (first: string) => [
      { path: 'src/lib/base/a.ts', text: first },
      { path: 'src/lib/base/b.ts', text: `export { c } from './c.js';` },
      { path: 'src/lib/base/c.ts', text: `import { a } from './a.js';` },
    ];
    for (const first of [`import { b } from './b.js';`, `import type { B } from './b.js';`]) {
      expect(cycles(circle(first))).toEqual([['src/lib/base/a.ts', 'src/lib/base/b.ts', 'src/lib/base/c.ts']]);
    }
  });
});
