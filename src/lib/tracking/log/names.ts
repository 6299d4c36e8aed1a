// Valid names of experiments, runs, parameters, metrics and artifacts: those that MLflow accepts too, so that nothing is
// renamed later.

import { UsageError } from '../../base/errors.js';

const LONGEST = 250;

/**
 * Checks the key of a parameter, metric or tag: letters, digits and `_ - . / space`, at most 250 characters, and no path
 * that leads elsewhere when written as one (`../x`, `/x`, `a//b`).
 *
 * @param what its kind in the error: `metric`
 * @throws UsageError naming the key
 */
export function assertKey(what: string, key: string): void {
  const remedy = 'use letters, digits and _ - . / or spaces';
  if (key === '' || !/^[\p{L}\p{N}_\-./ ]+$/u.test(key)) {
    throw new UsageError(`the ${what} '${key}' cannot be called that; ${remedy}`);
  }
  if (key.length > LONGEST) {
    throw new UsageError(
      `the ${what} '${key.slice(0, 40)}...' has ${key.length} characters, expected at most ${LONGEST}`,
    );
  }
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new UsageError(
      `the ${what} '${key}' reads like a path that leads elsewhere; leave out empty parts, '.' and '..'`,
    );
  }
}

/** A valid folder name: every character except letters, digits, `_`, `-` and `.` becomes a dash. */
export function folderName(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N}_.-]+/gu, '-')
      .replace(/^[.-]+|-+$/g, '')
      .slice(0, 120) || 'run'
  );
}

/**
 * The folder name of an experiment, which is its name.
 *
 * @throws UsageError when it is not a valid folder name
 */
export function assertExperiment(name: string): void {
  if (name !== '' && name === folderName(name)) return;
  throw new UsageError(
    `the experiment '${name}' cannot be called that; use letters, digits and _ - . like 'strength-sweep'`,
  );
}

/** A text without the users and passwords of its URLs: `https://ann:secret@host/` becomes `https://host/`. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"]*@/gi, '$1');
}

/** A JSON value without the credentials in its URLs; values that JSON cannot hold become texts. */
export function withoutCredentialsDeep(value: unknown): unknown {
  if (typeof value === 'string') return withoutCredentials(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(withoutCredentialsDeep);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return String(value);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, withoutCredentialsDeep(inner)])
      .filter(([, inner]) => inner !== undefined),
  );
}
