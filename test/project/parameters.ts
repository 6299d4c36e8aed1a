// How many positional parameters functions have, in parsed sources. The test beside it holds src to a limit.

import ts from 'typescript';
import type { SourceFile } from './imports.js';

/** A function or a method, named by its file and itself, with its number of positional parameters. */
export interface FoundFunction {
  name: string;
  parameters: number;
}

/** All functions of a file: declarations, methods, and arrows by what they are assigned to. Types of functions count too. */
export function functionsOf({ path, text }: SourceFile): FoundFunction[] {
  const found: FoundFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      found.push({ name: `${path} ${nameOf(node)}`, parameters: node.parameters.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

function nameOf(node: ts.SignatureDeclaration): string {
  const named = node.name ? node : node.parent;
  const name = (named as ts.NamedDeclaration).name;
  return name ? name.getText() : 'unnamed';
}
