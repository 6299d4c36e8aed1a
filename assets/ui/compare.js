// @ts-check
// Starts the page that compares runs. It is last, after the parts are defined.

import { find, findAll } from '../report/events.js';
import { startLegends } from '../report/legend.js';
import { startPictures } from '../report/pictures.js';
import { startPlayer } from '../report/player.js';
import { startTables } from '../report/table.js';
import { startCurves } from './curves.js';
import { startFollowing } from './follow.js';
import { startGridFile } from './grid-file.js';
import { startParallel } from './parallel.js';
import { readPageData } from './runs-data.js';
import { startScatter } from './scatter.js';

const pageData = readPageData();
const charts = { scatter: startScatter, parallel: startParallel, curves: startCurves };

if (document.querySelector('.player')) startPlayer(find(document, '.player'));
startLegends();
startTables();
startPictures();
const updates = findAll(document, '[data-chart]').map((place) =>
  charts[/** @type {keyof typeof charts} */ (place.dataset.chart)](place, pageData),
);
startGridFile();
for (const box of findAll(document, '.only-differing input')) {
  box.addEventListener('change', () =>
    find(document, '.run-settings').classList.toggle(
      'only',
      /** @type {HTMLInputElement} */ (/** @type {unknown} */ (box)).checked,
    ),
  );
}
startFollowing(pageData, (newer) => {
  for (const update of updates) update(newer);
});
