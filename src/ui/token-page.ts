// The page for requests without the token: says where to find it, and has a field for it.

import { htmlDocument } from '../lib/report/document.js';
import { html, trusted } from '../lib/report/html.js';
import { comparisonAssets } from './ui-assets.js';

/** The page's content security policy: its form may be sent to this server only. */
export const TOKEN_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The page; its form repeats the request's other parameters. */
export function tokenPage({ pathname, searchParams }: URL): string {
  const rest = [...searchParams].filter(([name]) => name !== 'token');
  const address = `${pathname}${rest.length > 0 ? `?${new URLSearchParams(rest)}` : ''}`;
  return htmlDocument({
    title: 'Token · steadyframe',
    head: html`<style>${trusted(comparisonAssets().style)}</style>`,
    body: html`<main><h1>This dashboard asks for its token</h1>
<p>Open the address that <code>steadyframe ui</code> printed: it ends with the token. Or paste the token here.</p>
<form method="get" action="${pathname}">
${rest.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<label>Token <input name="token" type="password" autocomplete="off" required autofocus></label>
<button class="button primary">Open</button>
</form>
<p>You have opened it before and came by a link of another site? <a href="${address}">Follow it here.</a></p></main>`,
  });
}
