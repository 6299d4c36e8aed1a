// Sorts runs as MLflow's `order_by` does.

import type { RunSummary } from '../stored/run-summary.js';
import { assertFieldLength, parseField, type RunField } from './run-fields.js';

/**
 * An order by fields, the first one deciding: `metrics.flicker_ratio`, `params.strength DESC`, `-metrics.psnr`. Texts that
 * are numbers are compared as numbers. Runs without the field, or with NaN there, come last either way; ties, the newest run
 * first.
 *
 * @throws UsageError for a field that does not exist
 */
export function orderRuns(by: readonly string[]): RunOrder {
  const keys = by.map(parseOrder);
  const order = (runs: readonly RunSummary[]): RunSummary[] => [...runs].sort((a, b) => compareBy(keys, a, b));
  return Object.assign(order, { fields: keys.map(({ field }) => field) });
}

/** A function that sorts runs, and the fields that it reads. */
export interface RunOrder {
  (runs: readonly RunSummary[]): RunSummary[];
  readonly fields: readonly RunField[];
}

interface OrderKey {
  readonly field: RunField;
  readonly direction: 1 | -1;
}

function parseOrder(text: string): OrderKey {
  assertFieldLength('the order', text);
  const [, minus, name, word = 'asc'] = /^\s*(-?)(.*?)(?:\s+(asc|desc))?\s*$/is.exec(text)!;
  const descending = (minus === '-') !== (word.toLowerCase() === 'desc');
  return { field: parseField(`the order '${text}'`, name), direction: descending ? -1 : 1 };
}

function compareBy(keys: readonly OrderKey[], a: RunSummary, b: RunSummary): number {
  for (const { field, direction } of keys) {
    const [left, right] = [sortable(field.of(a)), sortable(field.of(b))];
    if (left === right) continue;
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
    return (left < right ? -1 : 1) * direction;
  }
  return a.start === b.start ? (a.id < b.id ? -1 : 1) : a.start < b.start ? 1 : -1;
}

function sortable(value: string | number | undefined): string | number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && !Number.isNaN(number)) return number;
  return typeof value === 'string' ? value : undefined;
}
