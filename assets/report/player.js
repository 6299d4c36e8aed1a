// @ts-check
// The player's buttons, keys and views. video-sync.js synchronizes the videos.

import { find, findAll, hear, tell } from './events.js';
import { createVideoSync } from './video-sync.js';

/**
 * A cell of the stage.
 *
 * @typedef {{ name: string, figure: HTMLElement, video: HTMLVideoElement, enlarge: HTMLButtonElement }} Cell
 * @typedef {'grid' | 'single' | 'wipe' | 'difference'} Mode
 */

/**
 * Starts a player.
 *
 * @param {HTMLElement} root
 */
export function startPlayer(root) {
  const frames = Number(root.dataset.frames);
  const frameRate = Number(root.dataset.frameRate);
  const stage = find(root, '.stage');
  /** @type {HTMLInputElement} */
  const seekBar = find(root, '.seek');
  /** @type {HTMLInputElement} */
  const wipe = find(root, '.wipe');
  const wipeLine = find(root, '.wipe-line');
  const pair = find(root, '.pair');
  /** @type {HTMLSelectElement[]} */
  const pairSelects = findAll(pair, 'select');
  const time = find(root, '.time');
  const playButton = find(root, '[data-do=play]');
  const loopButton = find(root, '[data-do=loop]');
  /** @type {HTMLInputElement[]} */
  const boxes = findAll(root, '.arm-list input');
  const cells = findAll(stage, '.cell').map(cellOf);
  const byName = new Map(cells.map((cell) => [cell.name, cell]));
  /** @type {Mode} */
  let mode = 'grid';
  /** @type {Cell | undefined} */
  let enlarged;

  const sync = createVideoSync({ frameRate, frames, onChange: showFrame });

  function showFrame() {
    const { frame, playing } = sync;
    seekBar.value = String(frame);
    seekBar.setAttribute('aria-valuetext', `frame ${frame} of ${frames - 1}`);
    find(time, 'b').textContent = String(frame);
    find(time, 'span').textContent = ` · ${(frame / frameRate).toFixed(2)} s`;
    playButton.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    root.dataset.playing = String(playing);
    tell('frame', frame);
  }

  /** The visible cells, in order. */
  function shownCells() {
    if (mode === 'single' && enlarged) return [enlarged];
    if (mode === 'wipe' || mode === 'difference')
      return pairSelects.flatMap((select) => byName.get(select.value) ?? []);
    return boxes.filter((box) => box.checked).flatMap((box) => byName.get(box.value) ?? []);
  }

  function layOut() {
    const shown = [...new Set(shownCells())];
    const overlaid = mode === 'wipe' || mode === 'difference';
    const count = overlaid ? 1 : shown.length;
    const columns = count <= 1 ? 1 : count <= 4 ? 2 : count <= 9 ? 3 : 4;
    stage.dataset.mode = mode;
    stage.style.setProperty('--columns', String(columns));
    stage.style.setProperty('--rows', String(Math.max(1, Math.ceil(count / columns))));
    for (const { figure, enlarge } of cells) {
      const place = shown.findIndex((cell) => cell.figure === figure);
      figure.hidden = place < 0;
      figure.dataset.place = overlaid ? ['left', 'right'][place] : '';
      figure.style.order = String(place);
      enlarge.hidden = overlaid;
      enlarge.setAttribute('aria-pressed', String(mode === 'single'));
    }
    stage.classList.toggle('nothing', shown.length === 0);
    wipe.hidden = wipeLine.hidden = mode !== 'wipe';
    pair.hidden = !overlaid;
    for (const button of findAll(root, '[data-mode]')) {
      if (button === stage) continue;
      button.setAttribute('aria-pressed', String(button.dataset.mode === (mode === 'single' ? 'grid' : mode)));
    }
    const videos = shown.map((cell) => cell.video);
    for (const video of videos) load(video);
    sync.show(videos.filter((video) => !video.error));
  }

  /** @param {Mode} wanted @param {Cell} [cell] */
  function setMode(wanted, cell) {
    if ((wanted === 'wipe' || wanted === 'difference') && cells.length < 2) return;
    mode = wanted;
    enlarged = cell;
    layOut();
  }

  /** @type {Record<string, () => void>} */
  const actions = {
    play: () => void (sync.playing ? sync.pause() : sync.play()),
    first: () => step(-frames),
    last: () => step(frames),
    back: () => step(-1),
    forward: () => step(1),
    loop: () => {
      const loop = loopButton.getAttribute('aria-pressed') !== 'true';
      loopButton.setAttribute('aria-pressed', String(loop));
      sync.setLoop(loop);
    },
    grid: () => setMode('grid'),
    wipe: () => setMode('wipe'),
    difference: () => setMode('difference'),
  };

  /** @param {number} by */
  function step(by) {
    sync.pause();
    sync.seek(sync.frame + by);
  }

  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const keys = {
    ' ': actions.play,
    k: actions.play,
    ArrowLeft: (event) => step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => step(event.shiftKey ? 10 : 1),
    Home: actions.first,
    End: actions.last,
    l: actions.loop,
    g: actions.grid,
    w: actions.wipe,
    d: actions.difference,
    Escape: actions.grid,
  };

  root.addEventListener('click', (event) => {
    const button = /** @type {Element} */ (event.target).closest('button');
    if (!button) return;
    if (button.dataset.do) actions[button.dataset.do]();
    if (button.dataset.mode) actions[button.dataset.mode]();
    const cell = cells.find(({ enlarge }) => enlarge === button);
    if (cell) setMode(mode === 'single' ? 'grid' : 'single', cell);
  });

  // Keys control the player unless another element needs them, as in other video players.
  document.addEventListener('keydown', (event) => {
    if (!root.isConnected || document.querySelector('dialog[open]')) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest('select, textarea, input:not(.seek):not([type=checkbox])')) return;
    if (event.key === ' ' && target.closest('button, a, summary, input[type=checkbox]') && !target.closest('.enlarge'))
      return;
    const moves = event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End';
    // In other places, arrows, Home and End scroll.
    if (moves && target.closest('.table-scroll, .contents')) return;
    if ((event.key === 'Home' || event.key === 'End') && !root.contains(target)) return;
    const number = /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
    const key = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (number > 0) {
      const chosen = boxes.filter((box) => box.checked)[number - 1];
      const cell = chosen && byName.get(chosen.value);
      if (cell) setMode(mode === 'single' && enlarged === cell ? 'grid' : 'single', cell);
    } else if (key) key(event);
    else return;
    event.preventDefault();
    noteTouch();
  });
  // Pages that go on leave a player alone that somebody uses.
  const noteTouch = () => root.toggleAttribute('data-touched', true);
  for (const event of ['pointerdown', 'input']) root.addEventListener(event, noteTouch);

  seekBar.addEventListener('input', () => {
    const wanted = Number(seekBar.value); // before the pause moves the bar to the videos' frame
    sync.pause();
    sync.seek(wanted);
  });
  wipe.addEventListener('input', () => stage.style.setProperty('--wipe', `${wipe.value}%`));
  for (const box of boxes) box.addEventListener('change', () => setMode('grid'));
  for (const [i, select] of pairSelects.entries()) {
    let before = select.value;
    select.addEventListener('change', () => {
      const other = pairSelects[1 - i];
      if (other.value === select.value) other.value = before; // swaps the two
      for (const each of pairSelects) each.dispatchEvent(new Event('noted'));
      layOut();
    });
    select.addEventListener('noted', () => {
      before = select.value;
    });
  }
  find(root, '.speed select').addEventListener('change', (event) =>
    sync.setSpeed(Number(/** @type {HTMLSelectElement} */ (event.target).value)),
  );
  find(root, '.pixels input').addEventListener('change', (event) =>
    stage.classList.toggle('sharp', /** @type {HTMLInputElement} */ (event.target).checked),
  );
  hear('seek', (frame) => {
    if (!root.isConnected) return; // another one has taken its place
    noteTouch();
    sync.pause();
    sync.seek(frame);
  });

  for (const { figure, video } of cells) {
    video.addEventListener('error', () => {
      figure.classList.add('broken');
      find(figure, '.picture').dataset.problem = 'This browser cannot play the video.';
      layOut(); // the others need not wait for it
    });
  }
  setMode(root.dataset.start === 'wipe' && cells.length > 1 ? 'wipe' : 'grid');
  showFrame();
}

/** @param {HTMLElement} figure @returns {Cell} */
function cellOf(figure) {
  /** @type {HTMLVideoElement} */
  const video = find(figure, 'video');
  return { name: figure.dataset.name ?? '', figure, video, enlarge: find(figure, '.enlarge') };
}

/** Gives a video its file. An embedded one becomes a blob, in which every browser can seek. @param {HTMLVideoElement} video */
function load(video) {
  const source = video.dataset.src;
  if (source === undefined) return;
  delete video.dataset.src;
  const embedded = /^data:([\w/+.-]+);base64,(.*)$/s.exec(source);
  if (!embedded) {
    video.src = source;
    return;
  }
  const bytes = Uint8Array.from(atob(embedded[2]), (letter) => letter.charCodeAt(0));
  video.src = URL.createObjectURL(new Blob([bytes], { type: embedded[1] }));
}
