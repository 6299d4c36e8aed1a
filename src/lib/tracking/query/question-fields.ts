// Names in a filter or an order that no run has: probably a typing error, which would otherwise give an empty list.

import { nearestName } from '../../base/nearest-name.js';
import type { RunSummary } from '../stored/run-summary.js';
import { fieldName, type RunField } from './run-fields.js';

/** The kinds of fields with keys chosen by users. */
type Kind = Exclude<RunField['kind'], 'attributes'>;

/** Longer keys are no typing errors. */
const LONGEST = 200;

/**
 * A sentence for each field that none of the runs has: `no run has metrics.flicker; did you mean metrics.flicker_ratio?`.
 * None where there are no runs to judge by.
 */
export function questionFields(runs: readonly RunSummary[], fields: readonly RunField[]): string[] {
  const asked = fields.filter(({ kind, of }) => kind !== 'attributes' && runs.every((run) => of(run) === undefined));
  if (runs.length === 0 || asked.length === 0) return [];
  const known: Record<Kind, Set<string>> = { metrics: new Set(), params: new Set(), tags: new Set() };
  for (const { metrics, parameters, tags } of runs) {
    for (const key in metrics) known.metrics.add(key);
    for (const key in parameters) known.params.add(key);
    for (const key in tags) known.tags.add(key);
  }
  return [...new Set(asked.map(({ kind, key }) => question(known, kind as Kind, key)))];
}

function question(known: Readonly<Record<Kind, ReadonlySet<string>>>, kind: Kind, key: string): string {
  const asked = fieldName(kind, key.length > LONGEST ? `${key.slice(0, 40)}...` : key);
  // The same name of another kind is suggested before a similar one of the same kind.
  const same = (Object.keys(known) as Kind[]).find((other) => known[other].has(key));
  if (same !== undefined) return `no run has ${asked}; did you mean ${fieldName(same, key)}?`;
  const names = [...known[kind]].sort();
  const near = key.length > LONGEST ? undefined : (holding(names, key) ?? nearestName(key, names));
  if (near !== undefined) return `no run has ${asked}; did you mean ${fieldName(kind, near)}?`;
  if (names.length === 0) return `no run has ${asked}, nor any other of ${kind}`;
  const some = names.slice(0, 6).map((name) => fieldName(kind, name));
  return `no run has ${asked}; there are ${some.join(', ')}${names.length > some.length ? ', ...' : ''}`;
}

/** The shortest name that contains a key, those that start with it first. */
function holding(names: readonly string[], key: string): string | undefined {
  const wanted = key.toLowerCase();
  const rank = (name: string): number => name.length + (name.toLowerCase().startsWith(wanted) ? 0 : 1000);
  return names.filter((name) => name.toLowerCase().includes(wanted)).sort((a, b) => rank(a) - rank(b))[0];
}
