// @ts-check
// Pictures in full size: a click opens one, arrow keys move to its neighbours, Escape or a click closes it.

import { find, findAll } from './events.js';

/** Starts the page's pictures. */
export function startPictures() {
  /** @type {HTMLDialogElement} */
  const box = find(document, '.lightbox');
  const buttons = findAll(document, 'button.zoom');
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

  for (const [index, button] of buttons.entries()) {
    button.addEventListener('click', () => {
      show(index);
      box.showModal();
    });
  }
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
