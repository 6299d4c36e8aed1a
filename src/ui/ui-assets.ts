// The dashboard's style sheets and scripts: those of reports, and its own in assets/ui.

import { pathToFileURL } from 'node:url';
import { packageFile } from '../lib/base/package-file.js';
import { plotlyPath } from '../lib/report/figure.js';
import { PAGE_SCRIPTS, PAGE_STYLES, type PageAssets, readAssets, reportAsset } from '../lib/report/page-assets.js';

/** The scripts of the page that compares runs, each after those that it imports. */
export const COMPARISON_SCRIPTS = [
  'chart-math',
  'axis',
  'draw',
  'runs-data',
  'join',
  'preview',
  'scatter',
  'parallel',
  'curves',
  'grid-file',
  'follow',
  'compare',
] as const;

/** The style sheets of the comparison page, after those of reports. */
export const COMPARISON_STYLES = ['shell', 'charts', 'compare'] as const;

/** The files that the page with the table loads. */
export const LIST_STYLES = ['shell', 'list'] as const;

/** The path of a file of assets/ui. */
function uiAsset(name: string): URL {
  return pathToFileURL(packageFile(`assets/ui/${name}`));
}

let comparison: PageAssets | undefined;

/** Style sheet and script of the page that compares runs. */
export function comparisonAssets(): PageAssets {
  comparison ??= readAssets({
    styles: [
      ...PAGE_STYLES.map((name) => reportAsset(`${name}.css`)),
      ...COMPARISON_STYLES.map((name) => uiAsset(`${name}.css`)),
    ],
    scripts: [
      ...PAGE_SCRIPTS.filter((name) => name !== 'main').map((name) => reportAsset(`${name}.js`)),
      ...COMPARISON_SCRIPTS.map((name) => uiAsset(`${name}.js`)),
    ],
  });
  return comparison;
}

/** The file that a browser requests below `/assets/`, by its path there. */
export function servedAsset(path: string): URL | undefined {
  if (path === 'plotly.js') return pathToFileURL(plotlyPath());
  const [, folder, name] = /^(ui|report)\/([a-z0-9-]+\.(?:js|css))$/.exec(path) ?? [];
  if (name === undefined) return undefined;
  return folder === 'ui' ? uiAsset(name) : reportAsset(name);
}
