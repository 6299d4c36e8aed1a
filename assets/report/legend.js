// @ts-check
// The page's legends, whose buttons hide lines in all charts, and rows that highlight them.

import { closest, findAll, hear, hiddenLines, tell } from './events.js';

/** Starts all legends, and the rows of tables that highlight their lines: also those that come later. */
export function startLegends() {
  document.addEventListener('click', ({ target }) => {
    const name = closest(target, '[data-line]')?.dataset.line;
    if (name !== undefined) tell('hide', { name, hidden: !hiddenLines.has(name) });
  });
  hear('hide', showHidden);
  let highlighted = '';
  document.addEventListener('pointerover', ({ target }) => {
    const { line, name = '' } = closest(target, '[data-line], table.metrics tbody tr')?.dataset ?? {};
    const now = line ?? name;
    if (now !== highlighted) tell('highlight', now || null);
    highlighted = now;
  });
}

/** Shows on the buttons of legends which lines are hidden. */
export function showHidden() {
  for (const button of findAll(document, '[data-line]'))
    button.setAttribute('aria-pressed', String(!hiddenLines.has(button.dataset.line ?? '')));
}
