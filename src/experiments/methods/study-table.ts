// The table of the study: every method relative to the recipe's rendering of the same case and edit, at the same edit
// strength.

import { type Spread, spread } from '../../lib/base/mean.js';
import { textColumns } from '../../lib/base/text-columns.js';
import { isOwnMotion, type MetricName } from '../../lib/metrics/measurement.js';
import type { MethodPoint, MethodResult } from './judge-method.js';
import { type Base, METHODS, REFERENCE } from './methods.js';

/** The strength of the rendering to which all are compared. */
const REFERENCE_STRENGTH = 0.45;
/** Share of the edit strength by which a method may miss that of the reference. */
const TOLERANCE = 0.03;

/** How a quantity is given: as it is, or relative to the reference's. */
interface Column {
  readonly title: string;
  readonly digits: number;
  readonly relative: boolean;
  readonly of: (point: MethodPoint) => number | null | undefined;
  readonly metric?: MetricName;
}

const metric = (title: string, name: MetricName, relative = true): Column => ({
  ...{ title, relative, digits: 2, metric: name },
  of: ({ metrics }) => metrics[name],
});

/** The columns, all at equal edit strength. */
export const COLUMNS = {
  trueError: metric('true error', 'warping_error_true_normalised'),
  disError: metric('DIS', 'warping_error_dis_normalised'),
  farnebackError: metric('Farneback', 'warping_error_normalised'),
  trueDrift: metric('true drift', 'long_range_drift_true'),
  motion: metric('difference / source', 'flicker_ratio', false),
  jumps: metric('second difference', 'second_difference'),
  truthError: { title: 'error to truth', digits: 2, relative: true, of: ({ truthError }) => truthError },
  car: { title: 'car', digits: 2, relative: false, of: ({ carCorrelation }) => carCorrelation },
  carriedSource: { title: 'source carried', digits: 2, relative: false, of: ({ carriedSource }) => carriedSource },
  passes: { title: 'passes', digits: 1, relative: false, of: ({ passes }) => passes },
  seconds: { title: 's a frame', digits: 2, relative: false, of: ({ seconds }) => seconds },
} satisfies Record<string, Column>;

/** The name of a column. */
export type ColumnName = keyof typeof COLUMNS;

/** One method from one kind of edit, over the cases. */
export interface StudyRow {
  readonly method: string;
  readonly label: string;
  readonly family?: string;
  /** The edit that the reference's model learned. */
  readonly edit: Exclude<Base, 'plain'>;
  /** Cases in which it has a video of the reference's edit strength, and cases in all. */
  readonly judged: number;
  readonly cases: number;
  /** Means over the judged cases, and their standard deviations. */
  readonly values: Readonly<Record<ColumnName, Spread>>;
  /** Columns that are judged along the motion by which the method moved pixels. */
  readonly own: readonly ColumnName[];
}

/** The whole table. */
export interface StudyTable {
  readonly cases: readonly string[];
  readonly rows: readonly StudyRow[];
}

/** The rows of all methods over all results. */
export function studyTable(results: readonly MethodResult[]): StudyTable {
  const cases = [...new Set(results.map((result) => result.case))];
  const rows = (['true', 'picked'] as const).flatMap((edit) =>
    METHODS.flatMap((method): StudyRow[] => {
      const found = results.filter((result) => result.method === method.name);
      const isThere = results.some(({ case: name }) => referenceOf(results, name, edit));
      if (found.length === 0 || !isThere) return [];
      const base: Base = method.on.includes(edit) ? edit : 'plain';
      const judged = found.flatMap((result) => {
        const reference = referenceOf(results, result.case, edit);
        const points = result.points.filter((point) => point.base === base);
        const values = reference && atStrengthOf(reference, points);
        return values ? [values] : [];
      });
      const names = Object.keys(COLUMNS) as ColumnName[];
      return [
        {
          ...{ method: method.name, label: method.label, edit, ...(method.family && { family: method.family }) },
          ...{ judged: judged.length, cases: found.length },
          values: Object.fromEntries(
            names.map((name) => [
              name,
              spread(judged.map((values) => values[name]).filter((value) => !Number.isNaN(value))),
            ]),
          ) as StudyRow['values'],
          own: names.filter((name) => {
            const { metric } = COLUMNS[name] as Column;
            return metric !== undefined && isOwnMotion(metric, method.motion);
          }),
        },
      ];
    }),
  );
  return { cases, rows };
}

function referenceOf(results: readonly MethodResult[], name: string, edit: Base): MethodPoint | undefined {
  const reference = results.find((result) => result.case === name && result.method === REFERENCE);
  return reference?.points.find(({ base, strength }) => base === edit && strength === REFERENCE_STRENGTH);
}

/** All columns at the reference's edit strength, between the two videos beside it; undefined where it is not reached. */
export function atStrengthOf(
  reference: MethodPoint,
  points: readonly MethodPoint[],
): Record<ColumnName, number> | undefined {
  const edit = (point: MethodPoint): number => point.metrics.edit_strength ?? Number.NaN;
  const sorted = [...points].sort((a, b) => edit(a) - edit(b));
  const wanted = edit(reference);
  const last = sorted.length - 1;
  if (last < 0 || edit(sorted[0]) > wanted * (1 + TOLERANCE) || edit(sorted[last]) < wanted * (1 - TOLERANCE)) {
    return undefined;
  }
  const above = Math.min(
    Math.max(
      0,
      sorted.findIndex((point) => edit(point) >= wanted),
    ),
    last,
  );
  const high = edit(sorted[last]) < wanted ? sorted[last] : sorted[above];
  const low = edit(high) > wanted && above > 0 ? sorted[above - 1] : high;
  const share = high === low ? 0 : (wanted - edit(low)) / (edit(high) - edit(low));
  const entries = Object.entries<Column>(COLUMNS).map(([name, { of, relative }]) => {
    const value = (1 - share) * (of(low) ?? Number.NaN) + share * (of(high) ?? Number.NaN);
    return [name, relative ? value / (of(reference) ?? Number.NaN) : value];
  });
  return Object.fromEntries(entries) as Record<ColumnName, number>;
}

/** The table as text; a star marks what is judged along the method's own motion. */
export function formatStudy({ cases, rows }: StudyTable): string {
  const names = Object.keys(COLUMNS) as ColumnName[];
  const head = ['edit', 'method', 'cases', ...names.map((name) => COLUMNS[name].title)];
  const lines = rows.map(({ edit, label, judged, cases: all, values, own }) => [
    edit,
    label,
    `${judged}/${all}`,
    ...names.map((name) => {
      const { mean: value } = values[name];
      return `${Number.isFinite(value) ? value.toFixed(COLUMNS[name].digits) : '-'}${own.includes(name) ? '*' : ''}`;
    }),
  ]);
  return [
    `${cases.length} cases: ${cases.join(', ')}`,
    ...textColumns([head, ...lines]),
    'errors, drift, second difference and error to truth: relative to the recipe at the same edit strength',
    '* along the motion by which the method moved pixels',
  ].join('\n');
}
