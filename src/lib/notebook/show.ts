// Shows every kind of result: in a notebook as the output of the cell, in a script as a text or as a file whose path is
// printed. Each kind has a file of its own.

import { UsageError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { Display } from './mime-bundle.js';
import { type ShownComparison, showCompare } from './show-compare.js';
import { type ShownFrames, showFrames } from './show-frames.js';
import { type ShownGrid, showGrid } from './show-grid.js';
import { type ShowOptions, type ShowSettings, showSettings } from './show-options.js';
import { type ShownPlot, showPlot } from './show-plot.js';
import { type ShownRun, showRun } from './show-run.js';
import { type ShownTable, showTable } from './show-table.js';
import { type ShownVideo, showVideo } from './show-video.js';
import { fromHere, writeShown } from './shown-files.js';
import { notebookKernel } from './tslab-kernel.js';

/**
 * Something to show; the key is its kind.
 *
 * @inline
 */
export type Shown = ShownVideo | ShownComparison | ShownGrid | ShownFrames | ShownTable | ShownPlot | ShownRun;

/**
 * Shows a video, two under a wipe (`compare`), a grid of videos, frames, a table, a plot or a run: `await show({ video: 'out.mp4' })`. In a tslab notebook
 * it is the cell's output, in formats for JupyterLab, nbconvert and GitHub. In a script, tables are printed; others are
 * written to a file, and its path is printed.
 *
 * @throws UsageError when it does not exist or cannot be drawn
 */
export async function show(what: Shown, options: ShowOptions = {}): Promise<void> {
  const settings = showSettings(options);
  const display = await displayOf(what, settings);
  const kernel = notebookKernel();
  if (kernel) kernel.openSlot().draw(display.bundle);
  else await print(display, settings);
}

/** The output in every format. */
function displayOf(what: Shown, settings: ShowSettings): Promise<Display> {
  if ('video' in what) return showVideo(what, settings);
  if ('compare' in what) return showCompare(what, settings);
  if ('grid' in what) return showGrid(what, settings);
  if ('frames' in what) return showFrames(what, settings);
  if ('table' in what) return showTable(what, settings);
  if ('plot' in what) return showPlot(what, settings);
  if ('run' in what) return showRun(what, settings);
  const keys = Object.keys(what as object).join(', ') || 'nothing';
  throw new UsageError(`show: there is ${keys}; give one of video, compare, grid, frames, table, plot or run`);
}

async function print({ bundle, file }: Display, { folder, caption }: ShowSettings): Promise<void> {
  if (!file) return console.log(printable(String(bundle['text/plain'])));
  const path = 'path' in file ? fromHere(file.path) : await writeShown(folder, file.name, file.data);
  console.log(printable(caption === undefined ? path : `${path}\n${caption}`));
}
