// @ts-check
// Videos of runs at the pointer, and a frame of each in its row: the first video of the run's result.

import { make } from './draw.js';

/** Frames that are loaded at a time: rows must not wait for them. */
const AT_ONCE = 3;
/** The most frames that are kept. */
const MOST_KEPT = 80;

/** The frame of each run; null for a run without videos. @type {Map<string, HTMLVideoElement | null>} */
const frames = new Map();
/** @type {HTMLVideoElement[]} */
const waiting = [];
let busy = 0;

/** @param {string} place */
function videoOf(place) {
  const video = make('video', {
    ...{ loop: true, playsinline: true, preload: 'auto', tabindex: -1, 'aria-hidden': 'true' },
    'data-src': `/api/video?run=${encodeURIComponent(place)}`,
  });
  video.muted = true;
  return video;
}

function loadNext() {
  while (busy < AT_ONCE && waiting.length > 0) {
    const video = /** @type {HTMLVideoElement} */ (waiting.shift());
    busy++;
    video.src = video.dataset.src ?? '';
  }
}

/** The frame of a run for its row, hidden until it is there. @param {string} place */
export function frameOf(place) {
  const known = frames.get(place);
  if (known !== undefined) return known;
  const video = videoOf(place);
  Object.assign(video, { className: 'thumb', hidden: true });
  const done = () => {
    busy--;
    loadNext();
  };
  video.addEventListener('loadeddata', () => {
    video.hidden = false;
    done();
  });
  video.addEventListener('error', () => {
    frames.set(place, null);
    video.remove();
    done();
  });
  video.addEventListener('pointerenter', () => {
    const { right, top } = video.getBoundingClientRect();
    showPreview(place, { x: right, y: top });
  });
  video.addEventListener('pointerleave', hidePreview);
  if (frames.size >= MOST_KEPT) frames.delete(frames.keys().next().value ?? '');
  frames.set(place, video);
  waiting.push(video);
  loadNext();
  return video;
}

/** @type {HTMLVideoElement | undefined} */
let shown;

/** Plays a run's video next to a point of the window. @param {string} place @param {{ x: number, y: number }} at */
export function showPreview(place, { x, y }) {
  hidePreview();
  shown = videoOf(place);
  shown.className = 'preview';
  shown.hidden = true;
  shown.addEventListener('loadeddata', (event) => {
    const video = /** @type {HTMLVideoElement} */ (event.target);
    video.hidden = false;
    const { width, height } = video.getBoundingClientRect();
    video.style.left = `${Math.min(innerWidth - width - 8, x + 16)}px`;
    video.style.top = `${Math.max(8, Math.min(innerHeight - height - 8, y - height / 2))}px`;
    void video.play().catch(() => {});
  });
  shown.src = shown.dataset.src ?? '';
  document.body.append(shown);
}

export function hidePreview() {
  shown?.remove();
  shown = undefined;
}
