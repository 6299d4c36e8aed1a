// Parses untrusted YAML into plain data: one document, with merge keys and aliases. Size, depth and aliases are checked
// before anything is expanded.

import type { Document, LineCounter, Node, ParsedNode } from 'yaml';
import { UsageError } from '../../base/errors.js';
import { yaml } from '../../base/yaml.js';

/** A document with its data (undefined if there is none), and the offsets of its lines. */
export interface ParsedYaml {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly data: unknown;
}

/** Maximum length of a text in characters: longer ones take seconds, and no plan needs them. */
export const LONGEST_YAML = 256 * 1024;
/** Maximum number of values after expanding aliases. */
const MOST_VALUES = 100_000;
const DEEPEST = 32;
/** Maximum nesting of brackets and dashes: deeper texts are not parsed, because parsers recurse. */
const UNPARSED = 1000;

/**
 * Parses one document; `path` is its name in errors, `what` the expected kind of file.
 *
 * @throws UsageError with the line of the mistake
 */
export function parseYaml(text: string, path: string, what: string): ParsedYaml {
  if (text.length > LONGEST_YAML) throw tooLong(path, text.length, what);
  const source = text.replace(/^\uFEFF/, '');
  const { Document, LineCounter, parseAllDocuments } = yaml();
  const lines = new LineCounter();
  const at = (offset: number): string => `${path}:${lines.linePos(offset).line}`;
  const depth = depthOf(source);
  if (depth.deepest > UNPARSED) {
    throw new UsageError(`${path}:${depth.line}: is nested deeper than ${DEEPEST} levels; ${what} has fewer`);
  }
  const documents = parseAllDocuments(source, { lineCounter: lines, prettyErrors: false, merge: true });
  const [document, second] = documents as Document.Parsed[];
  if (document === undefined) return { document: new Document(), lines, data: undefined };
  const [error] = document.errors;
  if (error) {
    const said = error.code === 'DUPLICATE_KEY' ? 'this key stands twice in the same place' : error.message;
    throw new UsageError(`${at(error.pos[0])}: ${said.replace(/\.?\s*$/, '')}; correct the YAML`);
  }
  if (second) {
    throw new UsageError(`${at(second.range[0])}: a second document begins here; keep one, ${what} is one document`);
  }
  const [warning] = document.warnings;
  if (warning)
    throw new UsageError(`${at(warning.pos[0])}: ${warning.message.replace(/\.?\s*$/, '')}; leave the tag out`);
  checkNodes(document, at);
  return { document, lines, data: document.toJS({ maxAliasCount: -1 }) };
}

/** The error for a text of this number of characters (or bytes). */
export function tooLong(path: string, length: number, what: string): UsageError {
  return new UsageError(
    `${path}: is ${Math.ceil(length / 1024)} kB long, at most ${LONGEST_YAML / 1024} kB are read; ${what} is shorter`,
  );
}

/** The nesting depth of a text, and its line; needed before parsing, because parsers recurse. */
function depthOf(text: string): { deepest: number; line: number } {
  let [deepest, line, depth, at] = [0, 1, 0, 1];
  const see = (now: number): void => {
    if (now <= deepest) return;
    deepest = now;
    line = at;
  };
  for (const row of text.split('\n')) {
    // Each dash and question mark at the start of a line opens a level.
    const opened = /^[\s?:-]*/.exec(row)![0].match(/[-?]/g)?.length ?? 0;
    see(/^-+\s*$/.test(row) ? 0 : opened);
    for (const mark of row) {
      if (mark === '[' || mark === '{') see(++depth);
      else if (mark === ']' || mark === '}') depth = Math.max(0, depth - 1);
    }
    at++;
  }
  return { deepest, line };
}

/** Throws an error for cycles, too many values by aliases, and invalid keys and merges. */
function checkNodes(document: Document.Parsed, at: (offset: number) => string): void {
  const { isAlias, isMap, isSeq } = yaml();
  const sizes = new Map<Node, number>();
  const open = new Set<Node>();
  const where = (node: Node): string => at(node.range?.[0] ?? 0);
  const sizeOf = (node: Node | null, depth: number): number => {
    if (node === null) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    if (depth > DEEPEST)
      throw new UsageError(`${where(node)}: is nested deeper than ${DEEPEST} levels; write it flatter`);
    let size = 1;
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (!target) throw new UsageError(`${where(node)}: nothing is called &${node.source}; correct the YAML`);
      if (open.has(target)) throw new UsageError(`${where(node)}: *${node.source} stands within itself; write it out`);
      size = sizeOf(target, depth + 1);
    } else if (isSeq(node)) {
      open.add(node);
      for (const item of node.items) size += sizeOf(item as ParsedNode | null, depth + 1);
      open.delete(node);
    } else if (isMap(node)) {
      open.add(node);
      for (const { key, value } of node.items) {
        checkKey(key, value, document, where);
        size += sizeOf(value as ParsedNode | null, depth + 1);
      }
      open.delete(node);
    }
    if (size > MOST_VALUES) {
      throw new UsageError(`${where(node)}: its aliases stand for more than ${MOST_VALUES} values; write it shorter`);
    }
    sizes.set(node, size);
    return size;
  };
  sizeOf(document.contents, 0);
}

function checkKey(key: unknown, value: unknown, document: Document.Parsed, where: (node: Node) => string): void {
  const { isAlias, isMap, isScalar, isSeq } = yaml();
  if (!isScalar(key) || key.value === null) {
    const node = (key ?? value) as Node | null;
    throw new UsageError(`${node ? where(node) : 'YAML'}: a key is missing or is no word; correct the YAML`);
  }
  if (key.value === '__proto__') throw new UsageError(`${where(key)}: __proto__ is not known; leave it out`);
  const isMerge = typeof key.value === 'symbol' || key.source === '<<';
  if (!isMerge) return;
  const sources = isSeq(value) ? value.items : [value];
  for (const source of sources) {
    const resolved = isAlias(source) ? source.resolve(document) : source;
    if (!isMap(resolved))
      throw new UsageError(`${where(key)}: << takes keys with values, or a list of such; correct it`);
  }
}
