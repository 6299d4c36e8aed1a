// @ts-check
// Interaction of plots: values at the pointer, lines that are hidden or highlighted by their legend, the player's frame as a
// line, and seeking by a click.

import { find, findAll, hear, tell } from './events.js';

/**
 * The data of a line plot; `frames` only if it follows the player.
 *
 * @typedef {{
 *   x: number[], from: number, to: number, xLabel: string, frames?: number,
 *   lines: { name: string, label: string, colour: string, values: (number | null)[] }[],
 * }} PlotData
 */

/** Names of the arms whose lines are hidden. @type {Set<string>} */
const hiddenLines = new Set();

/** Starts all plots, legends and points of the page. */
export function startPlots() {
  for (const plot of findAll(document, '.line-plot')) startLinePlot(plot);
  for (const dot of findAll(document, '.dot')) {
    const show = () => showTip(dot.getBoundingClientRect(), [dot.dataset.tip ?? '']);
    dot.addEventListener('pointerenter', show);
    dot.addEventListener('focus', show);
    dot.addEventListener('pointerleave', hideTip);
    dot.addEventListener('blur', hideTip);
  }
  for (const button of findAll(document, '[data-line]')) startLegend(button);
  for (const row of findAll(document, 'table.metrics tbody tr')) {
    row.addEventListener('pointerenter', () => tell('highlight', row.dataset.name ?? null));
    row.addEventListener('pointerleave', () => tell('highlight', null));
  }
  hear('highlight', (name) => {
    for (const mark of findAll(document, '.line[data-name], .dot[data-name]')) {
      mark.classList.toggle('subdued', name !== null && mark.dataset.name !== name);
    }
  });
}

/** @param {HTMLElement} button */
function startLegend(button) {
  const name = button.dataset.line ?? '';
  button.addEventListener('click', () => {
    const hidden = !hiddenLines.has(name);
    if (hidden) hiddenLines.add(name);
    else hiddenLines.delete(name);
    tell('hide', { name, hidden });
  });
  button.addEventListener('pointerenter', () => tell('highlight', name));
  button.addEventListener('pointerleave', () => tell('highlight', null));
  hear('hide', (change) => {
    if (change.name === name) button.setAttribute('aria-pressed', String(!change.hidden));
  });
}

/** @param {HTMLElement} plot */
function startLinePlot(plot) {
  /** @type {PlotData} */
  const data = JSON.parse(find(plot, '.plot-data').textContent ?? '');
  const area = find(plot, '.plot-area');
  const playhead = area.appendChild(document.createElement('i'));
  playhead.className = 'playhead';
  playhead.hidden = data.frames === undefined;
  const pointer = area.appendChild(document.createElement('i'));
  pointer.className = 'pointer';
  pointer.hidden = true;
  const span = data.to - data.from || 1;
  const leftOf = (/** @type {number} */ x) => `${(100 * (x - data.from)) / span}%`;

  /** The index of the value nearest to the pointer. @param {PointerEvent} event */
  const indexAt = (event) => {
    const { left, width } = area.getBoundingClientRect();
    const x = data.from + ((event.clientX - left) / width) * span;
    let best = 0;
    for (let i = 1; i < data.x.length; i++) if (Math.abs(data.x[i] - x) < Math.abs(data.x[best] - x)) best = i;
    return best;
  };

  area.addEventListener('pointermove', (event) => {
    const index = indexAt(event);
    pointer.hidden = false;
    pointer.style.left = leftOf(data.x[index]);
    showTip({ x: event.clientX, y: event.clientY, width: 0, height: 0 }, [
      placeInWords(data, index),
      ...valuesAt(data, index),
    ]);
    if (event.buttons & 1) seek(index);
  });
  area.addEventListener('pointerleave', () => {
    pointer.hidden = true;
    hideTip();
  });
  area.addEventListener('pointerdown', (event) => seek(indexAt(event)));

  const seek = (/** @type {number} */ index) => {
    if (data.frames !== undefined) tell('seek', index);
  };
  if (data.frames !== undefined) {
    area.classList.add('seeks');
    hear('frame', (frame) => {
      playhead.style.left = leftOf(Math.min(data.to, Math.max(data.from, frame)));
    });
  }
  hear('hide', ({ name, hidden }) => {
    for (const line of findAll(area, '.line')) if (line.dataset.name === name) line.classList.toggle('hidden', hidden);
  });
}

/** @param {PlotData} data @param {number} index */
function placeInWords({ x, xLabel, frames }, index) {
  if (frames === undefined) return `${xLabel} ${x[index]}`;
  return frames > 1 ? `frames ${index} to ${index + frames - 1}` : `frame ${index}`;
}

/** The lines' values at an index, the largest first. @param {PlotData} data @param {number} index */
function valuesAt({ lines }, index) {
  return lines
    .filter(({ name, values }) => !hiddenLines.has(name) && typeof values[index] === 'number')
    .sort((a, b) => Number(b.values[index]) - Number(a.values[index]))
    .map(({ label, colour, values }) => ({
      label,
      colour,
      value: String(Number(Number(values[index]).toPrecision(4))),
    }));
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
