// Counts the positional parameters of functions in parsed sources. parameters.test.ts checks a limit for src.

import ts from 'typescript';
import type { SourceFile } from './imports.js';

/** A function or a method with its file, name and number of positional parameters. */
export interface FoundFunction {
  name: string;
  parameters: number;
}

/** All functions of a file, including types: declarations, methods, and arrow functions by the name they are assigned to. */
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
