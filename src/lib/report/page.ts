// A page around its parts: head, contents, style sheet and script inside. It asks the network for nothing, and may not.

import { createHash } from 'node:crypto';
import { VERSION } from '../base/version.js';
import { htmlDocument } from './document.js';
import { type Html, html, jsonForScript, trusted } from './html.js';
import { type PageAssets, pageAssets } from './page-assets.js';
import { renderSections, type Section } from './section.js';

/** What a page consists of. */
export interface Page {
  readonly title: string;
  readonly header: Html;
  readonly sections: readonly (Section | undefined)[];
  /** Handed out by the page's button for its data. */
  readonly data?: unknown;
  /** Style sheet and script; those of a report unless said. */
  readonly assets?: PageAssets;
  /** Places to go to, before the page's own contents. */
  readonly links?: readonly { readonly title: string; readonly href: string }[];
  /** Set where a server stands behind the page, which it may ask and nobody else; a file on disk asks nobody. */
  readonly served?: boolean;
}

/** The whole page, everything inside. */
export function renderPage({ title, header, sections, data, assets = pageAssets(), links = [], served }: Page): string {
  const { style, script } = assets;
  const present = sections.filter((section) => section !== undefined);
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
<div class="tip" role="status" hidden></div>
${data !== undefined && html`<script type="application/json" id="page-data">${jsonForScript(data)}</script>`}
<script type="module">${trusted(script)}</script>`,
  });
}

/**
 * The content security policy of a page. Only its very script may run and nothing may be loaded but pictures and videos of the
 * page itself or beside it, so a text that slipped through as markup could neither run nor phone home. `file:` is for files
 * beside a page on disk.
 */
export function pagePolicy({ script }: PageAssets, served: boolean = false): string {
  const hash = createHash('sha256').update(script).digest('base64');
  const asks = served ? "connect-src 'self'; " : '';
  return (
    `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; ${asks}` +
    "img-src data: blob: file: 'self'; media-src data: blob: file: 'self'; form-action 'none'; base-uri 'none'"
  );
}
