// A chart of the study: normalised warping error over edit strength, each arm as its mean over the cases.

import { TRUTH } from '../../lib/recipe/result.js';
import type { Chart, ChartLine } from '../../lib/report/chart-picture.js';
import type { StudyRow, StudyTable } from './study-table.js';

/** The chart: the plain model over its strengths, each training over its guidance scales, and the true styled shots. */
export function studyChart({ rows, cases }: StudyTable): Chart {
  const point = ({ editStrength, warpingErrorNormalised }: StudyRow): [number, number] => [
    editStrength.mean,
    warpingErrorNormalised.mean,
  ];
  const plain = rows.filter(({ kind }) => kind === 'plain').map(point);
  const trainings = new Map<string, [number, number][]>();
  for (const row of rows.filter(({ kind }) => kind === 'tuned')) {
    const label = legend(row.arm);
    trainings.set(label, [...(trainings.get(label) ?? []), point(row)]);
  }
  const truth = rows.filter(({ arm }) => arm === TRUTH).map(point);
  const lines: ChartLine[] = [
    { label: 'plain', points: plain.sort((a, b) => a[0] - b[0]) },
    ...[...trainings].map(([label, points]) => ({ label, points })),
    { label: 'truth', points: truth },
  ];
  return {
    title: `Warping error over variance, mean of ${cases.length === 1 ? '1 case' : `${cases.length} cases`}: lower is steadier`,
    xLabel: 'edit strength (mean absolute difference to the source, 0..255)',
    marked: true,
    lines,
  };
}

/** `rendering-path-true-guidance-2` is `second, true`. */
function legend(arm: string): string {
  const [form, edit] = [
    arm.startsWith('noised-original') ? 'first' : 'second',
    arm.includes('-true') ? 'true' : 'picked',
  ];
  return `${form}, ${edit}`;
}
