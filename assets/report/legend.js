// @ts-check
// The page's legends, whose buttons hide lines in all charts, rows that highlight them, and tips at the pointer.

import { closest, find, findAll, hear, hiddenLines, tell } from './events.js';

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

/**
 * Shows lines of text, or of a colour, a name and a value, next to a place of the window.
 *
 * @param {{ x: number, y: number, width: number, height: number }} place
 * @param {(string | { label: string, colour: string, value: string })[]} lines
 */
export function showTip(place, lines) {
  const tip = find(document, '.tip');
  tip.replaceChildren(
    ...lines.map((line) => {
      const row = document.createElement('div');
      if (typeof line === 'string') row.textContent = line;
      else {
        row.className = line.colour;
        const [swatch, name, value] = ['i', 'span', 'b'].map((kind) => row.appendChild(document.createElement(kind)));
        swatch.className = 'swatch';
        name.textContent = line.label;
        value.textContent = line.value;
      }
      return row;
    }),
  );
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const right = place.x + place.width + 14;
  const left = right + width > innerWidth - 8 ? place.x - width - 14 : right;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, Math.min(innerHeight - height - 8, place.y + place.height / 2 - height / 2))}px`;
}

/** Hides it again. */
export function hideTip() {
  find(document, '.tip').hidden = true;
}
