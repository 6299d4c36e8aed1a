// The style sheets and scripts of pages, from assets/report. They are read once, on first use.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { packageFile } from '../base/package-file.js';

/** The scripts, each after those that it imports. Each is a module that a server may also send by itself. */
export const PAGE_SCRIPTS = [
  'events',
  'video-sync',
  'player',
  'figure',
  'names',
  'charts',
  'legend',
  'table',
  'pictures',
  'main',
] as const;

/** The style sheets in order: later ones override earlier ones. */
export const PAGE_STYLES = ['colours', 'page', 'player', 'plots', 'tables', 'pictures', 'narrow', 'print'] as const;

/** The style sheet and the script of a page. */
export interface PageAssets {
  readonly style: string;
  /** All modules, joined. */
  readonly script: string;
}

let assets: PageAssets | undefined;

/** Style sheet and script of a report. */
export function pageAssets(): PageAssets {
  assets ??= readAssets({
    styles: PAGE_STYLES.map((name) => reportAsset(`${name}.css`)),
    scripts: PAGE_SCRIPTS.map((name) => reportAsset(`${name}.js`)),
  });
  return assets;
}

/** The path of a style sheet or script of reports, for pages that combine some of them with their own. */
export function reportAsset(name: string): URL {
  return pathToFileURL(packageFile(`assets/report/${name}`));
}

/** Joins style sheets and modules. Modules must come after those that they import, and their names must not clash. */
export function readAssets({ styles, scripts }: { styles: readonly URL[]; scripts: readonly URL[] }): PageAssets {
  const style = styles.map((file) => withoutComments(readFileSync(file, 'utf8'))).join('\n');
  const script = scripts.map((file) => inlined(readFileSync(file, 'utf8'))).join('\n');
  return { style, script };
}

/** A module's text for the joined script: without imports, `export` and comments. */
function inlined(module: string): string {
  return module
    .replace(/^import\b[^;]*;\n/gm, '')
    .replace(/^export (?=(async )?function|const|class)/gm, '')
    .replace(/^ *\/\*\*[^*]*(?:\*(?!\/)[^*]*)*\*\/\n/gm, '')
    .replace(/\/\*\* @(?:type|param)[^*]*\*\/ ?/g, '')
    .replace(/^ *\/\/.*\n/gm, '')
    .trim();
}

function withoutComments(style: string): string {
  return style.replace(/ *\/\*[\s\S]*?\*\/\n?/g, '').trim();
}
