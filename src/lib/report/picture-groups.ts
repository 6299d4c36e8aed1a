// Groups of pictures with headings; a click shows a picture in full size.

import { type Html, html } from './html.js';
import type { ReportPictures } from './report-data.js';

/** All groups; undefined if there are no pictures. */
export function pictureGroups(groups: readonly ReportPictures[] = []): Html | undefined {
  const filled = groups.filter((group) => group.pictures.length > 0);
  if (filled.length === 0) return undefined;
  return html`${filled.map(
    ({ title, note, pictures }) => html`<h3>${title}</h3>
${note && html`<p class="note wide">${note}</p>`}
<ul class="pictures${pictures.length === 1 ? ' single' : ''}">${pictures.map(
      ({ src, alt, caption, chosen }) => html`<li${chosen && html` class="chosen"`}><figure>
<button type="button" class="zoom" aria-label="${`Show in full size: ${alt}`}"><img src="${src}" alt="${alt}"></button>
${(caption || chosen) && html`<figcaption>${caption}${chosen && html` <em>used</em>`}</figcaption>`}
</figure></li>`,
    )}</ul>
`,
  )}`;
}
