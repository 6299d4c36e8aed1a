// @ts-check
// Pictures in full size: a click opens one, the arrows go on to its neighbours, Escape or a click closes it.

import { find, findAll } from './events.js';

/** Sets the page's pictures going. */
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
    // Small pictures are shown larger than they are, with their pixels to be seen.
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

/** A picture's caption in one line, the parts of a list apart. @param {HTMLElement} button */
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
