// @ts-check
// Starts the page that compares runs. It is last, after the parts are defined.

import { find, findAll } from '../report/events.js';
import { showHidden, startLegends } from '../report/legend.js';
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

/** @type {((newer: typeof pageData) => void)[]} */
const updates = [];

/** Starts the players and charts of a part of the page. @param {ParentNode} part @param {typeof pageData} data */
function start(part, data) {
  for (const player of findAll(part, '.player')) {
    startPlayer(player);
    startGridFile();
  }
  for (const place of findAll(part, '[data-chart]'))
    updates.push(charts[/** @type {keyof typeof charts} */ (place.dataset.chart)](place, data));
}

// First, since it remembers the parts as they came.
startFollowing(pageData, (newer, came) => {
  for (const update of updates) update(newer);
  for (const part of came) start(part, newer);
  showHidden();
});
startLegends();
startTables();
startPictures();
start(document, pageData);
document.addEventListener('change', ({ target }) => {
  if (target instanceof HTMLInputElement && target.closest('.only-differing'))
    find(document, '.run-settings').classList.toggle('only', target.checked);
});
