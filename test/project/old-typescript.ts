// TypeScript 5.0 as in notebooks: tslab's compiler with its fixed options, and a search for `any`.

import ts from '@tslab/typescript-for-tslab';

/** tslab's options (its converter.ts), except that declarations are checked too. */
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  esModuleInterop: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  declaration: true,
  experimentalDecorators: true,
  resolveJsonModule: true,
  jsx: ts.JsxEmit.React,
  allowJs: true,
  checkJs: true,
  skipLibCheck: false,
  types: ['node'],
  noEmit: true,
};

/** Cache of parsed declarations: of the language, of installed packages and of this one. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Compiles files with that compiler. `folder` is the base of package resolution. */
export function compileAsNotebook(files: readonly string[], folder: string): ts.Program {
  const host = ts.createCompilerHost(OPTIONS);
  const parse = host.getSourceFile;
  host.getCurrentDirectory = () => folder;
  host.getSourceFile = (name, ...rest) => {
    if (!name.endsWith('.d.ts')) return parse(name, ...rest);
    if (!parsed.has(name)) parsed.set(name, parse(name, ...rest));
    return parsed.get(name);
  };
  return ts.createProgram([...files], OPTIONS, host);
}

/** Diagnostics of the files whose path starts with `folder`, one line each. */
export function complaints(program: ts.Program, folder: string): string[] {
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ].map(({ file, start, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (!file) return text;
    const { line } = file.getLineAndCharacterOfPosition(start ?? 0);
    return `${file.fileName.slice(folder.length)}:${line + 1}: ${text}`;
  });
}

/** The exports of a module that `file` imports as `specifier`. */
function exportsOf(program: ts.Program, file: string, specifier: string): ts.Symbol[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const node = source?.statements.filter(ts.isImportDeclaration).map((statement) => statement.moduleSpecifier);
  const found = node?.find((literal) => ts.isStringLiteral(literal) && literal.text === specifier);
  const module = found && checker.getSymbolAtLocation(found);
  return module ? checker.getExportsOfModule(module) : [];
}

/** The names of a module's exports, including types. */
export function exportedNames(program: ts.Program, file: string, specifier: string): string[] {
  return exportsOf(program, file, specifier).map(({ name }) => name);
}

/**
 * Paths to every `any` in a module's exports: parameters, results, properties and elements, recursively for types declared
 * under `folder`.
 */
export function findAny(program: ts.Program, file: string, specifier: string, folder: string): string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const found: string[] = [];
  const seen = new Set<ts.Type>();
  if (!source) return [`${file} is not part of the program`];

  const ours = (type: ts.Type) =>
    !type.symbol?.declarations?.length ||
    type.symbol.declarations.some((declaration) => declaration.getSourceFile().fileName.startsWith(folder));

  const walk = (type: ts.Type, path: string): void => {
    if (type.flags & ts.TypeFlags.Any) found.push(path);
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) walk(part, path);
    for (const argument of type.aliasTypeArguments ?? []) walk(argument, `${path}<>`);
    if (!(type.flags & ts.TypeFlags.Object)) return;
    if ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) {
      for (const argument of checker.getTypeArguments(type as ts.TypeReference)) walk(argument, `${path}<>`);
    }
    if (!ours(type)) return;
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.parameters) {
        walk(checker.getTypeOfSymbolAtLocation(parameter, source), `${path}(${parameter.name})`);
      }
      walk(signature.getReturnType(), `${path}()`);
    }
    for (const property of type.getProperties()) {
      if (property.name === 'prototype') continue;
      walk(checker.getTypeOfSymbolAtLocation(property, source), `${path}.${property.name}`);
    }
    for (const { type: element } of checker.getIndexInfosOfType(type)) walk(element, `${path}[]`);
  };

  for (const exported of exportsOf(program, file, specifier)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.Type) walk(checker.getDeclaredTypeOfSymbol(symbol), exported.name);
    if (symbol.flags & ts.SymbolFlags.Value) walk(checker.getTypeOfSymbolAtLocation(symbol, source), exported.name);
  }
  return found;
}
