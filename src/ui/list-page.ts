// The page with the table of runs, without rows: assets/ui/list.js requests those.

import { VERSION } from '../lib/base/version.js';
import { htmlDocument } from '../lib/report/document.js';
import { html } from '../lib/report/html.js';
import { LIST_STYLES } from './ui-assets.js';

/** The page; `root` is the folder of the runs. */
export function listPage(root: string): string {
  const styles = ['report/colours', ...LIST_STYLES.map((name) => `ui/${name}`)];
  return htmlDocument({
    title: 'Runs · steadyframe',
    kind: 'list-page',
    head: styles.map((name) => html`<link rel="stylesheet" href="/assets/${name}.css">\n`),
    body: html`<header class="top">
<h1>Runs</h1>
<p class="where" title="${root}">${root}</p>
<p class="counts" role="status" aria-live="polite"></p>
<span class="live badge" title="Not connected">offline</span>
</header>
<form class="tools" role="search">
<label class="choice filter-field"><span>Filter</span><input name="filter" type="text" spellcheck="false" autocomplete="off" placeholder="metrics.flicker_ratio &lt; 1.1 and params.strength = '0.45'" aria-describedby="filter-problem"></label>
<label class="choice search-field"><span>Search</span><input name="search" type="search" spellcheck="false" autocomplete="off" placeholder="name, setting, tag"></label>
<label class="choice group-field"><span>Group</span><select name="group"><option value="none">nothing</option><option value="experiment">experiment</option><option value="parent">parent run</option></select></label>
<button type="button" class="button" popovertarget="columns">Columns</button>
<button type="button" class="button primary" data-do="compare" disabled>Compare</button>
</form>
<div popover class="menu" id="columns" role="dialog" aria-label="Columns"></div>
<p class="problem" id="filter-problem" role="alert" hidden></p>
<p class="question" role="status" hidden></p>
<details class="damaged" hidden><summary></summary><ul></ul></details>
<div class="grid-frame" role="grid" aria-label="Runs" aria-multiselectable="true" tabindex="0">
<div class="grid-head" role="rowgroup"></div>
<div class="grid-body" role="rowgroup"></div>
<div class="nothing" hidden></div>
</div>
<footer class="foot flow"><span><kbd>/</kbd> filter</span><span><kbd>↑</kbd><kbd>↓</kbd> move</span><span><kbd>Space</kbd> choose</span><span><kbd>Enter</kbd> open</span><span><kbd>C</kbd> compare</span><span><kbd>Esc</kbd> none</span><span class="version">steadyframe ${VERSION}</span></footer>
<noscript><p class="nothing">The table needs JavaScript; <code>steadyframe runs</code> lists runs in a terminal.</p></noscript>
<script type="module" src="/assets/ui/list.js"><\/script>`,
  });
}
