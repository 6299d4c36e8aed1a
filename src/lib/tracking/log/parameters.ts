// The parameters of a run: settings as a flat list, nested ones by their path.

import { UsageError } from '../../base/errors.js';
import { canonicalJson } from '../../base/hash.js';
import type { ParameterValue } from '../stored/run-record.js';
import { assertKey, withoutCredentialsDeep } from './names.js';

/** Settings, nested to any depth; undefined ones are left out. */
export type NestedParameters = Readonly<Record<string, unknown>>;

/**
 * Flattens settings: `{denoise: {steps: 50}}` becomes `{'denoise.steps': 50}`; lists stay lists.
 *
 * @throws UsageError for an invalid key
 */
export function flattenParameters(parameters: NestedParameters): Record<string, ParameterValue> {
  const flat: Record<string, ParameterValue> = {};
  const visit = (value: unknown, path: string): void => {
    if (value === undefined) return;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path ? `${path}.${key}` : key);
    } else {
      assertKey('parameter', path);
      flat[path] = value as ParameterValue;
    }
  };
  visit(withoutCredentialsDeep(parameters), '');
  return flat;
}

/** A parameter as a text, the form that filters and MLflow compare: texts unchanged, lists as JSON. */
export function parameterText(value: ParameterValue): string {
  return typeof value === 'string' ? value : value === null ? 'null' : JSON.stringify(value);
}

/**
 * Adds parameters to those of a run. A parameter that is set cannot change.
 *
 * @throws UsageError naming the parameter, its value and the other value
 */
export function mergeParameters(
  run: string,
  before: Readonly<Record<string, ParameterValue>>,
  more: Readonly<Record<string, ParameterValue>>,
): Record<string, ParameterValue> {
  for (const [key, value] of Object.entries(more)) {
    if (!Object.hasOwn(before, key) || canonicalJson(before[key]) === canonicalJson(value)) continue;
    throw new UsageError(
      `${run}: the parameter ${key} is ${parameterText(before[key])} and cannot become ${parameterText(value)}; start another run`,
    );
  }
  return { ...before, ...more };
}
