// Style sheets and scripts of the dashboard: those of reports, and its own in assets/ui.

import { PAGE_SCRIPTS, PAGE_STYLES, type PageAssets, readAssets, reportAsset } from '../lib/report/page-assets.js';

/** The scripts of the page that compares runs, each after those that it imports. */
export const COMPARISON_SCRIPTS = [
  'chart-math',
  'axis',
  'draw',
  'runs-data',
  'scatter',
  'parallel',
  'curve-data',
  'curves',
  'grid-file',
  'follow',
  'compare',
] as const;

/** The style sheets of that page, after those of reports. */
export const COMPARISON_STYLES = ['shell', 'charts', 'compare'] as const;

/** What the page of the table loads from the server. */
export const LIST_STYLES = ['shell', 'list'] as const;

const FOLDER = new URL('../../assets/ui/', import.meta.url);

/** The place of a file of assets/ui. */
function uiAsset(name: string): URL {
  return new URL(name, FOLDER);
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

/** What a browser may ask for below `/assets/`, by its path there. */
export function servedAsset(path: string): URL | undefined {
  const [, folder, name] = /^(ui|report)\/([a-z0-9-]+\.(?:js|css))$/.exec(path) ?? [];
  if (name === undefined) return undefined;
  return folder === 'ui' ? uiAsset(name) : reportAsset(name);
}
