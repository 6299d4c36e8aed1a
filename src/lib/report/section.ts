// Sections of a page: heading, body, and entry in the table of contents.

import { type Html, type HtmlValue, html, idOf } from './html.js';

/** A section of a page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** A section; undefined if its body is. */
export function section(title: string, body: Html | undefined): Section | undefined {
  return body && { id: idOf(title), title, body };
}

/** Sections as markup. */
export function renderSections(sections: readonly Section[]): Html {
  return html`${sections.map(
    ({ id, title, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`,
  )}`;
}

/** A text as paragraphs. */
export function paragraphs(texts: string | readonly string[] | undefined, className: string): HtmlValue {
  const list = texts === undefined ? [] : typeof texts === 'string' ? [texts] : texts;
  return list.map((text) => html`<p class="${className}">${text}</p>`);
}
