// The published package: its contents, and whether tools, bundlers and notebooks can read it.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { compileAsNotebook, complaints, exportedNames, findAny } from './old-typescript.js';
import { packPackage } from './packed.js';

// Inside the project, so that the package's dependencies are found as in an installation by npm.
mkdirSync(join(root, '.cache'), { recursive: true });
const temporary = mkdtempSync(join(root, '.cache/package-'));
const folder = join(temporary, 'package');
const consumer = join(temporary, 'consumer');
let tarball: Uint8Array;
let packed: readonly string[];

beforeAll(() => {
  const made = packPackage(temporary);
  packed = made.files;
  tarball = readFileSync(made.tarball);

  mkdirSync(join(consumer, 'node_modules'), { recursive: true });
  // A separate package, because otherwise Node would resolve the name to the project around it.
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true }');
  symlinkSync(folder, join(consumer, 'node_modules/steadyframe'), 'junction');
});

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

describe('the packed files', () => {
  it('are the compiled library, its assets, both models and the texts about it', () => {
    const weights = 'models/demo/unet/diffusion_pytorch_model.safetensors';
    const some = ['package.json', 'README.md', 'LICENSE', 'dist/lib/index.js', 'scripts/preinstall.js', weights];
    expect(packed).toEqual(expect.arrayContaining(some));
    const compiled = /^dist\/(lib\/.+\.d\.ts|(lib\/index|cli\/main|lib\/sweeps\/jobs\/worker|chunks\/[\w-]+)\.js)$/;
    const beside =
      /^(package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|examples\/[a-z.]+|assets\/.+|scripts\/preinstall\.js|models\/(demo|flow)\/.+\.(json|txt|md|safetensors))$/;
    expect(packed.filter((path) => !compiled.test(path) && !beside.test(path))).toEqual([]);
    expect(tarball.length).toBeLessThan(30e6);
  });

  it('hold the types of each source of the library, and few files of code', () => {
    const types = readdirSync(join(root, 'src/lib'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `dist/lib/${path.split(sep).join('/').slice(0, -3)}.d.ts`);
    expect(packed.filter((path) => /^dist\/.*\.d\.ts$/.test(path)).sort()).toEqual(types.sort());
    expect(packed.filter((path) => /^dist\/.*\.js$/.test(path)).length).toBeLessThan(types.length / 2);
  });
});

describe('the manifest', () => {
  it('satisfies publint', async () => {
    const { messages, pkg } = await publint({ pack: { tarball: tarball.slice().buffer } });
    expect(messages.map((message) => formatMessage(message, pkg as Record<string, unknown>))).toEqual([]);
  });

  it('gives every way of importing its types', async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    const problems = 'problems' in result ? result.problems : ['no types found'];
    // The package is ESM only; CommonJS loads it with require(esm), which all supported Node versions have.
    expect(problems.filter((problem) => typeof problem === 'string' || problem.kind !== 'CJSResolvesToESM')).toEqual(
      [],
    );
  });
});

describe('a notebook (TypeScript 5.0, tslab options)', () => {
  /** Compiles a cell in `consumer`; returns its diagnostics and those of the package. */
  function compileCell(text: string): { cell: string; program: ReturnType<typeof compileAsNotebook> } {
    const cell = join(consumer, 'cell.ts');
    writeFileSync(cell, text);
    return { cell, program: compileAsNotebook([cell], consumer) };
  }

  it('can read every declaration file', () => {
    const files = packed.filter((path) => path.endsWith('.d.ts')).map((path) => join(folder, path));
    expect(complaints(compileAsNotebook(files, folder), folder)).toEqual([]);
  });

  it('sees the public names, and no `any` in them', () => {
    const { cell, program } = compileCell(`import * as steadyframe from 'steadyframe';\nexport default steadyframe;\n`);
    expect(complaints(program, temporary)).toEqual([]);
    expect(exportedNames(program, cell, 'steadyframe')).toEqual(
      expect.arrayContaining([
        ...['Tensor', 'tensor', 'randn', 'UsageError', 'FailureError', 'finetune', 'recipe', 'proposeEdits'],
        ...['loadModel', 'img2img', 'textToImage', 'openVideo', 'strengthSweep', 'compareSeeds', 'grid', 'metrics'],
      ]),
    );
    expect(findAny(program, cell, 'steadyframe', folder)).toEqual([]);
  });

  it('gets the types of what it calls', () => {
    const { program } = compileCell(`
      import { tensor, type Tensor } from 'steadyframe';
      const made: Tensor<'float32'> = tensor('float32', [2], new Float32Array(2));
      const data: Float32Array = made.data;
      // @ts-expect-error: a shape is no text, unless the types have turned into any
      const text: string = made.shape;
      export { data, text };
    `);
    expect(complaints(program, temporary)).toEqual([]);
  });

  it('sees what `await using` closes, in a compiler that knows neither the words nor the symbol', () => {
    const { program } = compileCell(`
      import { loadModel, startRun } from 'steadyframe';
      const opened = [await loadModel('demo'), await startRun({ experiment: 'e' })];
      const closed: Promise<void>[] = opened.map((each) => each[Symbol.asyncDispose]());
      // @ts-expect-error: a promise is no number, unless the types have turned into any
      const number: number = opened[0][Symbol.asyncDispose]();
      export { closed, number };
    `);
    expect(complaints(program, temporary)).toEqual([]);
  });

  it('can load the package with require, as compiled cells do', () => {
    const script = `console.log(typeof require('steadyframe').tensor)`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: consumer, encoding: 'utf8' });
    expect(stdout.trim(), stderr).toBe('function');
  });

  it('would be refused newer syntax, and told of `any`', () => {
    const newer = join(temporary, 'newer.d.ts');
    writeFileSync(
      newer,
      'export declare function bytes(): Uint8Array<ArrayBuffer>;\nexport interface T { list: { each(item: Array<NoInfer<string>>): void } }\n',
    );
    const cell = join(temporary, 'newer-cell.ts');
    writeFileSync(cell, `import * as newer from './newer';\nexport default newer;\n`);
    const program = compileAsNotebook([cell], temporary);
    expect(complaints(program, temporary)).toEqual([
      `${sep}newer.d.ts:1: Type 'Uint8Array' is not generic.`,
      `${sep}newer.d.ts:2: Cannot find name 'NoInfer'.`,
    ]);
    expect(findAny(program, cell, './newer', temporary)).toEqual(['bytes()', 'T.list.each(item)<>']);
  });
});
