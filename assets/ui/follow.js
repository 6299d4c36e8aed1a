// @ts-check
// Follows what goes on: when the server reports a change, the page is requested again, its new parts take the place of the
// old ones, and the charts get its data. What the reader uses stays: charts, videos, and the part that has the focus.

import { find, findAll } from '../report/events.js';
import { clockText } from './axis.js';
import { button, make } from './draw.js';

/** @typedef {import('./runs-data.js').PageData} PageData */

/** The least pause between two requests, as a multiple of the time that the last one took. */
const REST = 4;

/** The parts of a page that can be replaced, by their names. @param {Document} from */
const partsOf = (from) =>
  new Map([
    ['contents', find(from, 'nav.contents')],
    ['header', find(from, 'header.overview')],
    ...findAll(from, 'main > section').map((part) => /** @type {const} */ ([part.id, part])),
  ]);

/**
 * @param {PageData} first
 * @param {(newer: PageData, came: Element[]) => void} onChange called with the data, and the parts that came
 */
export function startFollowing(first, onChange) {
  if (!first.served) return;
  startClocks();
  let data = first;
  /** The markup of each part as it came, without what was done to it since. */
  const known = new Map([...partsOf(document)].map(([name, part]) => [name, part.outerHTML]));
  let asking = false;
  let again = false;

  async function ask() {
    again = asking;
    if (asking) return;
    asking = true;
    const start = performance.now();
    try {
      const response = await fetch(location.href);
      if (response.ok) take(new DOMParser().parseFromString(await response.text(), 'text/html'));
    } catch {
      // The server is not available; the event source tries again.
    }
    setTimeout(
      () => {
        asking = false;
        if (again) void ask();
      },
      REST * (performance.now() - start),
    );
  }

  /** @param {Document} newer */
  function take(newer) {
    const [before, now] = [partsOf(document), partsOf(newer)];
    const came = [];
    for (const [name, part] of before) if (!now.has(name) && !part.contains(document.activeElement)) part.remove();
    let last = find(document, 'header.overview');
    for (const [name, part] of now) {
      const old = before.get(name);
      const markup = part.outerHTML;
      const player = old?.querySelector('.player');
      const isUsed = old?.querySelector('[data-chart], [data-touched]') || old?.contains(document.activeElement);
      if (!old) last.after(part);
      else if (known.get(name) !== markup && isUsed) player && offerReload();
      else if (known.get(name) !== markup) {
        // The curves beside the videos go on.
        part.querySelector('.frame-curves')?.replaceWith(...old.querySelectorAll('.frame-curves'));
        old.replaceWith(part);
      }
      if (part.ownerDocument === document) {
        known.set(name, markup);
        came.push(part);
      }
      if (name !== 'contents') last = part.ownerDocument === document ? part : (old ?? last);
    }
    document.title = newer.title;
    const text = newer.getElementById('page-data')?.textContent ?? '{}';
    const held = document.getElementById('page-data');
    if (held) held.textContent = text;
    data = JSON.parse(text);
    onChange(data, came);
  }

  // A page whose changes nobody tells asks for itself.
  if (first.every) setInterval(() => data.every && void ask(), 1000 * first.every);
  if (first.every) return;
  const events = new EventSource('/api/live');
  events.addEventListener('changed', () => void ask());
  // What changed between the page and this connection has been told to others only.
  events.addEventListener('open', () => void (data.isRunning && ask()));
  addEventListener('pagehide', () => events.close());
}

/** Videos that somebody watches stay; what came since is loaded on request. */
function offerReload() {
  if (document.querySelector('.reload')) return;
  const load = button({}, 'Load new videos', () => location.reload());
  const note = make('p', { class: 'notice reload', role: 'status' }, 'There are new videos. ', load);
  find(document, 'header.overview').after(note);
}

/** Lets the times of what runs go on between two requests. */
function startClocks() {
  setInterval(() => {
    for (const clock of findAll(document, '[data-since], [data-until]')) {
      const { since, until } = clock.dataset;
      clock.textContent = clockText((since ? Date.now() - Number(since) : Number(until) - Date.now()) / 1000);
    }
  }, 1000);
}
