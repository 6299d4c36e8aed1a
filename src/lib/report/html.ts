// HTML as a value: a template tag that escapes its values, so that no user's text can become markup.

/** Markup that is safe to insert without escaping; only {@link html} and {@link trusted} create it. */
export class Html {
  /** The markup. */
  readonly markup: string;

  /** @internal */
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** A value in an {@link html} template: text and numbers are escaped; `null`, `undefined` and `false` give nothing. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

/** Markup from a template; values are escaped, for text and for attributes in double quotes. */
export function html(texts: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return new Html(texts.reduce((page, text, i) => `${page}${markupOf(values[i - 1])}${text}`));
}

/** Marks the package's own markup as safe. Never for external input. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

/** A JSON value for a `<script type="application/json">`: no text in it can end the script or open a comment. */
export function jsonForScript(value: unknown): Html {
  // U+2028 and U+2029 end a line in older JavaScript; JSON turns Infinity and NaN into null.
  const json = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new Html(json);
}

/** A text as an HTML `id`: letters and digits of any script, joined by dashes. */
export function idOf(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '') || 'part'
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function markupOf(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(markupOf).join('');
  return String(value).replace(/[&<>"']/g, (c) => ESCAPES[c]);
}
