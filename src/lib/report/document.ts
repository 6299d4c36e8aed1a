// An HTML document, with the head that all pages share.

import { type Html, type HtmlValue, html } from './html.js';

/** The parts of a document. */
export interface HtmlDocument {
  readonly title: string;
  /** More of the head. A content security policy comes first, since it applies to what follows. */
  readonly policy?: string;
  readonly head?: HtmlValue;
  readonly body: Html;
  /** Class of the body. */
  readonly kind?: string;
}

/** The document as text. */
export function htmlDocument({ title, policy, head, body, kind }: HtmlDocument): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${
  policy !== undefined &&
  html`<meta http-equiv="Content-Security-Policy" content="${policy}">
`
}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
${head}</head>
<body${kind !== undefined && html` class="${kind}"`}>
${body}
</body>
</html>
`.markup;
}
