// Progress that is updated in place: in the cell's output in a notebook, on standard error in a script.

import {
  createEstimator,
  createProgressReporter,
  formatSeconds,
  type Progress,
  type ProgressReporter,
} from '../base/progress.js';
import { html } from '../report/html.js';
import { bundleOf } from './mime-bundle.js';
import { type NotebookKernel, notebookKernel } from './tslab-kernel.js';

/**
 * Options of live progress.
 *
 * @inline
 */
export interface LiveProgressOptions {
  /** Milliseconds between updates; 250 by default in a notebook. */
  readonly interval?: number;
}

/**
 * A progress reporter: pass its `report` as `onProgress`, and call `close` at the end. In a notebook, one line is updated in
 * place, so that a saved notebook has only the last one; in a script, it is a line on standard error.
 */
export function liveProgress(options: LiveProgressOptions = {}): ProgressReporter {
  const kernel = notebookKernel();
  return kernel ? inNotebook(kernel, options.interval ?? 250) : createProgressReporter(options);
}

function inNotebook(kernel: NotebookKernel, interval: number): ProgressReporter {
  const slot = kernel.openSlot();
  const notes: string[] = [];
  let current: { label: string; total: number; estimate: (done: number) => number | undefined } | undefined;
  let newest: Progress | undefined;
  let drawnAt = -Infinity;
  const draw = (line: string, part: number | undefined): void => {
    drawnAt = performance.now();
    const bar =
      part !== undefined && html`<progress value="${part}" max="1" style="width: 16em; margin-right: 1em"></progress>`;
    const markup = html`<div>${notes.map((note) => html`<div>${note}</div>`)}<div>${bar}${line}</div></div>`;
    slot.draw(bundleOf([...notes, line].join('\n'), markup));
  };
  return {
    report(progress) {
      const { done, total, label, detail } = progress;
      const isNew = current?.label !== label || current.total !== total;
      if (isNew) current = { label, total, estimate: createEstimator(total) };
      const estimated = current?.estimate(done);
      newest = progress;
      if (!isNew && done < total && performance.now() - drawnAt < interval) return;
      const left = progress.secondsLeft ?? estimated;
      const time = left !== undefined && done < total ? `${formatSeconds(left)} left` : undefined;
      draw([`${label} ${done}/${total}`, time, detail].filter(Boolean).join(', '), total > 0 ? done / total : 1);
    },
    note(line) {
      notes.push(line);
      draw(newest ? `${newest.label} ${newest.done}/${newest.total}` : '', undefined);
    },
    close() {
      if (!newest && notes.length === 0) return;
      draw('done', undefined); // without times, which would differ in the saved notebook after each run
    },
  };
}
