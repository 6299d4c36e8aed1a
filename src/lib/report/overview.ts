// What a report found: summary, each claim with its verdict, facts. It follows the videos.

import { type Html, html } from './html.js';
import type { ReportClaim, ReportData, ReportFact } from './report-data.js';
import { paragraphs } from './section.js';

/** One sentence in large letters, the claims, the rest of the summary, and the facts; undefined if there are none. */
export function overview({
  facts = [],
  summary = [],
  claims = [],
}: Pick<ReportData, 'facts' | 'summary' | 'claims'>): Html | undefined {
  const [lead, ...rest] = typeof summary === 'string' ? [summary] : summary;
  if (lead === undefined && claims.length + facts.length === 0) return undefined;
  return html`${paragraphs(lead, 'lead')}
${claims.length > 0 && claimList(claims)}
${paragraphs(rest, 'note wide')}
${factList(facts)}`;
}

/** A list of names and values. */
export function factList(facts: readonly ReportFact[]): Html | undefined {
  if (facts.length === 0) return undefined;
  return html`<dl class="facts">${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function claimList(claims: readonly ReportClaim[]): Html {
  const held = claims.filter((claim) => claim.held).length;
  const open = claims.filter((claim) => claim.held === null).length;
  const count = `${held} of ${claims.length} held${open > 0 ? `, ${open} undecided` : ''}`;
  return html`<div class="claims" role="group" aria-label="Claims">
<p class="claims-count">Claims: ${count}</p>
<ol>${claims.map(claimItem)}</ol>
</div>`;
}

function claimItem({ claim, expected, measured, held, note }: ReportClaim): Html {
  const [verdict, sign, words] =
    held === null ? ['open', '?', 'undecided'] : held ? ['held', '✓', 'held'] : ['failed', '✗', 'did not hold'];
  return html`<li class="claim ${verdict}">
<span class="verdict"><b aria-hidden="true">${sign}</b> ${words}</span>
<div><p class="claim-text">${claim}</p>
<dl><div><dt>expected</dt><dd>${expected}</dd></div><div><dt>measured</dt><dd>${measured}</dd></div></dl>
${note && html`<p class="note">${note}</p>`}</div></li>`;
}
