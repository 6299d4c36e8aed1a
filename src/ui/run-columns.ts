// The columns that a table of runs can have, which of them distinguish the runs, and which are shown by default.

import { importanceOf, type Observation } from '../lib/base/importance.js';
import { parameterText } from '../lib/tracking/log/parameters.js';
import { ATTRIBUTE_NAMES, fieldName } from '../lib/tracking/query/run-fields.js';
import type { RunSummary } from '../lib/tracking/stored/run-summary.js';
import { inMetricOrder, METRICS_FIRST } from './metric-words.js';

/** An available column. */
export interface RunColumn {
  /** The name in filters and orders: `metrics.flicker_ratio`, ``params.`learning rate` ``, `status`. */
  readonly field: string;
  readonly kind: 'params' | 'metrics' | 'tags' | 'attributes';
  readonly key: string;
  /** Whether its values differ between the runs that have it: a run without it is not different. */
  readonly differs: boolean;
  /** Number of runs that have it. */
  readonly count: number;
}

/** The most columns of parameters and of metrics shown by default. */
const OWN_COLUMNS = { params: 4, metrics: 5 };
/** The most metrics by which settings are ordered. */
const DECIDING_METRICS = 2;
const ATTRIBUTES = ATTRIBUTE_NAMES.filter((name) => !['run_name', 'status', 'folder'].includes(name));

/** All available columns, in the order of the menu. */
export function columnsOf(runs: readonly RunSummary[]): RunColumn[] {
  const params = tally(runs, ({ parameters }) => parameters, parameterText);
  const metrics = tally(
    runs,
    (run) => run.metrics,
    ({ last }) => last,
  );
  const tags = tally(
    runs,
    (run) => run.tags,
    (text) => text,
  );
  const listed = (kind: RunColumn['kind'], seen: ReadonlyMap<string, Seen>): RunColumn[] =>
    [...seen].map(([key, { count, differs }]) => ({
      field: fieldName(kind, key),
      kind,
      key,
      count,
      differs,
    }));
  const weights = new Map([...params].filter(([, { differs }]) => differs).map(([key]) => [key, weightOf(runs, key)]));
  const weight = ({ key }: RunColumn): number => weights.get(key) ?? -1;
  const byCount = listed('metrics', metrics).sort((a, b) => inMetricOrder(a.key, b.key) || b.count - a.count);
  return [
    ...listed('params', params).sort(
      (a, b) => Number(b.differs) - Number(a.differs) || weight(b) - weight(a) || b.count - a.count,
    ),
    ...byCount,
    ...listed('tags', tags),
    ...ATTRIBUTES.map((key) => ({
      field: key,
      kind: 'attributes' as const,
      key,
      differs: true,
      count: runs.length,
    })),
  ];
}

/** The default columns. */
export function ownColumns(columns: readonly RunColumn[]): string[] {
  const chosen = (kind: 'params' | 'metrics', admits: (column: RunColumn) => boolean): string[] =>
    columns
      .filter((column) => column.kind === kind && admits(column))
      .slice(0, OWN_COLUMNS[kind])
      .map(({ field }) => field);
  return [...chosen('params', ({ differs }) => differs), ...chosen('metrics', () => true)];
}

/** The settings that differ between runs that have them, the most important first. */
export function differingSettings(runs: readonly RunSummary[]): string[] {
  return columnsOf(runs).flatMap(({ kind, key, differs }) => (kind === 'params' && differs ? key : []));
}

/** How much a setting matters to the first metrics that these runs have. */
function weightOf(runs: readonly Pick<RunSummary, 'parameters' | 'metrics'>[], key: string): number {
  const having = runs.filter(({ parameters }) => Object.hasOwn(parameters, key));
  const metrics = METRICS_FIRST.filter((metric) => having.some((run) => isNumber(run.metrics[metric]?.last)));
  const weights = metrics.slice(0, DECIDING_METRICS).map((metric) =>
    importanceOf(
      having.flatMap(({ parameters, metrics: own }): Observation[] => {
        const last = own[metric]?.last;
        return isNumber(last) ? [[parameterText(parameters[key]), last]] : [];
      }),
    ),
  );
  return Math.max(0, ...weights);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

interface Seen {
  readonly first: unknown;
  count: number;
  differs: boolean;
}

function tally<T>(
  runs: readonly RunSummary[],
  of: (run: RunSummary) => Readonly<Record<string, T>>,
  text: (value: T) => unknown,
): Map<string, Seen> {
  const found = new Map<string, Seen>();
  for (const run of runs) {
    const values = of(run);
    for (const key in values) {
      const value = text(values[key]);
      const seen = found.get(key);
      if (seen === undefined) found.set(key, { first: value, count: 1, differs: false });
      else {
        seen.count++;
        if (seen.first !== value) seen.differs = true;
      }
    }
  }
  return found;
}
