// A page around its sections: head, table of contents, embedded style sheet and script. It makes no network requests.

import { createHash } from 'node:crypto';
import { VERSION } from '../base/version.js';
import { htmlDocument } from './document.js';
import { plotlySource } from './figure.js';
import { type Html, html, jsonForScript, trusted } from './html.js';
import { type PageAssets, pageAssets } from './page-assets.js';
import { renderSections, type Section } from './section.js';

/** The parts of a page. */
export interface Page {
  readonly title: string;
  readonly header: Html;
  readonly sections: readonly (Section | undefined)[];
  /** The data of the page's download button. */
  readonly data?: unknown;
  /** Style sheet and script; those of a report by default. */
  readonly assets?: PageAssets;
  /** Links before the table of contents. */
  readonly links?: readonly { readonly title: string; readonly href: string }[];
  /** Whether a server serves the page, to which it may send requests. */
  readonly served?: boolean;
}

/** The complete page. */
export function renderPage({ title, header, sections, data, assets = pageAssets(), links = [], served }: Page): string {
  const { style, script } = assets;
  const present = sections.filter((section) => section !== undefined);
  const holdsPlotly = !served && present.some(({ body }) => /data-(figure|chart)/.test(body.markup));
  return htmlDocument({
    title,
    policy: pagePolicy(assets, served),
    head: html`<meta name="generator" content="${`steadyframe ${VERSION}`}">
<style>${trusted(style)}</style>
`,
    body: html`<nav class="contents" aria-label="Contents"><ol>${links.map((link) => html`<li><a class="away" href="${link.href}">${link.title}</a></li>`)}${present.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ol></nav>
<main>
${header}
${renderSections(present)}
</main>
<footer><p>${served ? `steadyframe ${VERSION}` : `Written by steadyframe ${VERSION}. This page needs no network.`}</p></footer>
<dialog class="lightbox" aria-label="Picture"><button type="button" class="close" aria-label="Close">×</button><img alt=""><p></p></dialog>
${data !== undefined && html`<script type="application/json" id="page-data">${jsonForScript(data)}<\/script>`}
${
  holdsPlotly &&
  html`<script type="text/plain" id="plotly">${trusted(plotlySource())}<\/script>
`
}<script type="module">${trusted(script)}<\/script>`,
  });
}

/**
 * The content security policy of a page. Only its own script and plotly may run, and only pictures and videos in the page or
 * beside it may be loaded, so that injected markup could neither run nor send anything. `file:` is for files beside a page on
 * disk. The styles are plotly's, which it writes while drawing.
 */
export function pagePolicy({ script }: PageAssets, served: boolean = false): string {
  // From a server, plotly is a file that the page's script asks for; on disk, a part of the page.
  const plotly = served ? "'strict-dynamic'" : hashOf(plotlySource());
  const asks = served ? "connect-src 'self'; " : '';
  return (
    `default-src 'none'; script-src ${hashOf(script)} ${plotly}; style-src 'unsafe-inline'; ${asks}` +
    "img-src data: blob: file: 'self'; media-src data: blob: file: 'self'; form-action 'none'; base-uri 'none'"
  );
}

const hashes = new Map<string, string>();

/** The source expression of a script: by its hash, computed once. */
function hashOf(script: string): string {
  const hash = hashes.get(script) ?? `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  hashes.set(script, hash);
  return hash;
}
