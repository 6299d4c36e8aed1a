// A plot: plotly's JSON for JupyterLab, markup that draws it if plotly can be loaded, and a picture for all others.

import { dataUri } from '../base/data-uri.js';
import { type Chart, chartPicture } from '../report/chart-picture.js';
import { type Html, html, jsonForScript, trusted } from '../report/html.js';
import { figure } from './figure.js';
import { bundleOf, type Display } from './mime-bundle.js';
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

/** The source of plotly for pages: the file of the npm package, with its hash. */
const SCRIPT = {
  src: 'https://cdn.jsdelivr.net/npm/plotly.js-dist-min@4.1.2/plotly.min.js',
  integrity: 'sha384-hHv6D3tTUUBpp4tVv6t2Dc3oGuRhphmWOTKUR8jWyN0Pnon1g3iebKCNDNmKmxo8',
};

let plots = 0;

/** The plot in every format. */
export async function showPlot({ plot }: ShownPlot, { width = 760, caption }: ShowSettings): Promise<Display> {
  const picture = await chartPicture(plot);
  const drawn = plotlyFigure(plot);
  const text = [plot.title, ...plot.lines.map(({ label, points }) => `${label}: ${points.length} points`), caption];
  return {
    bundle: {
      [PLOTLY]: drawn,
      ...bundleOf(
        text.filter((line) => line !== undefined).join('\n'),
        figure(page(drawn, picture, width, plot.title), caption),
        picture,
      ),
    },
    file: { name: `${plot.title || 'plot'}.png`, data: picture },
  };
}

/** The picture, which a script replaces with the plot once plotly is loaded. */
function page(drawn: PlotlyFigure, picture: Uint8Array, width: number, title: string): Html {
  const id = `steadyframe-plot-${Date.now().toString(36)}-${plots++}`;
  const script = `(() => {
const figure = ${jsonForScript(drawn).markup};
const draw = () => {
  const place = document.getElementById('${id}');
  place.replaceChildren();
  window.Plotly.newPlot(place, figure.data, figure.layout, { responsive: true });
};
if (window.Plotly) return draw();
const script = document.createElement('script');
Object.assign(script, { src: '${SCRIPT.src}', integrity: '${SCRIPT.integrity}', crossOrigin: 'anonymous', onload: draw });
document.head.append(script);
})();`;
  const image = html`<img src="${dataUri('image/png', picture)}" width="${width}" alt="${title}">`;
  return html`<div id="${id}" style="max-width: ${width}px">${image}</div><script>${trusted(script)}<\/script>`;
}
