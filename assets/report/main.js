// @ts-check
// Starts the existing parts of a page. It is last, after the parts are defined.

import { startFigures } from './charts.js';
import { find, findAll } from './events.js';
import { startLegends } from './legend.js';
import { startPictures } from './pictures.js';
import { startPlayer } from './player.js';
import { startTables } from './table.js';

/** Marks the current section in the table of contents. */
export function startContents() {
  const sections = findAll(document, 'main > section');
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        for (const link of findAll(document, '.contents a')) {
          if (link.getAttribute('href') === `#${target.id}`) link.setAttribute('aria-current', 'true');
          else link.removeAttribute('aria-current');
        }
      }
    },
    { rootMargin: '-20% 0px -70% 0px' },
  );
  for (const section of sections) seen.observe(section);
}

startLegends();
startTables();
startPictures();
startContents();
const root = document.querySelector('.player');
if (root) startPlayer(find(document, '.player'));
startFigures();
