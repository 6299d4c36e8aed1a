// @ts-check
// Follows running runs: requests their numbers again when the server reports a change.

import { findAll } from '../report/events.js';

/** @typedef {import('./runs-data.js').PageData} PageData */

/**
 * @param {PageData} first
 * @param {(newer: PageData) => void} onChange
 */
export function startFollowing(first, onChange) {
  if (!first.served || first.runs.length === 0) return;
  let data = first;
  const question = location.search;
  const events = new EventSource('/api/live');
  events.addEventListener('changed', async () => {
    try {
      const response = await fetch(`/api/compare${question}`);
      if (!response.ok) return;
      const newer = await response.json();
      const before = JSON.stringify(data.runs);
      if (JSON.stringify(newer.runs) === before) return;
      // An ended run has new files, which belong to the page.
      const ended = data.runs.filter(
        ({ place, status }) =>
          status === 'running' &&
          newer.runs.some((/** @type {any} */ run) => run.place === place && run.status !== 'running'),
      );
      data = { ...newer, served: true };
      for (const { place, status } of data.runs) {
        for (const badge of findAll(document, `[data-status-of="${CSS.escape(place)}"]`)) {
          badge.textContent = status;
          if (badge.classList.contains('badge')) badge.className = `badge ${status}`;
        }
      }
      if (ended.length > 0) offerReload(ended.map(({ label }) => label));
      onChange(data);
    } catch {
      // The server is not available; the event source tries again.
    }
  });
  addEventListener('pagehide', () => events.close());
}

/** @param {string[]} names */
function offerReload(names) {
  document.querySelector('.reload')?.remove();
  const note = document.createElement('p');
  note.className = 'notice reload';
  note.setAttribute('role', 'status');
  const button = document.createElement('button');
  button.className = 'button';
  button.textContent = 'Load what is new';
  button.addEventListener('click', () => location.reload());
  note.append(`${names.join(', ')} ended. `, button);
  document.querySelector('header.overview')?.append(note);
}
