// Checks whether a JSON value is a run's record: every field that tables, filters and pages use has its type. Files of other
// programs may contain anything.

import { folderName } from '../log/names.js';
import { RUN_STATUSES } from './run-status.js';

/** The expected kind of a value, or the error within it; undefined if it is valid. */
type Check = (value: unknown) => string | Problem | undefined;

interface Problem {
  /** Path of the error: `metrics.loss.last`. */
  readonly place: string;
  readonly value: unknown;
  readonly expected: string;
}

/** Largest depth of lists and objects: code that walks through them is recursive. */
const DEEPEST = 64;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'a text');
const number: Check = (value) => (typeof value === 'number' ? undefined : 'a number');
const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
/** A number, or the text of one that JSON cannot hold. */
const jsonNumber: Check = (value) =>
  typeof value === 'number' || value === 'NaN' || value === 'Infinity' || value === '-Infinity'
    ? undefined
    : 'a number';
const scalar: Check = (value) =>
  typeof value === 'string' || typeof value === 'number' ? undefined : 'a text or number';
const parameter: Check = (value) =>
  typeof value !== 'object' || value === null || Array.isArray(value) ? undefined : 'a text, number or list';
const id: Check = (value) =>
  typeof value === 'string' && /^[0-9a-f]{32}$/.test(value) ? undefined : '32 hexadecimal digits';
const experiment: Check = (value) =>
  typeof value === 'string' && value !== '' && value === folderName(value) ? undefined : 'a name fit for a folder';

/** One of several words. */
function oneOf(words: readonly string[]): Check {
  return (value) => (words.includes(value as string) ? undefined : `one of ${words.join(', ')}`);
}

/** A valid time in the form of `toISOString`; 31 February is not valid. */
const time: Check = (value) => {
  const [, day] = (typeof value === 'string' && /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?Z$/.exec(value)) || [];
  const moment = day === undefined ? Number.NaN : Date.parse(value as string);
  const exists = !Number.isNaN(moment) && new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().startsWith(day!);
  return exists ? undefined : 'a time such as 2026-01-31T12:00:00.000Z';
};

/** A field that may be absent. */
function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value));
}

/** An object whose every value passes. */
function each(check: Check): Check {
  return (value) => {
    if (!isObject(value)) return 'an object';
    for (const key in value) {
      const problem = within(key, value[key], check);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

function list(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'a list';
    for (const [i, item] of value.entries()) {
      const problem = within(String(i), item, check);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** An object with these fields, and any others. */
function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (!isObject(value)) return 'an object';
    for (const key in checks) {
      const problem = within(key, Object.hasOwn(value, key) ? value[key] : undefined, checks[key]);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

function within(key: string, value: unknown, check: Check): Problem | undefined {
  const problem = check(value);
  if (problem === undefined) return undefined;
  const place = key.length > 40 ? `${key.slice(0, 40)}...` : key;
  return typeof problem === 'string'
    ? { place, value, expected: problem }
    : { ...problem, place: `${place}.${problem.place}` };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const RECORD = fields({
  id,
  name: text,
  experiment,
  status: oneOf(RUN_STATUSES),
  start: time,
  end: optional(time),
  parent: optional(text),
  key: optional(text),
  parameters: each(parameter),
  inputs: list(fields({ kind: text, name: text, sha256: text, path: optional(text), about: optional(each(scalar)) })),
  tags: each(text),
  version: text,
  git: optional(fields({ commit: text, branch: optional(text), dirty: optional(boolean) })),
  machine: fields({ host: text }),
  user: optional(text),
  command: optional(text),
  device: optional(text),
  error: optional(text),
  outside: optional(list(text)),
  metrics: optional(
    each(fields({ last: jsonNumber, step: number, time: number, min: jsonNumber, max: jsonNumber, count: number })),
  ),
});

/** The reason why a JSON value is no run's record: `start is 'x', expected a time`; undefined if it is one. */
export function recordProblem(value: unknown): string | undefined {
  if (isTooDeep(value)) return `it holds lists within lists, more than ${DEEPEST} deep`;
  const problem = RECORD(value);
  if (problem === undefined) return undefined;
  if (typeof problem === 'string') return `it is ${shown(value)}, expected ${problem}`;
  return `${problem.place} is ${shown(problem.value)}, expected ${problem.expected}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? `'${value.length > 40 ? `${value.slice(0, 40)}...` : value}'` : String(value);
}

/** Checks the depth level by level, because recursion could overflow. */
function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null
        ? Object.values(each).filter((inner) => typeof inner === 'object' && inner !== null)
        : [],
    );
  }
  return false;
}
