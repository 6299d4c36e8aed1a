// A plot: plotly's JSON for JupyterLab, markup that draws it with the plotly of this package, and a picture for all others.

import { dataUri } from '../base/data-uri.js';
import { type Chart, chartPicture } from '../report/chart-picture.js';
import { type Html, html, jsonForScript, trusted } from '../report/html.js';
import { plotlyScript } from './bundled-plotly.js';
import { figure } from './figure.js';
import { bundleOf, type Display } from './mime-bundle.js';
import { pageId } from './page-id.js';
import { type PlotlyFigure, plotlyFigure } from './plotly-figure.js';
import type { ShowSettings } from './show-options.js';

/**
 * A plot of lines, or of points if each line has only one.
 *
 * @inline
 */
export interface ShownPlot {
  readonly plot: Chart;
}

/** The MIME type of plotly's JSON. */
const PLOTLY = 'application/vnd.plotly.v1+json';

/** The plot in every format; `stays` is false for one that will be drawn over. */
export async function showPlot(
  { plot }: ShownPlot,
  { width = 760, caption }: ShowSettings,
  stays = true,
): Promise<Display> {
  const picture = await chartPicture(plot);
  const drawn = plotlyFigure(plot);
  const text = [plot.title, ...plot.lines.map(({ label, points }) => `${label}: ${points.length} points`), caption];
  return {
    bundle: {
      [PLOTLY]: drawn,
      ...bundleOf(
        text.filter((line) => line !== undefined).join('\n'),
        figure(page(drawn, picture, { width, title: plot.title, stays }), caption),
        picture,
      ),
    },
    file: { name: `${plot.title || 'plot'}.png`, data: picture },
  };
}

/** The picture, which a script replaces with the plot once plotly is there. */
function page(
  drawn: PlotlyFigure,
  picture: Uint8Array,
  { width, title, stays }: { readonly width: number; readonly title: string; readonly stays: boolean },
): Html {
  const id = pageId('plot');
  const script = `(() => {
${plotlyScript(stays)}
const figure = ${jsonForScript(drawn).markup};
held.loaded.then((plotly) => {
  const place = document.getElementById('${id}');
  place.replaceChildren();
  plotly.newPlot(place, figure.data, figure.layout, { responsive: true, displaylogo: false });
});
})();`;
  const image = html`<img src="${dataUri('image/png', picture)}" width="${width}" alt="${title}">`;
  return html`<div id="${id}" style="max-width: ${width}px">${image}</div><script>${trusted(script)}<\/script>`;
}
