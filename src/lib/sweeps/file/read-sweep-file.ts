// Reads a sweep file and reports mistakes with file, line, key and what was expected. sweep-schema.ts defines its contents.

import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import type { Document, LineCounter } from 'yaml';
import type { z } from 'zod';
import { brief } from '../../base/brief.js';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { nearestName } from '../../base/nearest-name.js';
import { yaml } from '../../base/yaml.js';
import { findControl, findModel } from '../../models/hub/find-model.js';
import { LONGEST_YAML, parseYaml, tooLong } from './parse-yaml.js';
import { SETTING_NAMES, TOP_SETTINGS } from './point-settings.js';
import { mapPaths } from './setting-paths.js';
import { SWEEP_SCHEMA, type Sweep } from './sweep-schema.js';

/** A parsed sweep file. */
export interface SweepFile {
  readonly path: string;
  readonly name: string;
  readonly sweep: Sweep;
}

type Issue = z.core.$ZodIssue;

/** Maximum number of mistakes in one error. */
const MOST_TOLD = 20;

/**
 * Reads a sweep file, YAML or JSON. Paths in it are relative to its folder.
 *
 * @throws UsageError naming every mistake with its line
 */
export async function readSweepFile(path: string): Promise<SweepFile> {
  const fail = (error: NodeJS.ErrnoException): never => {
    if (error.code === 'ENOENT') throw new UsageError(`${path}: no such file; expected a sweep in YAML or JSON`);
    throw new UsageError(`${path}: cannot be read (${error.code})`, { cause: error });
  };
  const about = await stat(path).catch(fail);
  if (about.isDirectory()) throw new UsageError(`${path}: is a folder; expected a sweep in YAML or JSON`);
  if (!about.isFile()) throw new UsageError(`${path}: is no file; expected a sweep in YAML or JSON`);
  if (about.size > 4 * LONGEST_YAML) throw tooLong(path, about.size, 'a sweep');
  const text = await readFile(path, 'utf8').catch(fail);
  const sweep = parseSweep(text, path);
  const folder = dirname(resolve(path));
  const name = sweep.name ?? (basename(path, extname(path)).replace(/[^\w.-]+/g, '-') || 'sweep');
  return { path, name, sweep: withAbsolutePaths(sweep, folder) };
}

/**
 * Parses the text of a sweep file; `path` is its name in errors.
 *
 * @throws UsageError naming every mistake with its line
 */
export function parseSweep(text: string, path: string): Sweep {
  const { document, lines, data } = parseYaml(text, path, 'a sweep');
  if (data === null || data === undefined) {
    throw new UsageError(`${path}: is empty; expected a sweep with method, video, model and parameters`);
  }
  const parsed = SWEEP_SCHEMA.safeParse(data);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // An issue of an object as a whole is a consequence of a misspelt key in it.
  const misspelt = issues.filter(({ code, path: at }) => code === 'unrecognized_keys' && at.length > 0);
  const follows = (issue: Issue): boolean =>
    issue.code === 'custom' && misspelt.some((other) => other.path.every((key, i) => issue.path[i] === key));
  const told = issues.filter((issue) => !follows(issue));
  const sentences = told.slice(0, MOST_TOLD).flatMap((issue) => describe(issue, { path, document, lines, data }));
  const distinct = [...new Set(sentences)];
  const more = distinct.length > MOST_TOLD || told.length > MOST_TOLD ? ['there is more to correct'] : [];
  throw new UsageError([...distinct.slice(0, MOST_TOLD), ...more].join('.\n'));
}

/** A parsed file with the positions of its keys. */
interface ParsedFile {
  readonly path: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly data: unknown;
}

/** The messages about one mistake. */
function describe(issue: Issue, { path, document, lines, data }: ParsedFile): string[] {
  const keys = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MOST_TOLD + 1).map((key) => {
      const at = [...keys, key];
      return `${path}${lineOf(document, lines, at)}: ${written(at)} is not known; ${remedyFor(keys, key)}`;
    });
  }
  const where = `${path}${lineOf(document, lines, keys)}: ${keys.length === 0 ? 'the file' : written(keys)}`;
  if (issue.code === 'custom') return [`${where} ${issue.message}`];
  const value = keys.reduce<unknown>((at, key) => (at as Record<string | number, unknown> | undefined)?.[key], data);
  const given = value === undefined ? 'is missing' : `is ${shown(value)}`;
  return [`${where} ${given}, expected ${expected(issue)}${hint(keys, value)}`];
}

function expected(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        { int: 'a whole number', number: 'a number', string: 'a text', array: 'a list', tuple: 'a list of two' }[
          issue.expected as string
        ] ?? (['object', 'record'].includes(issue.expected) ? 'keys with values' : String(issue.expected))
      );
    case 'too_small':
      if (issue.origin === 'array') return 'at least one entry';
      if (issue.origin === 'string') return 'a text that is not empty';
      return `a number ${issue.inclusive ? 'of at least' : 'above'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'array') return `at most ${issue.maximum} entries`;
      return `a number ${issue.inclusive ? 'of at most' : 'below'} ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'invalid_format':
      return 'letters, digits, spaces, dots and dashes';
    case 'invalid_union':
      return issue.message.startsWith('expected ')
        ? issue.message.slice('expected '.length)
        : "a file's path, or keys with file and more about it";
    default:
      return issue.message;
  }
}

/** A hint for a common mistake. */
function hint(keys: readonly (string | number)[], value: unknown): string {
  if (keys.length === 2 && keys[0] === 'parameters' && (typeof value !== 'object' || value === null)) {
    return `: {value: ${shown(value)}}`;
  }
  if (keys[0] === 'parameters' && keys[2] === 'values' && keys.length === 3) return `, such as [${shown(value)}]`;
  return '';
}

function remedyFor(keys: readonly (string | number)[], key: string): string {
  if (keys.length === 0 && (SETTING_NAMES.all as readonly string[]).includes(key)) {
    return 'put it under parameters, as {value: ...}';
  }
  const schema = keys.reduce<unknown>((at, part) => shapeOf(at)?.[part], SWEEP_SCHEMA);
  const known = Object.keys(shapeOf(schema) ?? {}).filter((name) => name !== '$schema');
  const near = nearestName(key, known);
  return near === undefined ? `the keys there are ${known.join(', ')}` : `did you mean ${near}?`;
}

function shapeOf(schema: unknown): Record<string | number, unknown> | undefined {
  const inner = schema as { unwrap?: () => unknown; shape?: Record<string, unknown> } | undefined;
  return inner?.shape ?? (inner?.unwrap ? shapeOf(inner.unwrap()) : undefined);
}

/** `:7`, the line of the deepest existing key of a path. */
function lineOf(document: Document, lines: LineCounter, keys: readonly (string | number)[]): string {
  const { isMap, isNode, isPair, isScalar } = yaml();
  for (let length = keys.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(keys.slice(0, length - 1), true);
    const last = keys[length - 1];
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === last)
      : undefined;
    const node = isPair(pair) ? pair.key : document.getIn(keys.slice(0, length), true);
    if (isNode(node) && node.range) return `:${lines.linePos(node.range[0]).line}`;
  }
  return '';
}

/** `parameters.strength.values[1]`. */
function written(keys: readonly (string | number)[]): string {
  return keys.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${brief(key)}`)).join('');
}

function shown(value: unknown): string {
  return brief(typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value)));
}

/** The sweep with absolute paths; those in the file are relative to its folder. */
function withAbsolutePaths(sweep: Sweep, folder: string): Sweep {
  const fix = (name: string, value: unknown): unknown => (value === undefined ? value : absolute(name, value, folder));
  const top = Object.fromEntries(TOP_SETTINGS.map((name) => [name, fix(name, sweep[name])]));
  const parameters = Object.fromEntries(
    Object.entries(sweep.parameters).map(([name, given]) => [
      name,
      {
        ...given,
        ...(given.value !== undefined && { value: fix(name, given.value) }),
        ...(given.values !== undefined && { values: given.values.map((value) => fix(name, value)) }),
      },
    ]),
  );
  return { ...sweep, ...given(top), parameters } as Sweep;
}

function absolute(name: string, value: unknown, folder: string): unknown {
  return mapPaths(name, value, (path, kind) => {
    if (kind === 'file') return resolve(folder, path);
    return kind === 'model' ? findModel(path, folder) : findControl(path, folder);
  });
}
