// The main scatter plot: edit strength against normalised warping error, with the plain model's curve.

import { type FigureLine, figure } from './figure.js';
import { type Html, html } from './html.js';
import type { ReportArm, ReportDecision, ReportMetric, ReportPoint, ReportValue } from './report-data.js';
import { describeMetric, withUnit } from './report-metrics.js';
import { seriesClasses } from './series.js';

const NOTE =
  'Right is a stronger edit, down is steadier. “No edit” lies at the left end and shows nothing. What improves on the plain model ' +
  'lies below its curve: steadier at the same strength of the edit.';

/** The plot with its explanation; undefined if no point has both metrics. */
export function decisionPlot(
  arms: readonly ReportArm[],
  decision: ReportDecision = {},
  described: Readonly<Record<string, ReportMetric>> = {},
): Html | undefined {
  const x = describeMetric(decision.x ?? 'edit_strength', described);
  const y = describeMetric(decision.y ?? 'warping_error_normalised', described);
  const pointOf = (arm: ReportArm): ReportPoint[] => {
    const [right, up] = [numberOf(arm.metrics?.[x.name]), numberOf(arm.metrics?.[y.name])];
    return right === undefined || up === undefined ? [] : [{ label: arm.label, x: right, y: up, arm: arm.name }];
  };
  const curves = decision.curves ?? plainCurve(arms, pointOf);
  const onCurve = new Set(curves.flatMap((curve) => curve.points.map((point) => point.arm)));
  const points =
    decision.points ?? arms.filter((arm) => arm.kind !== 'source' && !onCurve.has(arm.name)).flatMap(pointOf);
  const source = arms.filter((arm) => arm.kind === 'source').map((arm) => numberOf(arm.metrics?.[y.name]));
  const floors =
    decision.floors ??
    source.flatMap((value) => (value === undefined ? [] : [{ label: 'the source’s own', y: value }]));
  if (points.length === 0 && onCurve.size === 0) return undefined;
  const colourOf = seriesClasses(arms);
  const line = (label: string, of: readonly ReportPoint[]): Omit<FigureLine, 'name' | 'colour'> => ({
    ...{ label, x: of.map(({ x }) => x), y: of.map(({ y }) => y), text: of.map((point) => point.label) },
  });
  return html`<div class="decision">
${figure({
  title: '',
  x: { title: withUnit(x), fromZero: true },
  y: { title: withUnit(y), fromZero: true },
  lines: [
    ...curves.map((curve) => ({
      ...{
        ...line(curve.label, curve.points),
        name: curve.label,
        colour: 'series-none',
        kind: 'both' as const,
        below: true,
      },
    })),
    ...points.map((point) => ({
      ...{
        ...line(point.label, [point]),
        name: point.arm ?? point.label,
        colour: colourOf(point.arm),
        kind: 'points' as const,
      },
    })),
  ],
  floors,
  legend: true,
  size: 'large',
})}
<div class="decision-note"><p>${decision.note ?? NOTE}</p></div>
</div>`;
}

/** The plain model's arms by strength, if there are at least two. */
function plainCurve(
  arms: readonly ReportArm[],
  pointOf: (arm: ReportArm) => ReportPoint[],
): { label: string; points: ReportPoint[] }[] {
  const plain = arms.filter((arm) => arm.kind === 'plain');
  const strength = (arm: ReportArm): number => Number(arm.settings?.strength ?? 0);
  const points = plain.sort((a, b) => strength(a) - strength(b)).flatMap(pointOf);
  return points.length > 1 ? [{ label: 'plain model, through the strengths', points }] : [];
}

function numberOf(value: ReportValue | undefined): number | undefined {
  return value === null || value === undefined || !Number.isFinite(value) ? undefined : value;
}
