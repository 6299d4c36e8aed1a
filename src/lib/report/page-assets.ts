// The style sheets and the scripts of pages, as they lie in assets/report. They are read once, when first needed.

import { readFileSync } from 'node:fs';

/** The scripts in the order in which they need each other. Each is a module that a server may also hand out by itself. */
export const PAGE_SCRIPTS = ['events', 'video-sync', 'player', 'plots', 'table', 'pictures', 'main'] as const;

/** The style sheets in order: later ones change what earlier ones say. */
export const PAGE_STYLES = ['colours', 'page', 'player', 'plots', 'tables', 'pictures', 'narrow', 'print'] as const;

/** What a page needs beside its markup. */
export interface PageAssets {
  readonly style: string;
  /** All modules in one. */
  readonly script: string;
}

// From the sources as from what is built, the package's folder is three levels up.
const FOLDER = new URL('../../../assets/report/', import.meta.url);

let assets: PageAssets | undefined;

/** Style sheet and script of a report. */
export function pageAssets(): PageAssets {
  assets ??= readAssets({
    styles: PAGE_STYLES.map((name) => reportAsset(`${name}.css`)),
    scripts: PAGE_SCRIPTS.map((name) => reportAsset(`${name}.js`)),
  });
  return assets;
}

/** The place of one of the style sheets and scripts of reports, for pages that are made of some of them and others. */
export function reportAsset(name: string): URL {
  return new URL(name, FOLDER);
}

/** Style sheets as one, and modules as one script, each after those that it imports; their names must not clash. */
export function readAssets({ styles, scripts }: { styles: readonly URL[]; scripts: readonly URL[] }): PageAssets {
  const style = styles.map((file) => withoutComments(readFileSync(file, 'utf8'))).join('\n');
  const script = scripts.map((file) => inlined(readFileSync(file, 'utf8'))).join('\n');
  return { style, script };
}

/** A module's text as a part of one: names are shared, so imports and the word `export` go. Comment lines go too. */
function inlined(module: string): string {
  return module
    .replace(/^import\b[^;]*;\n/gm, '')
    .replace(/^export (?=(async )?function|const|class)/gm, '')
    .replace(/^ *\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n/gm, '') // not one that a line goes on after, as casts do
    .replace(/^ *\/\/.*\n/gm, '')
    .trim();
}

function withoutComments(style: string): string {
  return style.replace(/ *\/\*[\s\S]*?\*\/\n?/g, '').trim();
}
