// A scatter plot of two metrics: reference curves, labelled points, floors. Drawn as in line-plot.ts.

import { formatValue } from './format-value.js';
import { type Html, html } from './html.js';
import { horizontalGrid, horizontalTicks, percent } from './line-plot.js';
import { nameSides, type Place } from './name-sides.js';
import { scaleOf } from './scale.js';

/** A point, with the class of its colour. */
export interface ScatterPoint {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  /** The arm's name, by which plots are linked; absent where the point is not an arm. */
  readonly name?: string;
}

/** The data of a scatter plot. */
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
  // Labels are placed one after another, those of single points first, each where it covers least.
  const inTurn = [...plot.points, ...onCurves];
  const named = inTurn.map((point) => ({ ...place(point), text: point.label }));
  const lines = [
    ...plot.curves.map((curve) => curve.points.map(place)),
    ...floors.map((floor) => [0, 1].map((left): Place => ({ left, bottom: y.at(floor.y) }))),
  ];
  const sides = nameSides(named, lines);
  const sideOf = new Map(inTurn.map((point, i) => [point, sides[i]]));
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

/** A curve, and the area below it. */
function curveLine(places: readonly Place[]): Html {
  const [first, last] = [places[0], places[places.length - 1]].map(({ left }) => +(1000 * left).toFixed(1));
  const line = places.map((p) => `${+(1000 * p.left).toFixed(1)} ${+(1000 - 1000 * p.bottom).toFixed(1)}`).join('L');
  return html`<path class="below-curve" d="${`M${first} 1000L${line}L${last} 1000Z`}"/><path class="line curve" d="M${line}"/>`;
}
