// plotly inside a notebook: the file that the package brings, packed, once in what a kernel shows.

import { gzipSync } from 'node:zlib';
import { base64 } from '../base/data-uri.js';
import { plotlySource } from '../report/figure.js';

let isSent = false;

/**
 * A script that leaves a promise of plotly at `window.steadyframePlotly`. The first one of a process holds plotly itself,
 * about half a megabyte; later ones wait for it, so that a notebook holds it once.
 *
 * @param stays whether the output stays; one that is drawn over must not be the one that holds it
 */
export function plotlyScript(stays: boolean): string {
  const holder = `const held = (window.steadyframePlotly ??= {});
held.loaded ??= new Promise((resolve) => (held.resolve = resolve));`;
  if (isSent || !stays) return holder;
  isSent = true;
  const packed = base64(gzipSync(plotlySource(), { level: 9 }));
  return `${holder}
if (window.Plotly) held.resolve(window.Plotly);
else {
  const bytes = Uint8Array.from(atob('${packed}'), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  new Response(unpacked).text().then((text) => {
    // As a plain script: a loader of modules, where the page has one, would take plotly for its own.
    const plotly = { exports: {} };
    new Function('module', 'exports', 'define', text)(plotly, plotly.exports, undefined);
    held.resolve(plotly.exports);
  });
}`;
}
