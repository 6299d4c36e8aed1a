// @ts-check
// Pictures in full size: a click opens one, arrow keys move to its neighbours, Escape or a click closes it.

import { closest, find, findAll } from './events.js';

/** Starts the page's pictures, also those that come later. */
export function startPictures() {
  /** @type {HTMLDialogElement} */
  const box = find(document, '.lightbox');
  /** @type {HTMLElement[]} */
  let buttons = [];
  let current = 0;

  /** @param {number} index */
  const show = (index) => {
    current = (index + buttons.length) % buttons.length;
    /** @type {HTMLImageElement} */
    const small = find(buttons[current], 'img');
    /** @type {HTMLImageElement} */
    const large = find(box, 'img');
    large.src = small.src;
    large.alt = small.alt;
    find(box, 'p').textContent = captionOf(buttons[current]) || small.alt;
    // Small pictures are enlarged with visible pixels.
    large.classList.toggle('sharp', small.naturalWidth < 300);
  };

  document.addEventListener('click', ({ target }) => {
    const button = closest(target, 'button.zoom');
    if (!button) return;
    buttons = findAll(document, 'button.zoom');
    show(buttons.indexOf(button));
    box.showModal();
  });
  box.addEventListener('click', () => box.close());
  box.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft') show(current - 1);
    if (event.key === 'ArrowRight') show(current + 1);
  });
}

/** A picture's caption in one line, with separated list items. @param {HTMLElement} button */
function captionOf(button) {
  const caption = button.parentElement?.querySelector('figcaption');
  if (!caption) return '';
  const parts = [...caption.childNodes].flatMap((node) =>
    node instanceof HTMLDListElement
      ? findAll(node, 'div').map((each) => [...each.children].map((child) => child.textContent).join(' '))
      : [node.textContent?.trim()],
  );
  return parts.filter(Boolean).join(', ');
}
