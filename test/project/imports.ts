// Allowed imports: the table of folders and the rules of src, applied to parsed sources. imports.test.ts applies them to
// src.

import { posix } from 'node:path';
import ts from 'typescript';

/** A source file: its path from the project's folder with forward slashes, and its text. */
export interface SourceFile {
  path: string;
  text: string;
}

/** One import of a file; `typeOnly` ones vanish in the compiled library, `dynamic` ones load when they are reached. */
export interface Import {
  specifier: string;
  typeOnly: boolean;
  dynamic: boolean;
}

/** Folders in the order of the data flow: each may import itself and those before it. `index` is src/lib/index.ts. */
export const FOLDERS = [
  'base',
  'tracking',
  'tensor',
  'graph',
  'engine',
  'settings',
  'models',
  'video',
  'conditions',
  'consistency',
  'diffusion',
  'metrics',
  'renderings',
  'edits',
  'training',
  'steady',
  'world',
  'sweeps',
  'report',
  'recipe',
  'notebook',
  'index',
  'experiments',
  'ui',
  'cli',
];

/** Packages that compute, by the only folder that may import them. */
const OWNERS: [pattern: RegExp, folder: string][] = [[/^(onnxruntime-|@tensorflow\/)/, 'engine']];

/** The page script that the library shares, and the only file that may import it. */
const SHARED_SCRIPT = { script: 'assets/ui/chart-math.ts', importer: 'src/lib/report/chart-math.ts' };

/** All imports of a file: declarations, re-exports, `import()`, `import('x').Type` and `require()`. */
export function importsOf(file: SourceFile): readonly Import[] {
  const found = seen.get(file) ?? findImports(file);
  seen.set(file, found);
  return found;
}

/** Imports of files that were parsed already. */
const seen = new WeakMap<SourceFile, readonly Import[]>();

function findImports({ path, text }: SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, typeOnly: boolean, dynamic = false) => {
    if (node && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, typeOnly, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type T }` becomes an empty import under verbatimModuleSyntax, so it counts as an import of values.
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    } else if (ts.isCallExpression(node)) {
      const called = node.expression;
      if (called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require')) {
        add(node.arguments[0], false, true);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** The folder of the table that contains a file, if any. */
export function folderOf(path: string): string | undefined {
  if (path === 'src/lib/index.ts') return 'index';
  const [, name] = path.match(/^src\/(?:lib\/)?([^/]+)\//) ?? [];
  return FOLDERS.includes(name) ? name : undefined;
}

/** The question that a file of src/experiments answers: its folder there. */
function experimentOf(path: string): string | undefined {
  return path.match(/^src\/experiments\/([^/]+)\//)?.[1];
}

/** The source path of a relative import. */
function target(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}

/** The package that an import by name comes from. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Every violation of the rules except cycles, one line each; `dependencies` are the packages installed with this one. */
export function breaches(files: readonly SourceFile[], dependencies: readonly string[]): string[] {
  const found: string[] = [];
  for (const file of files) {
    const folder = folderOf(file.path);
    if (!folder) {
      found.push(`${file.path} stands in no folder of the table`);
      continue;
    }
    for (const { specifier } of importsOf(file)) {
      const line = `${file.path} imports ${specifier}`;
      if (specifier.startsWith('.')) {
        const to = target(file.path, specifier);
        if (to === SHARED_SCRIPT.script && file.path === SHARED_SCRIPT.importer) continue;
        const other = folderOf(to);
        const experiment = experimentOf(file.path);
        if (!other) found.push(`${line}: outside the table`);
        else if (FOLDERS.indexOf(other) > FOLDERS.indexOf(folder))
          found.push(`${line}: ${other} comes after ${folder}`);
        else if (experiment && other === 'experiments' && experimentOf(to) !== experiment)
          found.push(`${line}: an experiment stands alone`);
      } else if (!specifier.startsWith('node:')) {
        const name = packageOf(specifier);
        if (!dependencies.includes(name))
          found.push(`${line}: ${name} is no dependency (built-in modules as node:...)`);
        for (const [pattern, owner] of OWNERS) {
          if (pattern.test(name) && folder !== owner) found.push(`${line}: only src/lib/${owner} may`);
        }
      }
    }
  }
  return found;
}

/** The packages that are loaded with a file: those that it, and what it imports statically, imports by name. */
export function packagesLoadedWith(entry: string, files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const packages = new Set<string>();
  const reached = new Set([entry]);
  for (const path of reached) {
    for (const { specifier, typeOnly, dynamic } of importsOf(byPath.get(path)!)) {
      if (typeOnly || dynamic || specifier.startsWith('node:')) continue;
      if (specifier.startsWith('.')) reached.add(target(path, specifier));
      else packages.add(packageOf(specifier));
    }
  }
  return [...packages].sort();
}

/** Import cycles, including types, each as its files in order. */
export function cycles(files: readonly SourceFile[]): string[][] {
  const needs = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => target(file.path, specifier)),
    ]),
  );
  const found: string[][] = [];
  const done = new Set<string>();
  const follow = (path: string, trail: string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(trail.slice(start));
    if (start >= 0 || done.has(path)) return;
    for (const next of needs.get(path) ?? []) follow(next, [...trail, path]);
    done.add(path);
  };
  for (const path of needs.keys()) follow(path, []);
  return found;
}
