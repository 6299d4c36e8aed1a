// Markup with a caption.

import { type Html, html } from '../report/html.js';

/** The content with its caption, if it has one. */
export function figure(content: Html, caption?: string): Html {
  const under = caption !== undefined && html`<figcaption style="margin-top: 0.25em">${caption}</figcaption>`;
  return html`<figure style="margin: 0.5em 0">${content}${under}</figure>`;
}
