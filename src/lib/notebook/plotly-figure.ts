// A chart as a plotly figure.

import { CHART_COLOURS, type Chart } from '../report/chart-picture.js';

/** A plotly figure. */
export interface PlotlyFigure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
}

/** The figure of a chart, with the same lines, colours and axes as its picture. */
export function plotlyFigure({ title, xLabel, yLabel, lines, marked = false }: Chart): PlotlyFigure {
  return {
    data: lines.map(({ label, points }) => ({
      type: 'scatter',
      mode: marked ? 'lines+markers' : 'lines',
      name: label,
      x: points.map(([x]) => x),
      y: points.map(([, y]) => y),
    })),
    layout: {
      title: { text: title },
      colorway: CHART_COLOURS,
      height: 420,
      margin: { t: 50, r: 20, b: 90, l: 60 },
      // Below, where no name is cut.
      legend: { orientation: 'h', y: -0.22 },
      xaxis: { title: { text: xLabel }, rangemode: 'tozero' },
      yaxis: { ...(yLabel && { title: { text: yLabel } }), rangemode: 'tozero' },
      showlegend: true,
    },
  };
}
