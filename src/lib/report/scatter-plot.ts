// A plane of two metrics: curves to compare with, points with their names beside them, floors. Drawn as in line-plot.ts.

import { formatValue } from './format-value.js';
import { type Html, html } from './html.js';
import { horizontalGrid, horizontalTicks, percent } from './line-plot.js';
import { scaleOf } from './scale.js';

/** A point and its colour's class. */
export interface ScatterPoint {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  /** By which the other plots know it, where it is an arm. */
  readonly name?: string;
}

/** What a scatter plot shows. */
export interface ScatterPlot {
  readonly xTitle: string;
  readonly yTitle: string;
  readonly curves: readonly { readonly label: string; readonly points: readonly ScatterPoint[] }[];
  readonly points: readonly ScatterPoint[];
  readonly floors?: readonly { readonly label: string; readonly y: number }[];
}

/** The plot as markup. */
export function scatterPlot(plot: ScatterPlot): Html {
  const onCurves = plot.curves.flatMap((curve) => curve.points);
  const all = [...onCurves, ...plot.points];
  const x = scaleOf(
    all.map((point) => point.x),
    { fromZero: true, ticks: 8 },
  );
  const floors = plot.floors ?? [];
  const y = scaleOf([...all.map((point) => point.y), ...floors.map((floor) => floor.y)], { fromZero: true, ticks: 6 });
  const place = (point: ScatterPoint): Place => ({ left: x.at(point.x), bottom: y.at(point.y) });
  // Names beside points are laid in turn, those of single points first, each where it covers least.
  const inTurn = [...plot.points, ...onCurves];
  const named = inTurn.map((point) => ({ ...place(point), text: point.label }));
  const lines = [
    ...plot.curves.map((curve) => curve.points.map(place)),
    ...floors.map((floor) => [0, 1].map((left): Place => ({ left, bottom: y.at(floor.y) }))),
  ];
  const wide = chooseSides(WIDE, named, lines);
  const narrow = chooseSides(NARROW, named, lines);
  const sideOf = new Map(
    inTurn.map((point, i) => [
      point,
      `--across:${wide[i][0]};--up:${wide[i][1]};--narrow-across:${narrow[i][0]};--narrow-up:${narrow[i][1]}`,
    ]),
  );
  const dot = (point: ScatterPoint, kind: string): Html => {
    const { left, bottom } = place(point);
    const tip = `${point.label}: ${plot.xTitle} ${formatValue(point.x)}, ${plot.yTitle} ${formatValue(point.y)}`;
    return html`<span class="dot ${kind} ${point.colour}" tabindex="0" role="img" aria-label="${tip}"${
      point.name !== undefined && html` data-name="${point.name}"`
    } data-tip="${tip}" style="left:${percent(left)};bottom:${percent(bottom)};${sideOf.get(point)}"><span>${point.label}</span></span>`;
  };
  return html`<figure class="plot scatter-plot">
<div class="y-label">${plot.yTitle}</div>
<div class="plot-body">
<div class="plot-area" role="group" aria-label="${`${plot.yTitle} against ${plot.xTitle}`}">
${horizontalGrid(y)}
${floors.map((floor) => html`<i class="floor" style="bottom:${percent(y.at(floor.y))}"><b>${floor.label}</b></i>`)}
<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
${plot.curves.map(({ points }) => points.length > 1 && curveLine(points.map(place)))}
</svg>
${plot.curves.map((curve) => curve.points.map((point) => dot(point, 'on-curve')))}
${plot.points.map((point) => dot(point, 'single'))}
</div>
${horizontalTicks(x)}
<div class="x-label">${plot.xTitle}</div>
</div>
</figure>`;
}

/** A curve, and the part of the plane below it. */
function curveLine(places: readonly Place[]): Html {
  const [first, last] = [places[0], places[places.length - 1]].map(({ left }) => +(1000 * left).toFixed(1));
  const line = places.map((p) => `${+(1000 * p.left).toFixed(1)} ${+(1000 - 1000 * p.bottom).toFixed(1)}`).join('L');
  return html`<path class="below-curve" d="${`M${first} 1000L${line}L${last} 1000Z`}"/><path class="line curve" d="M${line}"/>`;
}

interface Place {
  readonly left: number;
  readonly bottom: number;
}

type Box = readonly [left: number, bottom: number, width: number, height: number];

/** Where a name stands beside its point: -1 left or below, 1 right or above, 0 in line with it. */
type Side = readonly [across: number, upwards: number];

const SIDES: readonly Side[] = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
];

/** Pixels that a plot takes in a window. Places are in percent, so whether names cover each other is judged for two sizes. */
interface PlotSize {
  readonly width: number;
  readonly height: number;
}

const WIDE: PlotSize = { width: 680, height: 380 };
const NARROW: PlotSize = { width: 290, height: 370 };
const LETTER = { width: 6.6, height: 14, gap: 8 };

/** For each point the side on which its name covers least of points, lines and the names before it. */
function chooseSides(
  { width, height }: PlotSize,
  points: readonly (Place & { readonly text: string })[],
  lines: readonly (readonly Place[])[],
): Side[] {
  const dots = points.map(({ left, bottom }): Box => [left * width - 6, bottom * height - 6, 12, 12]);
  const taken: Box[] = [...dots, ...lines.flatMap((line) => alongLine(line, { width, height }))];
  return points.map(({ left, bottom, text }, own) => {
    const boxOf = ([across, upwards]: Side): Box => {
      const [w, h] = [text.length * LETTER.width, LETTER.height];
      const x = left * width - w / 2 + across * (w / 2 + LETTER.gap);
      const y = bottom * height - h / 2 + upwards * (h / 2 + LETTER.gap);
      return [x, y, w, h];
    };
    const cost = (side: Side): number => {
      const box = boxOf(side);
      const outside = Math.max(0, -box[0]) + Math.max(0, box[0] + box[2] - width) + Math.max(0, -box[1]);
      return taken.reduce((sum, other, i) => (i === own ? sum : sum + overlap(box, other)), outside * 100);
    };
    const best = SIDES.reduce((a, b) => (cost(b) < cost(a) ? b : a));
    taken.push(boxOf(best));
    return best;
  });
}

/** Small boxes along a line, for names to keep off it. */
function alongLine(places: readonly Place[], { width, height }: PlotSize): Box[] {
  return places.slice(1).flatMap((to, i) => {
    const from = places[i];
    return Array.from({ length: 20 }, (_, step): Box => {
      const share = (step + 0.5) / 20;
      const at = (a: number, b: number, size: number): number => (a + share * (b - a)) * size - 2;
      return [at(from.left, to.left, width), at(from.bottom, to.bottom, height), 4, 4];
    });
  });
}

function overlap(a: Box, b: Box): number {
  const across = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const upwards = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return Math.max(0, across) * Math.max(0, upwards);
}
