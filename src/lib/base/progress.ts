// Progress of long work: the reports, the estimate of the remaining time, and a reporter that prints both.

import { type Environment, variable } from './environment.js';
import { printable, printableLine } from './printable.js';

/** One report of progress. */
export interface Progress {
  /** Units finished, out of `total`. */
  readonly done: number;
  readonly total: number;
  /** The current activity in a word or two: `frames`, `strength 0.45`. */
  readonly label: string;
  /** The main phase of a job, whose `done` and `total` measure the whole job; absent in its short phases. */
  readonly phase?: 'denoising' | 'training';
  /** Seconds until `done` reaches `total`, if the work knows; otherwise a reporter estimates it. */
  readonly secondsLeft?: number;
  /** Further text after the numbers: `loss 0.123`. */
  readonly detail?: string;
  /** The stage that it belongs to, where labels change within one. */
  readonly stage?: string;
  /** The last frame or preview, as the `data:` URI of a small JPEG; with some reports only. */
  readonly picture?: string;
}

/** The progress callback of long-running functions. */
export type OnProgress = (progress: Progress) => void;

/**
 * An estimator of the remaining seconds: call it with the number of finished units whenever that changes. It uses the pace
 * of the last 20 reports, so that a slow start or the finished units of a resumed run do not distort it for long.
 *
 * @param total units in all
 * @param now the clock, in milliseconds
 * @returns remaining seconds, or undefined while the pace is unknown
 */
export function createEstimator(
  total: number,
  now: () => number = () => performance.now(),
): (done: number) => number | undefined {
  const recent: { done: number; time: number }[] = [];
  return (done) => {
    const last = recent.at(-1);
    if (last === undefined || done > last.done) recent.push({ done, time: now() });
    if (recent.length > 20) recent.shift();
    if (done >= total) return 0;
    const first = recent[0];
    const newest = recent[recent.length - 1];
    if (newest.done === first.done) return undefined;
    const secondsPerUnit = (newest.time - first.time) / 1000 / (newest.done - first.done);
    return Math.max(0, secondsPerUnit * (total - newest.done) - (now() - newest.time) / 1000);
  };
}

/** Seconds for people to read: `8 s`, `1:05`, `2:03:09`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Options of a reporter. */
export interface ProgressReporterOptions {
  /** Prints nothing at all. */
  readonly silent?: boolean;
  /** Standard error by default. */
  readonly stream?: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Milliseconds between two prints: 100 on a terminal, 5000 elsewhere. The first and the last report always print. */
  readonly interval?: number;
  /** The environment, for NO_COLOR and TERM. */
  readonly env?: Environment;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/**
 * Prints progress.
 *
 * @inline
 */
export interface ProgressReporter {
  /** The callback for long-running functions; needs no `this`. */
  readonly report: OnProgress;
  /** Prints a separate line above the progress line: a warning, a finished file. */
  readonly note: (line: string) => void;
  /** Ends the progress line; call it when the work has ended, also after an error. */
  readonly close: () => void;
}

/**
 * A reporter of progress on standard error: one line that is rewritten in place on a terminal, occasional plain lines in a
 * file or a `dumb` terminal. Colour only on a terminal, and never with NO_COLOR set.
 */
export function createProgressReporter(options: ProgressReporterOptions = {}): ProgressReporter {
  const { silent = false, stream = process.stderr, env, now = () => performance.now() } = options;
  const rewrites = stream.isTTY === true && variable('TERM', env) !== 'dumb';
  const colour = rewrites && !variable('NO_COLOR', env);
  const interval = options.interval ?? (rewrites ? 100 : 5000);
  let current:
    | { label: string; total: number; done: number; estimate: (done: number) => number | undefined }
    | undefined;
  let printedAt = -Infinity;
  let open = false;

  const endLine = () => {
    if (open) stream.write('\n');
    open = false;
  };
  const write = (progress: Progress, secondsLeft: number | undefined) => {
    const text = progressLine(progress, secondsLeft, rewrites);
    if (!rewrites) {
      stream.write(`${text}\n`);
      return;
    }
    // A line of the terminal's full width would wrap, and the next one could not overwrite it.
    const fitting = text.slice(0, Math.max(1, (stream.columns ?? 80) - 1));
    const painted = colour ? fitting.replace(/[█░]+/, (bar) => `\x1b[36m${bar}\x1b[39m`) : fitting;
    stream.write(`\r\x1b[2K${painted}`);
    open = true;
  };

  return {
    report(progress) {
      if (silent) return;
      const { done, total, label } = progress;
      const last = current;
      const isNew = last === undefined || last.label !== label || last.total !== total || done < last.done;
      if (isNew) endLine();
      else if (last.done >= total) return;
      current = isNew ? { label, total, done, estimate: createEstimator(total, now) } : { ...last, done };
      const estimated = current.estimate(done);
      const secondsLeft = progress.secondsLeft ?? estimated;
      if (!isNew && done < total && now() - printedAt < interval) return;
      printedAt = now();
      write(progress, secondsLeft);
      if (done >= total) endLine();
    },
    note(line) {
      if (silent) return;
      if (open) stream.write('\r\x1b[2K');
      open = false;
      stream.write(`${printable(line)}\n`);
      printedAt = -Infinity;
    },
    close: () => endLine(),
  };
}

function progressLine(progress: Progress, secondsLeft: number | undefined, bar: boolean): string {
  const { done, total, label, detail } = progress;
  const part = total > 0 ? Math.min(1, done / total) : 1;
  const width = 24;
  const filled = Math.floor(part * width);
  const pieces = [label, `${done}/${total}`, `${Math.floor(part * 100)} %`];
  if (bar) pieces.splice(1, 0, '█'.repeat(filled) + '░'.repeat(width - filled));
  if (secondsLeft !== undefined && done < total) pieces.push(`${formatSeconds(secondsLeft)} left`);
  if (detail) pieces.push(detail);
  return printableLine(pieces.join('  '));
}
