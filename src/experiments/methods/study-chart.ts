// A chart of the study: the true warping error relative to the recipe over the network's passes a frame.

import type { Chart } from '../../lib/report/chart-picture.js';
import type { StudyRow, StudyTable } from './study-table.js';

/** The chart for models finetuned on the true edit: a line for each family of methods, those without one left out. */
export function studyChart({ rows, cases }: StudyTable): Chart {
  const families = new Map<string, [number, number][]>();
  for (const row of rows.filter(({ edit, judged }) => edit === 'true' && judged > 0)) {
    if (row.family) families.set(row.family, [...(families.get(row.family) ?? []), pointOf(row)]);
  }
  return {
    title: `True warping error, the recipe's = 1, mean of ${cases.length === 1 ? '1 case' : `${cases.length} cases`}`,
    xLabel: 'passes of the network a frame',
    marked: true,
    lines: [...families].map(([label, points]) => ({ label, points: points.sort((a, b) => a[0] - b[0]) })),
  };
}

const pointOf = ({ values }: StudyRow): [number, number] => [values.passes.mean, values.trueError.mean];
