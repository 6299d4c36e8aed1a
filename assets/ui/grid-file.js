// @ts-check
// Requests a file of the player's grid from the server.

import { find, findAll } from '../report/events.js';
import { make } from './draw.js';

/** Starts the button, if there is one. */
export function startGridFile() {
  const tools = document.querySelector('.grid-file');
  if (!tools) return;
  /** @type {HTMLButtonElement} */
  const button = find(tools, 'button');
  /** @type {HTMLInputElement} */
  const withLabels = find(tools, 'input');
  const state = find(tools, '.grid-state');
  button.addEventListener('click', async () => {
    const cells = findAll(document, '.stage .cell:not([hidden], :has(video.part))').sort(
      (a, b) => Number(a.style.order) - Number(b.style.order),
    );
    const videos = cells.map((cell) => {
      const video = find(cell, 'video');
      return new URL(video.dataset.src ?? video.getAttribute('src') ?? '', location.href).pathname;
    });
    const labels = cells.map((cell) => find(cell, 'figcaption b').textContent ?? '');
    if (videos.length === 0) {
      state.textContent = 'No video is shown.';
      return;
    }
    button.disabled = true;
    state.textContent = `Rendering ${videos.length} videos…`;
    try {
      const response = await fetch('/api/grid', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ videos, ...(withLabels.checked && { labels }) }),
      });
      if (!response.ok) throw new Error((await response.json()).problem);
      const link = make('a', { href: URL.createObjectURL(await response.blob()), download: 'grid.mp4' });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      state.textContent = 'Saved as grid.mp4.';
    } catch (error) {
      state.textContent = `It could not be rendered: ${error instanceof Error ? error.message : error}`;
    } finally {
      button.disabled = false;
    }
  });
}
