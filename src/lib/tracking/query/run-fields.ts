// What filters, orders and columns can ask of a run: `metrics.flicker_ratio`, `params.strength`, `tags.x`,
// `attributes.status`.

import { UsageError } from '../../base/errors.js';
import { parameterText } from '../log/parameters.js';
import type { RunSummary } from '../stored/run-summary.js';

/** A value that runs can be compared by; undefined where the run has none. */
export type FieldValue = string | number | undefined;

/** What to ask of a run. */
export interface RunField {
  readonly kind: 'metrics' | 'params' | 'tags' | 'attributes';
  /** The key, or the attribute. */
  readonly key: string;
  readonly of: (run: RunSummary) => FieldValue;
}

/** Kinds by all of their names in MLflow's search. */
const KINDS: Readonly<Record<string, RunField['kind']>> = {
  metric: 'metrics',
  metrics: 'metrics',
  param: 'params',
  params: 'params',
  parameter: 'params',
  parameters: 'params',
  tag: 'tags',
  tags: 'tags',
  attribute: 'attributes',
  attributes: 'attributes',
  attr: 'attributes',
  run: 'attributes',
};

/** Attributes; times are in milliseconds since 1970, `duration` in seconds. */
const ATTRIBUTES: Readonly<Record<string, (run: RunSummary) => FieldValue>> = {
  run_id: ({ id }) => id,
  run_name: ({ name }) => name,
  experiment: ({ experiment }) => experiment,
  status: ({ status }) => status,
  start_time: ({ start }) => Date.parse(start),
  end_time: ({ end }) => (end === undefined ? undefined : Date.parse(end)),
  duration: ({ start, end }) => (end === undefined ? undefined : (Date.parse(end) - Date.parse(start)) / 1000),
  user_id: ({ user }) => user,
  parent: ({ parent }) => parent,
  key: ({ key }) => key,
  device: ({ device }) => device,
  version: ({ version }) => version,
  host: ({ machine }) => machine.host,
  commit: ({ git }) => git?.commit,
  branch: ({ git }) => git?.branch,
  command: ({ command }) => command,
  error: ({ error }) => error,
  folder: ({ folder }) => folder,
};

/** The attributes that are times. */
export const TIME_ATTRIBUTES: readonly string[] = ['start_time', 'end_time'];

/** Other names of attributes, those of MLflow among them. */
const SYNONYMS: Readonly<Record<string, string>> = {
  id: 'run_id',
  name: 'run_name',
  'run name': 'run_name',
  created: 'start_time',
  start: 'start_time',
  end: 'end_time',
  user: 'user_id',
};

/** Names of all attributes. */
export const ATTRIBUTE_NAMES: readonly string[] = Object.keys(ATTRIBUTES);

/**
 * What `word.key` asks for, or `word` alone, which is an attribute.
 *
 * @param what as errors shall name it, such as `the column 'x'`
 * @throws UsageError for a kind or attribute that does not exist
 */
export function runField(what: string, word: string, key: string | undefined): RunField {
  if (key === undefined) return attribute(what, word);
  const kind = KINDS[word];
  switch (kind) {
    case 'metrics':
      return { kind, key, of: ({ metrics }) => (Object.hasOwn(metrics, key) ? Number(metrics[key].last) : undefined) };
    case 'params':
      return {
        kind,
        key,
        of: ({ parameters }) => (Object.hasOwn(parameters, key) ? parameterText(parameters[key]) : undefined),
      };
    case 'tags':
      return { kind, key, of: ({ tags }) => (Object.hasOwn(tags, key) ? tags[key] : undefined) };
    case 'attributes':
      return attribute(what, key.toLowerCase());
    default:
      throw new UsageError(`${what} asks for '${word}.', expected metrics., params., tags. or attributes.`);
  }
}

function attribute(what: string, name: string): RunField {
  const key = SYNONYMS[name] ?? name;
  if (Object.hasOwn(ATTRIBUTES, key)) return { kind: 'attributes', key, of: ATTRIBUTES[key] };
  const kinds = name in KINDS ? `'${name}' needs a key, as in ${name}.strength` : `there is no attribute '${name}'`;
  throw new UsageError(
    `${what}: ${kinds}; write metrics.KEY, params.KEY, tags.KEY or one of ${ATTRIBUTE_NAMES.join(', ')}`,
  );
}

/** A field as filters, orders and columns name it: `status`, `metrics.flicker_ratio`, ``params.`learning rate` ``. */
export function fieldName(kind: RunField['kind'], key: string): string {
  if (kind === 'attributes') return key;
  return `${kind}.${/^[\p{L}_][\p{L}\p{N}_.]*$/u.test(key) ? key : `\`${key}\``}`;
}

/** Characters of the longest name of a field. */
const LONGEST = 1000;

/**
 * Checks the length of a text that names a field.
 *
 * @throws UsageError for a longer one than anyone writes
 */
export function assertFieldLength(what: string, text: string): void {
  if (text.length <= LONGEST) return;
  throw new UsageError(`${what}: a field of ${text.length} characters, expected at most ${LONGEST}`);
}

/**
 * The field that a column or an order names: `metrics.flicker_ratio`, ``params.`learning rate` ``, `status`.
 *
 * @throws UsageError when there is no such field
 */
export function parseField(what: string, text: string): RunField {
  assertFieldLength(what, text);
  const [, word, quoted, key = quoted] =
    /^\s*([\p{L}_][\p{L}\p{N}_]*)(?:\.(?:[`"](.+)[`"]|(.+?)))?\s*$/u.exec(text) ?? [];
  if (word === undefined)
    throw new UsageError(`${what}: '${text}' is no field; write metrics.KEY, params.KEY, tags.KEY or an attribute`);
  return runField(what, word.toLowerCase(), key);
}
