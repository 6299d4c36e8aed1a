// Messages of the library are valid for callers of the library and users of the command.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';

/** Files whose messages still name flags of the command. Remove fixed ones; add none. */
const STILL_FLAGS = ['edits/edits-folder.ts', 'edits/sidecar.ts', 'training/finetune/encode-items.ts'];

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }));

/** The strings in a file, templates with ... in place of expressions. */
function textsOf(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    if (ts.isTemplateExpression(node))
      found.push([node.head, ...node.templateSpans.map((span) => span.literal)].map((part) => part.text).join('...'));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

it('no message of the library names a flag of the command; whole commands may', () => {
  const flagged = sources
    .filter(({ path, text }) => /^(lib|ui)\//.test(path) && text.includes('--'))
    .filter(({ path, text }) =>
      textsOf(path, text).some(
        (each) => /[ (]--[a-z]/.test(each) && !/(steadyframe \w+|mlflow) |--serve-artifacts/.test(each),
      ),
    )
    .map(({ path }) => path.replace(/^lib\//, ''));
  expect(flagged.filter((path) => !STILL_FLAGS.includes(path))).toEqual([]);
});

it('environment variables are read in one file, and passed on by the terminal', () => {
  const reading = sources.filter(({ text }) => /process\.env\b/.test(text)).map(({ path }) => path);
  expect(reading.sort()).toEqual(['cli/terminal.ts', 'lib/base/environment.ts']);
});

it('warnings go to standard error in one form', () => {
  const printing = sources.filter(({ text }) => /console\.(warn|error)\(/.test(text)).map(({ path }) => path);
  expect(printing).toEqual([]);
  const worded = sources.filter(({ text }) => text.includes('steadyframe: warning')).map(({ path }) => path);
  expect(worded).toEqual(['lib/base/warn.ts']);
});
